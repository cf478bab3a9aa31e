const STEPS_S = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const MIN_GAP_PX = 72;

/** Round times between `start` and `end` to label a ruler `width` pixels wide with, never closer than can be read. */
export function ticks(start: number, end: number, width: number): number[] {
  const span = end - start;
  if (span <= 0 || width <= 0) return [];
  const step = STEPS_S.find((one) => (one / span) * width >= MIN_GAP_PX) ?? 7200;
  const first = Math.ceil(start / step - 1e-9);
  const last = Math.floor(end / step + 1e-9);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => Math.round((first + index) * step * 10) / 10,
  );
}
