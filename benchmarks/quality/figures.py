"""The figures of a placement, the same for every way of placing."""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from benchmarks.quality.field import Line, Placed

_WINDOW = (0.9, 1.2)
_TOO_FAST = 1.5


def figures(lines: Sequence[Line], placed: Sequence[Placed]) -> dict[str, float]:
    """Speed, isochrony, a speaker over himself, drift; `lines` and `placed` in the same order."""
    speeds = np.array([one.speed for one in placed])
    inside = (speeds >= _WINDOW[0] - 1e-6) & (speeds <= _WINDOW[1] + 1e-6)
    return {
        "lines": len(lines),
        "in_window_share": round(float(inside.mean()), 4),
        "beyond_1_5": int((speeds > _TOO_FAST + 1e-6).sum()),
        "p95_speed": round(float(np.percentile(speeds, 95)), 3),
        "max_speed": round(float(speeds.max()), 3),
        "overlap": round(overlap(lines, placed), 4),
        "self_overlap_s": round(_self_overlap_s(lines, placed), 2),
        "late_s": round(max(abs(one.start_s - line.start_s) for line, one in zip(lines, placed, strict=True)), 3),
        "drift_at_end_s": round(placed[-1].start_s - lines[-1].start_s, 3),
    }


def overlap(lines: Sequence[Line], placed: Sequence[Placed]) -> float:
    """Intersection over union of the time in which the source speaks and the time in which the dub does."""
    step_s = 0.01
    end_s = max(max(line.end_s for line in lines), max(one.end_s for one in placed))
    source, dub = (np.zeros(int(end_s / step_s) + 2, bool) for _ in range(2))
    for line, one in zip(lines, placed, strict=True):
        source[round(line.start_s / step_s) : round(line.end_s / step_s)] = True
        dub[round(one.start_s / step_s) : round(one.end_s / step_s)] = True
    return float((source & dub).sum() / max(1, (source | dub).sum()))


def _self_overlap_s(lines: Sequence[Line], placed: Sequence[Placed]) -> float:
    """Seconds in which somebody speaks over himself."""
    total_s = 0.0
    pairs = sorted(zip(lines, placed, strict=True), key=lambda pair: (pair[0].speaker, pair[1].start_s))
    for _, group in groupby(pairs, key=lambda pair: pair[0].speaker):
        total_s += sum(max(0.0, one.end_s - two.start_s) for (_, one), (_, two) in pairwise(group))
    return total_s
