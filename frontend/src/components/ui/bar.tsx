import type { Tone } from "@/core/progress";
import { cn } from "./cn";

export const FILL: Record<Tone, string> = {
  idle: "bg-edge/60",
  busy: "bg-accent",
  good: "bg-good",
  warn: "bg-warn",
  bad: "bg-bad",
};

/** How far something is. The width does not move smoothly: hundreds of animated bars would keep the browser busy. */
export function Bar({ value, label, look = "busy" }: { value: number; label: string; look?: Tone }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(value)}
      className="bg-line h-1.5 w-full overflow-hidden rounded-full"
    >
      <div className={cn("h-full rounded-full", FILL[look])} style={{ width: `${value}%` }} />
    </div>
  );
}
