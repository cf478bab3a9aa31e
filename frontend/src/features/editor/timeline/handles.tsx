import type { TFunction } from "i18next";
import type { KeyboardEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "@/core/format";
import { type Clip, type Grip, type Times, verdictOf } from "@/core/timeline";
import { cn } from "@/components/ui/cn";
import { useEditor } from "../state/context";
import type { Lane } from "./layout";
import type { Dragging, useDrag } from "./use-drag";
import { useTimelineView } from "./view";

interface ClipHandlesProps {
  clip: Clip;
  lanes: Lane[];
  drag: Dragging | null;
  onGrip: ReturnType<typeof useDrag>["begin"];
  onSet: ReturnType<typeof useDrag>["set"];
}

/** The edges of the chosen line, in its original and in the dub: dragged, or moved by arrow keys. */
export function ClipHandles({ clip, lanes, drag, onGrip, onSet }: ClipHandlesProps) {
  const held = (lane: "source" | "dub", times: Times) =>
    drag?.segment === clip.segment && drag.lane === lane ? drag.times : times;
  const source = lanes.find(({ speaker }) => speaker === clip.speaker);
  const dub = lanes.at(-1);
  const sides = [
    source && { lane: "source" as const, strip: source, times: held("source", clip.source) },
    dub && clip.text !== "" && { lane: "dub" as const, strip: dub, times: held("dub", clip.slot) },
  ].flatMap((side) => side || []);
  return sides.flatMap(({ lane, strip, times }) =>
    (["start", "end"] as const).map((grip) => (
      <Handle
        key={`${lane}/${grip}`}
        clip={clip}
        lane={lane}
        grip={grip}
        strip={strip}
        times={times}
        onDown={(event) => onGrip(event, { clip, lane, grip }, () => undefined)}
        onNudge={(by) => onSet({ clip, lane }, nudged(times, grip, by))}
      />
    )),
  );
}

const NUDGE_S = 0.05;

function nudged(times: Times, grip: Grip, by: number): Times {
  const next = grip === "start" ? { ...times, start_s: times.start_s + by } : { ...times, end_s: times.end_s + by };
  return next.start_s >= 0 && next.end_s - next.start_s >= 0.1 ? next : times;
}

interface HandleProps {
  clip: Clip;
  lane: "source" | "dub";
  grip: "start" | "end";
  strip: Lane;
  times: Times;
  onDown: (event: PointerEvent) => void;
  onNudge: (by: number) => void;
}

function Handle({ clip, lane, grip, strip, times, onDown, onNudge }: HandleProps) {
  const { t } = useTranslation();
  const { duration } = useEditor();
  const left_s = useTimelineView((state) => state.left_s);
  const perSecond = useTimelineView((state) => state.perSecond);
  const width = useTimelineView((state) => state.width);
  const at = grip === "start" ? times.start_s : times.end_s;
  function onKey(event: KeyboardEvent): void {
    const by = event.key === "ArrowLeft" ? -NUDGE_S : event.key === "ArrowRight" ? NUDGE_S : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    onNudge(by);
  }
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t(`timeline.${lane}_${grip}`, { number: clip.number })}
      aria-valuemin={0}
      aria-valuemax={Math.round(duration * 1000) / 1000}
      aria-valuenow={at}
      aria-valuetext={clock(at, 2)}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        event.stopPropagation();
        onDown(event);
      }}
      className="hover:bg-accent/40 focus-visible:bg-accent/60 absolute z-10 w-(--grip) cursor-ew-resize touch-none rounded-sm [--grip:0.75rem] touch:min-h-(--grip) touch:[--grip:2.25rem]"
      style={{ top: strip.top, height: strip.height, left: leftOf(grip, (at - left_s) * perSecond, width) }}
    />
  );
}

/** A grip lies over the edge at `x`, what is wider for a finger outside the clip; it stays in view while the edge is. */
function leftOf(grip: Grip, x: number, width: number): string {
  const left = grip === "start" ? `${x + 6}px - var(--grip)` : `${x - 6}px`;
  return x < 0 || x > width ? `calc(${left})` : `clamp(0px, ${left}, ${width}px - var(--grip))`;
}

/** While a clip is dragged: its times, and whether what is to be said fits there. */
export function DragLabel({ drag, clips, lanes }: { drag: Dragging; clips: Clip[]; lanes: Lane[] }) {
  const { t } = useTranslation();
  const left_s = useTimelineView((state) => state.left_s);
  const perSecond = useTimelineView((state) => state.perSecond);
  const at = clips.findIndex(({ segment }) => segment === drag.segment);
  const clip = clips[at];
  const lane = drag.lane === "dub" ? lanes.at(-1) : lanes.find(({ speaker }) => speaker === clip?.speaker);
  if (!clip || !lane) return null;
  const { start_s, end_s } = drag.times;
  const gap = Math.max(0, (clips[at + 1]?.slot.start_s ?? end_s) - end_s - 0.05);
  const verdict = clip.natural_s === null ? null : verdictOf(clip.natural_s, end_s - start_s, gap);
  return (
    <div
      role="status"
      data-testid="drag-fit"
      className={cn(
        "bg-surface border-line shadow-card pointer-events-none absolute z-20 rounded-md border px-2 py-0.5 text-xs whitespace-nowrap tabular-nums",
        verdict?.kind === "long" ? "text-bad" : verdict?.kind === "faster" ? "text-warn" : "text-good",
      )}
      style={{ top: Math.max(0, lane.top - 22), left: Math.max(4, (start_s - left_s) * perSecond) }}
    >
      {`${clock(start_s, 2)} – ${clock(end_s, 2)}`}
      {verdict && ` · ${said(verdict, t)}`}
    </div>
  );
}

function said(verdict: ReturnType<typeof verdictOf>, t: TFunction): string {
  if (verdict.kind === "fits") return t("timeline.fits");
  if (verdict.kind === "faster") return t("timeline.faster", { speed: verdict.speed.toFixed(2) });
  return t("timeline.too_long", { seconds: verdict.by_s.toFixed(1) });
}
