import { useQuery } from "@tanstack/react-query";
import { AudioLines, ZoomIn, ZoomOut } from "lucide-react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { toProblem } from "@/api/problems";
import { IconButton } from "@/components/ui/icon-button";
import { Failure } from "@/components/ui/states";
import { useEditor } from "../state/context";
import { show, useView } from "../state/view";
import { Waveform } from "./waveform";

interface PeaksDocument {
  duration_s: number;
  peaks: number[];
}

const MIN_ZOOM = 5;
const MAX_ZOOM = 400;

/** The sound of the original with the lines over it. */
export function Timeline() {
  const { t } = useTranslation();
  const { task } = useEditor();
  const zoom = useView((state) => state.zoom);
  const ready = task.language_status["base"]?.status === "completed";
  const {
    data: peaks,
    error,
    refetch,
  } = useQuery({
    queryKey: keys.peaks(task.task_id),
    enabled: ready,
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<PeaksDocument> => {
      const response = await fetch(`/api/tasks/${task.task_id}/artifacts/base/peaks.json`, { signal });
      if (!response.ok) throw toProblem(response.status, await response.json());
      return (await response.json()) as PeaksDocument;
    },
  });
  const set = (value: number) => show({ zoom: Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, value)) });
  return (
    <div className="relative">
      <div className="absolute top-1 right-1 z-10 flex">
        <IconButton
          small
          icon={ZoomOut}
          label={t("timeline.zoom_out")}
          onClick={() => set(zoom / 1.5)}
          disabled={zoom <= MIN_ZOOM}
          className="bg-surface/85"
        />
        <IconButton
          small
          icon={ZoomIn}
          label={t("timeline.zoom_in")}
          onClick={() => set(zoom * 1.5)}
          disabled={zoom >= MAX_ZOOM}
          className="bg-surface/85"
        />
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {peaks ? (
        <Waveform peaks={peaks.peaks} duration={peaks.duration_s} />
      ) : (
        !error && (
          <p className="text-soft flex h-24 items-center justify-center gap-2">
            <AudioLines aria-hidden size={18} />
            {t("timeline.waiting")}
          </p>
        )
      )}
    </div>
  );
}
