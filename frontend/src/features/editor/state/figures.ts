/** A figure beyond its limit. */
export interface Miss {
  figure: string;
  value: number | boolean;
  limit: number | boolean;
}

/** Whether a language reached its thresholds. */
export interface Gate {
  passed: boolean;
  misses: Miss[];
  accepted?: Miss[];
  lines_heard?: number;
  lines_spoken?: number;
  unmeasured?: string[];
}

/** The report of an export, as far as it is shown. */
export interface ReportDocument {
  passed?: boolean;
  gate?: Gate | null;
  lines_total?: number;
  lines_dubbed?: number;
  lines_failed?: number;
  lines_edited?: number;
  lines_from_sound?: number;
  speed?: { natural_share?: number; p95?: number; max?: number };
  overlap?: number;
  loudness?: { integrated_lufs?: number; true_peak_dbtp?: number };
  length_difference_s?: number;
  cut_seconds?: number;
}

export interface Figure {
  name:
    | "lines"
    | "failed"
    | "edited"
    | "from_sound"
    | "natural"
    | "speed"
    | "overlap"
    | "cut"
    | "heard"
    | "loudness"
    | "true_peak"
    | "length_difference";
  value: string;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** Less is no sound of a word. */
const HEARD_CUT_S = 0.1;

/** What a person wants to know of an export; what was not measured is left out. */
export function figuresOf(report: ReportDocument): Figure[] {
  const { speed, loudness, gate } = report;
  const figures: [Figure["name"], string | false | undefined][] = [
    ["lines", report.lines_total !== undefined && `${report.lines_dubbed} / ${report.lines_total}`],
    ["failed", report.lines_failed ? String(report.lines_failed) : undefined],
    ["edited", report.lines_edited ? String(report.lines_edited) : undefined],
    ["from_sound", report.lines_from_sound ? String(report.lines_from_sound) : undefined],
    ["natural", speed?.natural_share !== undefined && percent(speed.natural_share)],
    ["speed", speed?.p95 !== undefined && `${speed.p95.toFixed(2)}× · ${speed.max?.toFixed(2)}×`],
    ["overlap", report.overlap !== undefined && percent(report.overlap)],
    ["cut", (report.cut_seconds ?? 0) >= HEARD_CUT_S && `${report.cut_seconds?.toFixed(1)} s`],
    ["heard", gate?.lines_heard ? `${gate.lines_heard} / ${gate.lines_spoken}` : undefined],
    ["loudness", loudness?.integrated_lufs !== undefined && `${loudness.integrated_lufs.toFixed(1)} LUFS`],
    ["true_peak", loudness?.true_peak_dbtp !== undefined && `${loudness.true_peak_dbtp.toFixed(1)} dBTP`],
    ["length_difference", report.length_difference_s !== undefined && `${report.length_difference_s.toFixed(2)} s`],
  ];
  return figures.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

/** Whether takes are left that nobody listened to. */
export const isHeardInPart = ({ gate }: ReportDocument) => !!gate?.lines_heard && gate.lines_heard < (gate.lines_spoken ?? 0);

const SHARES = new Set([
  "speed.in_window_share",
  "speech_lost.share",
  "doubtful.share",
  "overlap",
  "error_rate.excess",
  "error_rate.mean",
  "error_rate.max",
  "voice.misheard",
]);

/** A gate's figure or its limit with its unit. */
export function sizeOf(figure: string, value: number | boolean): string {
  if (typeof value === "boolean") return String(value);
  if (SHARES.has(figure)) return percent(value);
  if (figure === "speed.p95") return `${value.toFixed(2)}×`;
  if (figure.startsWith("loudness")) return `${value.toFixed(1)} LU`;
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
