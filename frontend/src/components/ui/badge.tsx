import type { ReactNode } from "react";
import type { Tone } from "@/core/progress";
import { cn } from "./cn";

const LOOKS: Record<Tone, string> = {
  idle: "bg-sunken text-soft",
  busy: "bg-accent-soft text-accent",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

export function Badge({
  look = "idle",
  children,
  className,
}: {
  look?: Tone;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap",
        LOOKS[look],
        className,
      )}
    >
      {children}
    </span>
  );
}
