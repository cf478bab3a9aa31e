"""The report of an export: how the lines turned out, and what was measured in the file.

A figure that could not be measured is None, and `unmeasured` says why. `checks` decide whether the export `passed`;
failed or overflowing lines do not: they are reported for a person to judge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.exporter.dubbing import DubFigures
from services.exporter.line_figures import error_rates, lines_of, rounded, similarities
from services.exporter.lines import is_dubbed, source_span, take_span
from services.exporter.loudness import Loudness, reached, spread_lu
from services.exporter.spans import Span, total_s, union, without
from shared.messaging import EngineUsed, ExportSettings, Timeline, TimelineLine
from shared.models import speaking
from shared.pipeline import FitLimits, LineState, Stage

_NOTHING_DUBBED = "no line was dubbed"
_LIMITS = FitLimits()
_BREATH_S = 0.3
"""A pause inside speech that a take need not keep."""
_BESIDE_S = 0.3
"""Speech this near to a line counts as the line's: people begin before and end after the times of a subtitle."""
_LOST_S = 1.0
"""Shorter speech without a line is a breath, a laugh or a mistake of the detector."""


@dataclass(frozen=True)
class Measured:
    """What is known about the exported file; lengths in seconds. `figures` None: there is no dub track.

    `speech` is when speech is heard in the original; None: it was not listened for.
    """

    container: str
    length_s: float
    source_length_s: float
    frame_s: float
    has_audio: bool
    figures: DubFigures | None
    drift_s: float | None = None
    checks: dict[str, bool] = field(default_factory=dict)
    speech: tuple[Span, ...] | None = None


def build_report(
    timeline: Timeline, settings: ExportSettings, measured: Measured, engines: Sequence[EngineUsed]
) -> dict[str, object]:
    """Put together `report.json`."""
    lines, dubbed = timeline.lines, [line for line in timeline.lines if is_dubbed(line)]
    failed = [line for line in lines if line.state is LineState.FAILED and line.omitted is None]
    unmeasured: dict[str, str] = {}
    figures = measured.figures
    checks = measured.checks | loudness_checks(figures.loudness if figures else None, settings)
    report: dict[str, object] = {
        "task_id": timeline.task_id,
        "language": timeline.language,
        "source_language": timeline.source_language,
        "note": _note(measured, lines, dubbed),
        "lines_total": len(lines),
        "lines_dubbed": len(dubbed),
        "lines_failed": len(failed),
        "lines_omitted": sum(line.omitted is not None for line in lines),
        "lines_edited": sum(line.edited for line in lines),
        "lines_unspoken": sum(line.state.is_unspoken for line in lines),
        "lines_rewritten": sum(line.rounds > 0 for line in lines),
        "lines_from_sound": sum(line.origin == "sound" for line in lines),
        "lines_from_memory": sum(line.origin == "memory" for line in lines),
        "failed": [{"segment_id": line.segment_id, "code": line.error_code} for line in failed],
        "speed": _speed(dubbed, unmeasured),
        "overlap": _overlap(lines, measured.speech, unmeasured),
        "speech_lost": _lost(lines, measured.speech, unmeasured),
        "overflow_seconds": _overflow_s(lines, measured.source_length_s),
        "cut_seconds": round(sum(max(0.0, take_span(line).end_s - measured.source_length_s) for line in dubbed), 3),
        "drift_s": _drift(measured, unmeasured),
        **error_rates(timeline, unmeasured),
        "similarity": similarities(lines, unmeasured),
        "voice": _voice(timeline, unmeasured),
        "loudness": _loudness(figures, unmeasured),
        **_bed(figures, unmeasured),
        "mix": _mix(figures, settings),
        "length_s": round(measured.length_s, 3),
        "length_difference_s": round(measured.length_s - measured.source_length_s, 3),
        "frame_s": round(measured.frame_s, 4),
        "container": measured.container,
        "engines": [used.model_dump(mode="json") for used in _engines(timeline, engines)],
        "checks": checks,
        "passed": all(checks.values()),
        "lines": lines_of(timeline, figures.line_lufs if figures else ()),
    }
    return report | {"unmeasured": unmeasured}


def _note(measured: Measured, lines: Sequence[TimelineLine], dubbed: Sequence[TimelineLine]) -> str | None:
    if dubbed:
        return None
    reason = "no line could be dubbed" if lines else "no speech was found"
    if not measured.has_audio and not lines:
        reason = "the video has no audio"
    return f"{reason}: the export is the original"


def loudness_checks(loudness: Loudness | None, settings: ExportSettings) -> dict[str, bool]:
    """Whether loudness and true peak are on target, if there is any."""
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


def _overlap(lines: Sequence[TimelineLine], speech: Sequence[Span] | None, unmeasured: dict[str, str]) -> float | None:
    """Intersection over union of the time the takes are heard and the time speech is heard in the original.

    Speech of lines that keep the original is left out. The lines are used instead only if nobody listened for speech:
    their times may be a person's, and would agree with takes placed by them however late both are.
    """
    dubbed = [line for line in lines if is_dubbed(line)]
    takes = union(take_span(line) for line in dubbed)
    spoken = union(source_span(line) for line in dubbed)
    if speech is not None:
        kept = union(source_span(line) for line in lines if not is_dubbed(line))
        spoken = without(union(speech, _BREATH_S), without(kept, spoken))
    both = union([*takes, *spoken])
    if not takes or not both:
        unmeasured["overlap"] = _NOTHING_DUBBED
        return None
    common_s = total_s(takes) - total_s(without(takes, spoken))
    return round(common_s / total_s(both), 4)


def _lost(
    lines: Sequence[TimelineLine], speech: Sequence[Span] | None, unmeasured: dict[str, str]
) -> dict[str, object] | None:
    """Speech of the original that no line covers, in seconds and as a share of all speech.

    A line that keeps the original on request covers its time like any other: somebody has looked at it.
    """
    if speech is None:
        unmeasured["speech_lost"] = "nobody listened for speech in the original"
        return None
    covered = union(Span(line.start_s - _BESIDE_S, line.end_s + _BESIDE_S) for line in lines)
    heard = union(speech, _BREATH_S)
    lost = [span for span in without(heard, covered) if span.end_s - span.start_s >= _LOST_S]
    lost_s, heard_s = total_s(lost), total_s(heard)
    return {
        "seconds": round(lost_s, 3),
        "share": round(lost_s / heard_s, 4) if heard_s else 0.0,
        "spans": [[round(span.start_s, 3), round(span.end_s, 3)] for span in lost],
    }


def _overflow_s(lines: Sequence[TimelineLine], length_s: float) -> float:
    """Seconds of takes past the start of the next line, or past the end of the video.

    Next is the first line that begins after this one; if the originals already overlap, only what continues after this
    line's own original counts.
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


def _drift(measured: Measured, unmeasured: dict[str, str]) -> float | None:
    if measured.drift_s is None:
        reason = "the last take cannot be made out in the mix" if measured.figures else _NOTHING_DUBBED
        unmeasured["drift_s"] = reason
    return rounded(measured.drift_s, 4)


def _loudness(figures: DubFigures | None, unmeasured: dict[str, str]) -> dict[str, float | None]:
    """Loudness, with `spread_lu` of the lines as they are heard and `voice_spread_lu` of the voices alone."""
    found = figures.loudness if figures else Loudness(None, None)
    silent = "the dub track is silent (-70 LUFS or less)" if figures else _NOTHING_DUBBED
    told: dict[str, float | None] = {
        "integrated_lufs": rounded(found.integrated_lufs, 2),
        "true_peak_dbtp": rounded(found.true_peak_dbtp, 2),
        "spread_lu": rounded(spread_lu(figures.line_lufs if figures else ()), 2),
        "voice_spread_lu": rounded(spread_lu(figures.take_lufs if figures else ()), 2),
    }
    few = "fewer than two dubbed lines can be heard" if figures else _NOTHING_DUBBED
    for name, value in told.items():
        if value is None:
            unmeasured[f"loudness.{name}"] = few if name.endswith("spread_lu") else silent
    return told


def _bed(figures: DubFigures | None, unmeasured: dict[str, str]) -> dict[str, float | None]:
    """What is left of the original: under the voices, where it should not be heard, and elsewhere, where it should."""
    leakage_db = figures.bed_leakage_db if figures else None
    residual_db = figures.nonspeech_residual_db if figures else None
    if leakage_db is None:
        unmeasured["bed_leakage_db"] = "original or voices are silent there" if figures else _NOTHING_DUBBED
    if residual_db is None:
        reason = "no passage of the original is without dubbed speech and not silent" if figures else _NOTHING_DUBBED
        unmeasured["nonspeech_residual_db"] = reason
    return {"bed_leakage_db": rounded(leakage_db, 2), "nonspeech_residual_db": rounded(residual_db, 2)}


def _voice(timeline: Timeline, unmeasured: dict[str, str]) -> dict[str, object] | None:
    """How intelligible the voices are, taking the clearest of several engines; None if not measured."""
    names = [used.name for used in timeline.engines if used.stage is Stage.CLONING]
    known = [speaking(timeline.language, name) for name in names]
    rates = [(one.error_percent, one) for one in known if one.error_percent is not None]
    if not rates or len(rates) < len(known):
        unmeasured["voice"] = "nobody measured how well what speaks is understood"
        return None
    percent, clearest = min(rates, key=lambda rated: rated[0])
    return {
        "engine": clearest.engine,
        "misheard": round(percent / 100, 4),
        "poor": clearest.poor,
        "better": clearest.better,
    }


def _mix(figures: DubFigures | None, settings: ExportSettings) -> dict[str, object]:
    if figures is None:
        return {"bed": None, "voice_gain_db": None, "gain_db": None, "duck_db": None}
    separated = figures.stem_gain_db is not None
    return {
        "bed": figures.bed,
        "voice_gain_db": rounded(figures.voice_gain_db, 1),
        "gain_db": rounded(figures.gain_db, 2),
        "duck_db": rounded(figures.stem_gain_db, 1) if separated else settings.duck_db,
    }


def _engines(timeline: Timeline, engines: Sequence[EngineUsed]) -> list[EngineUsed]:
    return [*(used for used in timeline.engines if used not in engines), *engines]
