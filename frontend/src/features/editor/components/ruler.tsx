import { useEffect, useState } from "react";
import type WaveSurfer from "wavesurfer.js";
import { clock } from "@/core/format";
import { ticks } from "@/core/ticks";

interface Span {
  start: number;
  end: number;
  width: number;
}

/** Times below the part of the waveform that is in view. The plug-in for this lays out every second of the video. */
export function Ruler({ surfer }: { surfer: WaveSurfer }) {
  const [span, setSpan] = useState<Span>({ start: 0, end: 0, width: 0 });
  useEffect(() => {
    const look = () => {
      const perSecond = surfer.getWrapper().scrollWidth / surfer.getDuration();
      const start = surfer.getScroll() / perSecond;
      setSpan({ start, end: start + surfer.getWidth() / perSecond, width: surfer.getWidth() });
    };
    look();
    const off = [
      surfer.on("scroll", look),
      surfer.on("zoom", look),
      surfer.on("redraw", look),
      surfer.on("resize", look),
    ];
    return () => off.forEach((stop) => stop());
  }, [surfer]);
  const { start, end, width } = span;
  const times = ticks(start, end, width);
  const digits = times.every(Number.isInteger) ? 0 : 1;
  return (
    <div aria-hidden className="text-soft relative h-5 overflow-hidden text-[11px] leading-5 tabular-nums">
      {times.map((time) => (
        <span
          key={time}
          className="border-line absolute border-l pl-1"
          style={{ left: `${((time - start) / (end - start)) * 100}%` }}
        >
          {clock(time, digits)}
        </span>
      ))}
    </div>
  );
}
