import { useEffect, useRef, useState } from "react";
import { rowAt } from "@/core/lines";
import { useEditor } from "./context";

/** The playing time, told `perSecond` times a second at most: what draws it need not follow every frame. */
export function useTime(perSecond = 10): number {
  const { transport } = useEditor();
  const [time, setTime] = useState(transport.time);
  const last = useRef(0);
  useEffect(
    () =>
      transport.onTime((now) => {
        const ms = performance.now();
        if (ms - last.current < 1000 / perSecond && Math.abs(now - time) < 0.5) return;
        last.current = ms;
        setTime(now);
      }),
    [transport, perSecond, time],
  );
  return time;
}

/** Index of the row that is heard now. */
export function useHeard(): number {
  const { transport, rows } = useEditor();
  const [heard, setHeard] = useState(() => rowAt(rows, transport.time));
  useEffect(() => transport.onTime((time) => setHeard(rowAt(rows, time))), [transport, rows]);
  return heard;
}
