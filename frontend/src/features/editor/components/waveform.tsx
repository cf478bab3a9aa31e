import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin, { type Region } from "wavesurfer.js/dist/plugins/regions.esm.js";
import { useTheme } from "@/components/ui/theme";
import { settleEdges, spanOf, speakerColour } from "@/core/lines";
import { type Editor, useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { show, useView } from "../state/view";
import { Ruler } from "./ruler";

type Regions = ReturnType<typeof RegionsPlugin.create>;

const HEIGHT = 84;
const SNAP_PX = 8;

interface WaveformProps {
  peaks: number[];
  duration: number;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draws the waveform anew when the colours change; its own playback is not used, it only shows and sets where the picture is. */
export function Waveform(props: WaveformProps) {
  const dark = useTheme((state) => state.dark);
  return <Drawing key={String(dark)} {...props} />;
}

function Drawing({ peaks, duration }: WaveformProps) {
  const { t } = useTranslation();
  const { transport } = useEditor();
  const zoom = useView((state) => state.zoom);
  const box = useRef<HTMLDivElement>(null);
  const [wave, setWave] = useState<{ surfer: WaveSurfer; regions: Regions } | null>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const regions = RegionsPlugin.create();
    const surfer = WaveSurfer.create({
      container: box.current,
      height: HEIGHT,
      peaks: [peaks],
      duration,
      waveColor: colour("--edge"),
      progressColor: colour("--edge"),
      cursorColor: colour("--accent"),
      cursorWidth: 2,
      autoScroll: true,
      autoCenter: false,
      plugins: [regions],
    });
    const scroller = surfer.getWrapper().parentElement;
    scroller?.setAttribute("tabindex", "0");
    scroller?.setAttribute("role", "group");
    scroller?.setAttribute("aria-label", t("timeline.scroll"));
    surfer.on("interaction", (time) => transport.seek(time));
    surfer.on("ready", () => setWave({ surfer, regions }));
    return () => {
      setWave(null);
      surfer.destroy();
    };
  }, [peaks, duration, transport, t]);
  useEffect(() => wave?.surfer.zoom(zoom), [wave, zoom]);
  useEffect(() => (wave ? transport.onTime((time) => wave.surfer.setTime(time)) : undefined), [wave, transport]);
  useRegions(wave?.regions ?? null);
  return (
    <div className="px-3 pt-2">
      <div ref={box} data-testid="waveform" />
      {wave ? <Ruler surfer={wave.surfer} /> : <div className="h-5" />}
    </div>
  );
}

/** Keep a region for each line; those that did not change are left alone. */
function useRegions(regions: Regions | null): void {
  const editor = useEditor();
  const { task, language } = editor;
  const selected = useView((state) => state.selected);
  const { move } = useEdits(task.task_id, language);
  const latest = useRef(editor);
  useEffect(() => {
    latest.current = editor;
  });
  useEffect(() => {
    if (!regions) return undefined;
    const onUpdated = (region: Region) => {
      const { rows, duration } = latest.current;
      const tolerance = SNAP_PX / useView.getState().zoom;
      const edges = settleEdges(rows, region.id, region.start, region.end, duration, tolerance);
      region.setOptions({ start: edges.start_s, end: edges.end_s });
      void move(region.id, edges);
    };
    const onClicked = (region: Region, event: MouseEvent) => {
      event.stopPropagation();
      show({ selected: region.id, tab: "line" });
      latest.current.transport.seek(region.start);
    };
    const offUpdated = regions.on("region-updated", onUpdated);
    const offClicked = regions.on("region-clicked", onClicked);
    return () => {
      offUpdated();
      offClicked();
    };
  }, [regions, move]);
  useEffect(() => {
    if (regions) drawRegions(regions, editor, selected);
  }, [regions, editor, selected]);
}

function drawRegions(regions: Regions, { rows, speakers }: Editor, selected: string | null): void {
  const known = new Map(regions.getRegions().map((region) => [region.id, region]));
  for (const row of rows) {
    const { segment } = row;
    const { start_s, end_s, speaker_id } = spanOf(row);
    const region = known.get(segment.segment_id);
    known.delete(segment.segment_id);
    const chosen = segment.segment_id === selected;
    const color = speakerColour(speakers, speaker_id, chosen ? 0.42 : 0.2);
    if (!region) {
      regions.addRegion({
        id: segment.segment_id,
        start: start_s,
        end: end_s,
        color,
        drag: true,
        resize: true,
      });
    } else if (region.start !== start_s || region.end !== end_s || region.color !== color) {
      region.setOptions({ start: start_s, end: end_s, color });
    }
  }
  for (const region of known.values()) region.remove();
}
