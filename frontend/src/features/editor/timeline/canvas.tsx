import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTheme } from "@/components/ui/theme";
import { type Clip, inView } from "@/core/timeline";
import { useEditor } from "../state/context";
import { show, useView } from "../state/view";
import { draw, palette, type Peaks } from "./draw";
import { ClipHandles, DragLabel } from "./handles";
import { heightOf, lanesOf, RULER_H } from "./layout";
import { Playhead } from "./playhead";
import { TakeSound } from "./take-sound";
import { useClips } from "./use-clips";
import { useDrag } from "./use-drag";
import { useNavigation } from "./use-navigation";
import { useTimelineView } from "./view";

const SOUND_FROM_PER_S = 15;

/** The lanes, drawn; what is chosen has handles that keys and screen readers reach. */
export function Canvas({ peaks }: { peaks: Peaks }) {
  const { speakers, duration, transport } = useEditor();
  const { clips, longest_s } = useClips();
  const view = useTimelineView();
  const selected = useView((state) => state.selected);
  const silent = useView((state) => state.silent);
  const dark = useTheme((state) => state.dark);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const lanes = useMemo(() => lanesOf(speakers), [speakers]);
  const height = heightOf(lanes);
  const visible = useMemo(() => inView(clips, view, longest_s), [clips, view, longest_s]);
  const { drag, begin, set } = useDrag(clips);
  const sound = useTakeSound(visible);
  useNavigation(box);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || view.width === 0) return undefined;
    const frame = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1;
      context.canvas.width = view.width * ratio;
      context.canvas.height = height * ratio;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      draw(
        context,
        { view, height, clips: visible, lanes, speakers, selected, silent, drag, peaks, takes: sound },
        palette(dark),
      );
    });
    return () => cancelAnimationFrame(frame);
  }, [view, height, visible, lanes, speakers, selected, silent, drag, peaks, sound, dark]);
  const timeAt = (event: PointerEvent) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    return view.left_s + (event.clientX - left) / view.perSecond;
  };
  function onDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    const y = event.clientY - (box.current?.getBoundingClientRect().top ?? 0);
    const time = timeAt(event);
    const lane = lanes.find(({ top, height: tall }) => y >= top && y < top + tall);
    const found = y > RULER_H && lane && clipAt(visible, lane.speaker, time);
    if (!found) return transport.seek(Math.max(0, Math.min(time, duration)));
    const choose = () => {
      show({ selected: found.segment, tab: "line" });
      transport.seek(lane.speaker === null ? found.slot.start_s : found.source.start_s);
    };
    begin(event, { clip: found, lane: lane.speaker === null ? "dub" : "source", grip: "move" }, choose);
  }
  const chosen = clips.find(({ segment }) => segment === selected);
  return (
    <div
      ref={box}
      data-testid="timeline"
      data-ready={view.width > 0}
      data-clips={visible.length}
      className="relative min-w-0 flex-1 touch-pan-y overflow-hidden select-none"
      style={{ height }}
      onPointerDown={onDown}
    >
      <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />
      {chosen && <ClipHandles clip={chosen} lanes={lanes} drag={drag} onGrip={begin} onSet={set} />}
      {drag && <DragLabel drag={drag} clips={clips} lanes={lanes} />}
      <Playhead height={height} />
    </div>
  );
}

/** The clip of a lane at a moment; of the dub, what is said counts like its slot. */
function clipAt(clips: Clip[], speaker: string | null, time: number): Clip | undefined {
  return clips.findLast((clip) => {
    if (speaker !== null) return clip.speaker === speaker && time >= clip.source.start_s && time < clip.source.end_s;
    const { slot, take } = clip;
    return time >= Math.min(slot.start_s, take?.start_s ?? Infinity) && time < Math.max(slot.end_s, take?.end_s ?? 0);
  });
}

/** The waveforms of the takes in view, once they are large enough to be seen. */
function useTakeSound(visible: Clip[]): ReadonlyMap<string, Peaks> {
  const [sounds, setSounds] = useState<ReadonlyMap<string, Peaks>>(new Map());
  const close = useTimelineView(({ perSecond }) => perSecond >= SOUND_FROM_PER_S);
  const [reader] = useState(() => new TakeSound((peaks) => setSounds(new Map(peaks))));
  useEffect(() => () => reader.close(), [reader]);
  useEffect(() => {
    reader.want(close ? visible.flatMap(({ take }) => (take ? [take.url] : [])) : []);
  }, [reader, visible, close]);
  return sounds;
}
