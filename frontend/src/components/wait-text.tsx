import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { Hourglass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { listWaits, type WaitRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { remaining } from "@/core/format";

const LOOK_MS = 2000;

interface WaitTextProps {
  task: string;
  /** What of the task is waited for. */
  of: Pick<WaitRead, "what"> & Partial<Pick<WaitRead, "language" | "segment_id" | "export_id">>;
}

/** Why something that was asked for is not there yet, and how long that may take. Shown only where it is waited for. */
export function WaitText({ task, of }: WaitTextProps) {
  const { t, i18n } = useTranslation();
  const { data: waits = [] } = useQuery({
    queryKey: keys.waits(task),
    queryFn: ({ signal }) => data(listWaits({ path: { task_id: task }, signal })),
    refetchInterval: LOOK_MS,
  });
  const wait = waits.find((one) => Object.entries(of).every(([name, value]) => one[name as "language"] === value));
  if (!wait) return null;
  const { state, ahead, seconds } = wait;
  const stage = t(`stage.${wait.stage}`);
  const time = seconds ? remaining(seconds, i18n.language) : "";
  return (
    <p data-wait={state} className="text-soft flex items-start gap-1.5 text-xs">
      {state !== "at_work" && <Hourglass aria-hidden size={13} className="mt-0.5 shrink-0" />}
      <span>
        {state === "queued" && ahead > 0
          ? t(time ? "waits.queued_for" : "waits.queued", { count: ahead, time })
          : t(time && state === "at_work" ? "waits.at_work_for" : `waits.${ahead > 0 || state !== "queued" ? state : "next"}`, { stage, time })}
      </span>
    </p>
  );
}
