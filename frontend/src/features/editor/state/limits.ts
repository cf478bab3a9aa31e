import type { GateLimits } from "@/api/generated";

/** Limits that are numbers, in the order in which people ask for them. */
export const AMOUNTS = [
  "max_failed_lines",
  "max_overflow_lines",
  "max_unspoken_lines",
  "max_lost_speech_share",
  "max_doubtful_share",
  "min_in_window_share",
  "max_p95_speed",
  "max_excess_error_rate",
  "max_mean_error_rate",
  "max_line_error_rate",
  "max_voice_misheard",
  "min_similarity",
  "min_overlap",
  "loudness_tolerance_lu",
] as const;
export const NEEDS = ["export_checks", "current_export", "language_as_said"] as const;

export type Amount = (typeof AMOUNTS)[number];
export type Need = (typeof NEEDS)[number];

interface Shown {
  value: string;
  unit: "percent" | "lu" | "times" | "lines" | null;
  least: number;
  most: number | undefined;
}

/** A limit as it is shown: shares and rates in percent; empty where nothing is asked for. */
export function shown(limit: Amount, value?: number | null): Shown {
  const unit = unitOf(limit);
  const size = value === null || value === undefined ? "" : String(unit === "percent" ? tidy(value * 100) : value);
  const share = unit === "percent" && !limit.endsWith("error_rate");
  const most = share ? 100 : unit === "times" ? 4 : unit === "lu" ? 20 : unit === null ? 1 : undefined;
  return { value: size, unit, least: unit === "times" ? 0.5 : unit === null ? -1 : 0, most };
}

/** What was written in the field of a limit. */
export function entered(limit: Amount, text: string): number | null {
  if (text.trim() === "") return null;
  const value = Number(text);
  if (unitOf(limit) === "percent") return tidy(value / 100);
  return unitOf(limit) === "lines" ? Math.round(value) : value;
}

/** Whether every limit is as in `defaults`. */
export function isEverywhere(limits: GateLimits, defaults: GateLimits): boolean {
  return (
    AMOUNTS.every((limit) => (limits[limit] ?? null) === (defaults[limit] ?? null)) &&
    NEEDS.every((need) => (limits[need] ?? true) === (defaults[need] ?? true))
  );
}

function unitOf(limit: Amount): Shown["unit"] {
  if (limit.endsWith("_lines")) return "lines";
  if (limit === "max_p95_speed") return "times";
  if (limit === "loudness_tolerance_lu") return "lu";
  return limit === "min_similarity" ? null : "percent";
}

const tidy = (value: number) => Number(value.toFixed(6));
