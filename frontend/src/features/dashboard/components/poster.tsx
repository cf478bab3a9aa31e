import { Film } from "lucide-react";
import { memo, useState } from "react";
import type { TaskRead } from "@/api/generated";
import { clock } from "@/core/format";
import { cn } from "@/components/ui/cn";

/** The picture of a video; there is one as soon as the video was looked into. */
export const Poster = memo(
  Picture,
  ({ task: old }, { task }) => old.media === task.media && old.language_status["base"] === task.language_status["base"],
);

function Picture({ task, className }: { task: TaskRead; className?: string }) {
  const [missing, setMissing] = useState(false);
  const known = task.media !== null && task.language_status["base"]?.status === "completed" && !missing;
  const seconds = task.media?.duration_s;
  return (
    <div className={cn("bg-sunken relative overflow-hidden", className)}>
      {known ? (
        <img
          src={`/api/tasks/${task.task_id}/artifacts/base/poster.jpg`}
          alt=""
          loading="lazy"
          decoding="async"
          className="bg-video size-full object-contain"
          onError={() => setMissing(true)}
        />
      ) : (
        <div className="text-edge grid size-full place-items-center">
          <Film aria-hidden size={26} strokeWidth={1.5} />
        </div>
      )}
      {seconds !== undefined && (
        <span className="absolute right-1.5 bottom-1.5 rounded bg-black/75 px-1.5 py-0.5 text-xs font-medium text-white tabular-nums">
          {clock(seconds)}
        </span>
      )}
    </div>
  );
}
