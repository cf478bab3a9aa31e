import { useQuery } from "@tanstack/react-query";
import { AudioLines, Expand, ScanSearch, ZoomIn, ZoomOut } from "lucide-react";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { toProblem } from "@/api/problems";
import { IconButton } from "@/components/ui/icon-button";
import { Failure } from "@/components/ui/states";
import { useEditor } from "../state/context";
import { useView } from "../state/view";
import { Canvas } from "./canvas";
import { LaneLabels } from "./lane-labels";
import { lanesOf } from "./layout";
import { Minimap } from "./minimap";
import { timelineView, useTimelineView } from "./view";

interface PeaksDocument {
  duration_s: number;
  peaks: number[];
}

/**
 * The original by speaker and the dub below it. Drawn by ourselves: libraries for this show one recording with regions,
 * or tracks of whole files; here each clip has two times, a slot, borrowed silence and a fit.
 */
export function Timeline() {
  const { t } = useTranslation();
  const { task, speakers } = useEditor();
  const ready = task.language_status["base"]?.status === "completed";
  const { data, error, refetch } = useQuery({
    queryKey: keys.peaks(task.task_id),
    enabled: ready,
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<PeaksDocument> => {
      const response = await fetch(`/api/tasks/${task.task_id}/artifacts/base/peaks.json`, { signal });
      if (!response.ok) throw toProblem(response.status, await response.json());
      return (await response.json()) as PeaksDocument;
    },
  });
  useEffect(() => timelineView.reset(), []);
  const lanes = useMemo(() => lanesOf(speakers), [speakers]);
  const peaks = useMemo(
    () => data && { values: data.peaks, perSecond: data.peaks.length / Math.max(data.duration_s, 0.1) },
    [data],
  );
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (ready && !peaks) return <div role="status" aria-label={t("common.loading")} className="skeleton m-3 h-24" />;
  if (!peaks)
    return (
      <p className="text-soft flex h-24 items-center justify-center gap-2 px-4">
        <AudioLines aria-hidden size={18} className="shrink-0" />
        {t("timeline.waiting")}
      </p>
    );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Bar />
      <div className="flex min-h-0 flex-1 overflow-y-auto" tabIndex={0}>
        <LaneLabels lanes={lanes} />
        <Canvas peaks={peaks} />
      </div>
    </div>
  );
}

function Bar() {
  const { t } = useTranslation();
  const { duration, rows } = useEditor();
  const selected = useView((state) => state.selected);
  const row = rows.find(({ segment }) => segment.segment_id === selected);
  const { width } = useTimelineView();
  return (
    <div className="border-line flex items-center gap-1 border-b px-2 py-0.5">
      <div className="min-w-0 flex-1">
        <Minimap />
      </div>
      <IconButton
        small
        icon={ZoomOut}
        label={t("timeline.zoom_out")}
        onClick={() => timelineView.zoom(1 / 1.5, width / 2, duration)}
      />
      <IconButton
        small
        icon={ZoomIn}
        label={t("timeline.zoom_in")}
        onClick={() => timelineView.zoom(1.5, width / 2, duration)}
      />
      <IconButton small icon={Expand} label={t("timeline.fit_all")} onClick={() => timelineView.fit(duration)} />
      <IconButton
        small
        icon={ScanSearch}
        label={t("timeline.fit_line")}
        disabled={!row}
        onClick={() => row && timelineView.show(row.segment.start_s, row.segment.end_s, duration)}
      />
    </div>
  );
}
