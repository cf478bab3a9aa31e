import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PictureBox, PictureCue, PictureRead } from "@/api/generated";
import { boxOf, cueAt, type Edge, fitted, moved, resized, withCue } from "@/core/picture";
import { useEditor } from "../state/context";
import { usePicture, useSaveEdits } from "../state/use-picture";
import { useTime } from "../state/use-time";

const CORNERS: [Edge, Edge, string][] = [
  ["left", "top", "nwse-resize"],
  ["right", "top", "nesw-resize"],
  ["left", "bottom", "nesw-resize"],
  ["right", "bottom", "nwse-resize"],
];
/** Seen on any picture; here and not among the styles, which every page loads. */
const [YELLOW, WHITE] = ["#fde047", "#ffffffb0"];
const MIDDLE = "calc(var(--target) / -2)";
const STEP = 0.005;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};
const SAVED_AFTER_MS = 400;

/** The box of the subtitle that is shown, over the picture: dragged, resized, or moved by arrow keys. */
export default function PictureBoxes({ video }: { video: RefObject<HTMLVideoElement | null> }) {
  const picture = usePicture();
  const cue = cueAt(picture?.words?.cues ?? [], useTime());
  const [left, top, width, height] = useFrame(video);
  if (!picture || !cue) return null;
  return (
    <div className="pointer-events-none absolute" style={{ left, top, width, height }}>
      <Box key={cue.id} cue={cue} picture={picture} frame={[width, height]} />
    </div>
  );
}

/** Where the picture is in its element, which may be wider or higher. */
function useFrame(video: RefObject<HTMLVideoElement | null>): [number, number, number, number] {
  const [frame, setFrame] = useState<[number, number, number, number]>([0, 0, 0, 0]);
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    const measure = () =>
      setFrame(fitted([element.clientWidth, element.clientHeight], [element.videoWidth, element.videoHeight]));
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    element.addEventListener("loadedmetadata", measure);
    return () => {
      watcher.disconnect();
      element.removeEventListener("loadedmetadata", measure);
    };
  }, [video]);
  return frame;
}

interface BoxProps {
  cue: PictureCue;
  picture: PictureRead;
  frame: [number, number];
}

function Box({ cue, picture, frame }: BoxProps) {
  const { t } = useTranslation();
  const keys = useId();
  const { box, drag, press } = useBox(cue, picture, frame);
  const off = picture.edits.cues?.[cue.id]?.cover === "off";
  const percent = (value: number) => `${value * 100}%`;
  return (
    <div
      role="group"
      data-testid="picture-box"
      className="pointer-events-auto absolute"
      style={{
        left: percent(box.x),
        top: percent(box.y),
        width: percent(box.w),
        height: percent(box.h),
        border: `2px dashed ${off ? WHITE : YELLOW}`,
      }}
    >
      <button
        type="button"
        className="absolute inset-0 min-h-0 min-w-0 after:absolute after:inset-[min(0px,(100%-var(--target))/2)]"
        style={{ cursor: "move", touchAction: "none" }}
        aria-label={t("picture.box", { text: cue.text })}
        aria-describedby={keys}
        onKeyDown={press}
        {...drag([])}
      />
      <span id={keys} className="sr-only">
        {t("picture.box_keys")}
      </span>
      {CORNERS.map(([across, along, cursor]) => (
        <span
          key={across + along}
          aria-hidden
          data-corner={`${across}-${along}`}
          className="absolute grid size-(--target) place-items-center"
          style={{ cursor, touchAction: "none", [across]: MIDDLE, [along]: MIDDLE }}
          {...drag([across, along])}
        >
          <span className="size-2 rounded-full" style={{ background: YELLOW, outline: "1px solid black" }} />
        </span>
      ))}
    </div>
  );
}

/** A box while it is changed by hand or by keys; saved when the hand lets go, or some time after the last key. */
function useBox(cue: PictureCue, picture: PictureRead, frame: [number, number]) {
  const { transport } = useEditor();
  const save = useSaveEdits();
  const [draft, setDraft] = useState<PictureBox | null>(null);
  const from = useRef<{ x: number; y: number; box: PictureBox } | null>(null);
  const waiting = useRef(0);
  const box = draft ?? boxOf(cue, picture.edits);
  const keep = (next: PictureBox) => {
    clearTimeout(waiting.current);
    save(withCue(picture.edits, cue.id, { box: next }));
    setDraft(null);
  };
  const drag = (edges: Edge[]) => ({
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      transport.pause();
      from.current = { x: event.clientX, y: event.clientY, box };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (!from.current) return;
      const right = (event.clientX - from.current.x) / frame[0];
      const down = (event.clientY - from.current.y) / frame[1];
      setDraft(edges.length ? resized(from.current.box, edges, right, down) : moved(from.current.box, right, down));
    },
    onPointerUp: () => {
      from.current = null;
      if (draft) keep(draft);
    },
    onPointerCancel: () => {
      from.current = null;
      setDraft(null);
    },
  });
  const press = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    transport.pause();
    const next = event.shiftKey ? resized(box, ["right", "bottom"], ...by) : moved(box, ...by);
    setDraft(next);
    clearTimeout(waiting.current);
    waiting.current = window.setTimeout(() => keep(next), SAVED_AFTER_MS);
  };
  return { box, drag, press };
}
