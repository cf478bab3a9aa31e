import { useCallback, useEffect, useRef, useState } from "react";
import { rowAt } from "@/core/lines";
import { useEditor } from "./context";

/** The playing time, told `perSecond` times a second at most: what draws it need not follow every frame. */
export function useTime(perSecond = 10): number {
  const { transport } = useEditor();
  const [time, setTime] = useState(transport.time);
  const last = useRef({ ms: 0, time });
  useEffect(
    () =>
      transport.onTime((now) => {
        const ms = performance.now();
        if (ms - last.current.ms < 1000 / perSecond && Math.abs(now - last.current.time) < 0.5) return;
        last.current = { ms, time: now };
        setTime(now);
      }),
    [transport, perSecond],
  );
  return time;
}

/** What `of` makes of the playing time, told when it becomes something else: nothing is drawn anew in between. */
export function useAtTime<T>(of: (time: number) => T): T {
  const { transport } = useEditor();
  const [, change] = useState<T>(() => of(transport.time));
  useEffect(() => transport.onTime((time) => change(of(time))), [transport, of]);
  return of(transport.time);
}

/** Index of the row that is heard now. */
export function useHeard(): number {
  const { rows } = useEditor();
  return useAtTime(useCallback((time) => rowAt(rows, time), [rows]));
}
