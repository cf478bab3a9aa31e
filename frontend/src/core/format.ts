/** 75.3 → 1:15.3; hours only where there are any. */
export function clock(seconds: number, digits = 0): string {
  const factor = 10 ** digits;
  const total = Math.max(0, Math.round(seconds * factor)) / factor;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = (total % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 1:15.3 → 75.3; undefined for what is no time. */
export function parseClock(text: string): number | undefined {
  const parts = text.trim().split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d+(\.\d+)?$/.test(part))) return undefined;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytes(size: number): string {
  let power = 0;
  let value = size;
  while (value >= 1000 && power < UNITS.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${value.toFixed(power > 0 && value < 10 ? 1 : 0)} ${UNITS[power]}`;
}

/** Formatters are dear to make and cheap to use: each is made once. */
function kept<T>(make: (locale: string, kind: string) => T): (locale: string, kind?: string) => T {
  const made = new Map<string, T>();
  return (locale, kind = "") => {
    const key = `${locale}/${kind}`;
    const known = made.get(key) ?? make(locale, kind);
    made.set(key, known);
    return known;
  };
}

const unitFormat = kept(
  (locale, unit) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: 0 }),
);
const dateFormat = kept((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
const agoFormat = kept((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
const languageNames = kept((locale) => new Intl.DisplayNames([locale], { type: "language" }));

/** Time left, as coarse as it is sure: 8 s, 4 min, 2 h. */
export function remaining(seconds: number, locale: string): string {
  const [value, unit] =
    seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return unitFormat(locale, unit).format(Math.max(1, Math.round(value)));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago; a date once that is more than a week. */
export function ago(time: string, locale: string, now = Date.now()): string {
  const seconds = (now - Date.parse(time)) / 1000;
  if (seconds > 7 * 86_400) return dateFormat(locale).format(new Date(time));
  const format = agoFormat(locale);
  for (const [unit, length] of STEPS) if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  return format.format(0, "second");
}

/** The name of a language in the language of the page. */
export function languageName(code: string, locale: string): string {
  try {
    return languageNames(locale).of(code) ?? code;
  } catch {
    return code;
  }
}
