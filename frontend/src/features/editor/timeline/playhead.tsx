import { useEffect, useRef } from "react";
import { useEditor } from "../state/context";
import { usePlaying } from "../state/transport";
import { timelineView, useTimelineView } from "./view";

/** Where the picture is. Moved by style alone: nothing is drawn anew while the video plays. */
export function Playhead({ height }: { height: number }) {
  const { transport, duration } = useEditor();
  const line = useRef<HTMLDivElement>(null);
  const left_s = useTimelineView((state) => state.left_s);
  const perSecond = useTimelineView((state) => state.perSecond);
  useEffect(() => {
    const place = (time: number) => {
      if (usePlaying.getState().playing) timelineView.follow(time, duration);
      if (line.current) line.current.style.transform = `translateX(${(time - left_s) * perSecond}px)`;
    };
    place(transport.time);
    return transport.onTime(place);
  }, [transport, duration, left_s, perSecond]);
  return (
    <div
      ref={line}
      aria-hidden
      data-testid="playhead"
      className="bg-accent pointer-events-none absolute top-0 left-0 z-10 w-0.5 will-change-transform"
      style={{ height }}
    />
  );
}
