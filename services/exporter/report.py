"""The report of an export: what was made of the lines, and what was measured of the file.

A figure that could not be measured is None, and `unmeasured` tells why. `checks` decide whether the export `passed`;
lines that failed or overflow do not: a person is told of them and judges.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.exporter.lines import is_dubbed, source_span, take_span
from services.exporter.loudness import Loudness, reached, spread_lu
from services.exporter.spans import total_s, union, without
from shared.messaging import EngineUsed, ExportSettings, Timeline, TimelineLine
from shared.pipeline import FitLimits, LineState

_NOTHING_DUBBED = "no line was dubbed"
_LIMITS = FitLimits()


@dataclass(frozen=True)
class Measured:
    """What is known of the exported file; lengths in seconds, `take_lufs` of the dubbed lines."""

    container: str
    length_s: float
    source_length_s: float
    frame_s: float
    has_audio: bool
    loudness: Loudness | None
    """Of the encoded dub track; None: there is no such track."""
    take_lufs: Sequence[float | None] = ()
    voice_gain_db: float | None = None
    checks: dict[str, bool] = field(default_factory=dict)


def build_report(
    timeline: Timeline, settings: ExportSettings, measured: Measured, engine: EngineUsed
) -> dict[str, object]:
    """Put together `report.json`."""
    lines, dubbed = timeline.lines, [line for line in timeline.lines if is_dubbed(line)]
    failed = [line for line in lines if line.state is LineState.FAILED]
    unmeasured: dict[str, str] = {}
    checks = measured.checks | _loudness_checks(measured.loudness, settings)
    report: dict[str, object] = {
        "task_id": timeline.task_id,
        "language": timeline.language,
        "source_language": timeline.source_language,
        "note": _note(measured, lines, dubbed),
        "lines_total": len(lines),
        "lines_dubbed": len(dubbed),
        "lines_failed": len(failed),
        "lines_edited": sum(line.edited for line in lines),
        "failed": [{"segment_id": line.segment_id, "code": line.error_code} for line in failed],
        "speed": _speed(dubbed, unmeasured),
        "overlap": _overlap(dubbed, unmeasured),
        "overflow_seconds": _overflow_s(lines, measured.source_length_s),
        "loudness": _loudness(measured, unmeasured),
        "mix": {"voice_gain_db": _rounded(measured.voice_gain_db, 1), "duck_db": settings.duck_db if dubbed else None},
        "length_s": round(measured.length_s, 3),
        "length_difference_s": round(measured.length_s - measured.source_length_s, 3),
        "frame_s": round(measured.frame_s, 4),
        "container": measured.container,
        "engines": [used.model_dump(mode="json") for used in _engines(timeline, engine)],
        "checks": checks,
        "passed": all(checks.values()),
    }
    return report | {"unmeasured": unmeasured}


def _note(measured: Measured, lines: Sequence[TimelineLine], dubbed: Sequence[TimelineLine]) -> str | None:
    if dubbed:
        return None
    reason = "no line could be dubbed" if lines else "no speech was found"
    if not measured.has_audio and not lines:
        reason = "the video has no audio"
    return f"{reason}: the export is the original"


def _loudness_checks(loudness: Loudness | None, settings: ExportSettings) -> dict[str, bool]:
    if loudness is None:
        return {}
    checks = {}
    if (good := reached(loudness, settings.loudness_lufs)) is not None:
        checks["loudness"] = good
    if loudness.true_peak_dbtp is not None:
        checks["true_peak"] = loudness.true_peak_dbtp <= settings.true_peak_dbtp
    return checks


def _speed(dubbed: Sequence[TimelineLine], unmeasured: dict[str, str]) -> dict[str, float | None]:
    """Shares of the dubbed lines by fit, and how their tempo is distributed (window -10 to +20 %)."""
    fits = [line.fit for line in dubbed if line.fit is not None]
    speeds = [line.speed for line in dubbed if line.speed is not None]
    found: dict[str, float | None] = {
        f"{fit}_share": round(fits.count(fit) / len(fits), 4) if fits else None
        for fit in ("natural", "tight", "overflow")
    }
    inside = [speed for speed in speeds if _LIMITS.slowest - 1e-6 <= speed <= _LIMITS.unmarked + 1e-6]
    found["in_window_share"] = round(len(inside) / len(speeds), 4) if speeds else None
    found["p95"] = round(float(np.percentile(speeds, 95)), 4) if speeds else None
    found["max"] = round(max(speeds), 4) if speeds else None
    reason = "the takes carry no such figure" if dubbed else _NOTHING_DUBBED
    unmeasured.update({f"speed.{name}": reason for name, value in found.items() if value is None})
    return found


def _overlap(dubbed: Sequence[TimelineLine], unmeasured: dict[str, str]) -> float | None:
    """Intersection over union of the time the takes are heard and the time the same lines were spoken."""
    takes = union(take_span(line) for line in dubbed)
    spoken = union(source_span(line) for line in dubbed)
    both = union([*takes, *spoken])
    if not both:
        unmeasured["overlap"] = _NOTHING_DUBBED
        return None
    common_s = total_s(takes) - total_s(without(takes, spoken))
    return round(common_s / total_s(both), 4)


def _overflow_s(lines: Sequence[TimelineLine], length_s: float) -> float:
    """Seconds of takes past the start of the next line, or past the end of the video.

    Next is the first line that begins after this one; where the originals overlap already, only what goes on after
    this line's own original counts.
    """
    ordered = sorted(lines, key=lambda line: line.start_s)
    overflow_s, next_start_s = 0.0, length_s
    for number in range(len(ordered) - 1, -1, -1):
        line = ordered[number]
        if is_dubbed(line):
            limit_s = min(length_s, max(next_start_s, line.end_s))
            overflow_s += max(0.0, take_span(line).end_s - limit_s)
        if number and ordered[number - 1].start_s < line.start_s:
            next_start_s = line.start_s
    return round(overflow_s, 3)


def _loudness(measured: Measured, unmeasured: dict[str, str]) -> dict[str, float | None]:
    found = measured.loudness or Loudness(None, None)
    silent = _NOTHING_DUBBED if measured.loudness is None else "the dub track is silent (-70 LUFS or less)"
    spread = spread_lu(measured.take_lufs)
    if found.integrated_lufs is None:
        unmeasured["loudness.integrated_lufs"] = silent
    if found.true_peak_dbtp is None:
        unmeasured["loudness.true_peak_dbtp"] = silent
    if spread is None:
        few = "fewer than two dubbed lines can be heard"
        unmeasured["loudness.spread_lu"] = few if measured.take_lufs else _NOTHING_DUBBED
    return {
        "integrated_lufs": _rounded(found.integrated_lufs, 2),
        "true_peak_dbtp": _rounded(found.true_peak_dbtp, 2),
        "spread_lu": _rounded(spread, 2),
    }


def _engines(timeline: Timeline, engine: EngineUsed) -> list[EngineUsed]:
    return [*(used for used in timeline.engines if used != engine), engine]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
