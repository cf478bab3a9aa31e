import { type PointerEvent, useEffect, useRef } from "react";
import { useTheme } from "@/components/ui/theme";
import { useEditor } from "../state/context";
import { palette } from "./draw";
import { useClips } from "./use-clips";
import { timelineView, useTimelineView } from "./view";

const HEIGHT = 16;
const COLOURS = { natural: "good", tight: "warn", overflow: "bad", stale: "edge", none: "line" } as const;

/** The whole video at a glance, with what is in view; shown where that is not everything. */
export function Minimap() {
  const { duration } = useEditor();
  const { clips } = useClips();
  const { left_s, perSecond, width } = useTimelineView();
  const dark = useTheme((state) => state.dark);
  const canvas = useRef<HTMLCanvasElement>(null);
  const share = width / perSecond / Math.max(duration, 0.1);
  const useful = width > 0 && share < 0.95;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !useful) return;
    const ratio = window.devicePixelRatio || 1;
    context.canvas.width = width * ratio;
    context.canvas.height = HEIGHT * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colours = palette(dark);
    for (const { slot, fit } of clips) {
      context.fillStyle = colours[COLOURS[fit]];
      const x = (slot.start_s / duration) * width;
      context.fillRect(x, 4, Math.max(1, ((slot.end_s - slot.start_s) / duration) * width), HEIGHT - 8);
    }
  }, [clips, duration, width, useful, dark]);
  if (!useful) return null;
  function go(event: PointerEvent<HTMLDivElement>): void {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const middle = ((event.clientX - box.left) / box.width) * duration;
    timelineView.pan(middle - width / perSecond / 2 - useTimelineView.getState().left_s, duration);
  }
  return (
    <div
      aria-hidden
      data-testid="minimap"
      className="grid min-h-(--target) cursor-pointer touch-none items-center"
      onPointerDown={go}
      onPointerMove={go}
    >
      <div className="relative" style={{ height: HEIGHT }}>
        <canvas ref={canvas} className="size-full" />
        <div
          className="border-accent bg-accent/10 absolute inset-y-0 rounded-sm border"
          style={{ left: `${(left_s / duration) * 100}%`, width: `${share * 100}%` }}
        />
      </div>
    </div>
  );
}
