"""Whether a finished language is good enough, by thresholds a person can set.

A figure that was not measured neither passes nor misses: it is named in `unmeasured`. Limits that are on by default
are those of figures every export has; the others need a recognizer or a voice embedding for the language.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.planning.units import LineView
from shared.pipeline import LineState


class GateLimits(BaseModel):
    """Thresholds of a language; None: not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_failed_lines: int | None = Field(default=0, ge=0)
    max_overflow_lines: int | None = Field(default=0, ge=0, description="lines sped up beyond what sounds well")
    min_in_window_share: float | None = Field(default=0.8, ge=0, le=1, description="lines within -10 to +20 % speed")
    max_p95_speed: float | None = Field(default=1.35, ge=0.5, le=4, description="95th percentile of the tempo")
    loudness_tolerance_lu: float | None = Field(default=1.0, ge=0, le=20, description="distance from the target")
    export_checks: bool = Field(default=True, description="the export's own checks: length, loudness, true peak")
    min_overlap: float | None = Field(default=None, ge=0, le=1, description="speech overlap with the source")
    max_mean_error_rate: float | None = Field(default=None, ge=0, description="of re-recognition, over all lines")
    max_line_error_rate: float | None = Field(default=None, ge=0, description="of re-recognition, of the worst line")
    min_similarity: float | None = Field(default=None, ge=-1, le=1, description="to the speaker, of the worst line")


class Miss(BaseModel):
    """A figure beyond its limit."""

    figure: str
    value: float | bool
    limit: float | bool


class Gate(BaseModel):
    """The verdict on a language."""

    passed: bool
    misses: list[Miss] = []
    unmeasured: list[str] = Field(default=[], description="figures with a limit that could not be measured")


def judge(report: Mapping[str, Any], lines: Sequence[LineView], limits: GateLimits, target_lufs: float) -> Gate:
    """Compare an export's report and the lines it was made of with the limits."""
    figures = _figures(report, lines, target_lufs)
    misses, unmeasured = [], []
    for figure, limit, upper in _limits(limits):
        if limit is None:
            continue
        value = figures[figure]
        if value is None:
            unmeasured.append(figure)
        elif (value > limit) if upper else (value < limit):
            misses.append(Miss(figure=figure, value=value, limit=limit))
    if limits.export_checks:
        checks = report.get("checks") or {}
        misses += [Miss(figure=f"checks.{name}", value=False, limit=True) for name, good in checks.items() if not good]
    return Gate(passed=not misses, misses=misses, unmeasured=unmeasured)


def _limits(limits: GateLimits) -> Iterator[tuple[str, float | None, bool]]:
    """Each figure with its limit, and whether that is the most or the least allowed."""
    yield "lines_failed", limits.max_failed_lines, True
    yield "lines_overflow", limits.max_overflow_lines, True
    yield "speed.in_window_share", limits.min_in_window_share, False
    yield "speed.p95", limits.max_p95_speed, True
    yield "loudness.deviation_lu", limits.loudness_tolerance_lu, True
    yield "overlap", limits.min_overlap, False
    yield "error_rate.mean", limits.max_mean_error_rate, True
    yield "error_rate.max", limits.max_line_error_rate, True
    yield "similarity.min", limits.min_similarity, False


def _figures(report: Mapping[str, Any], lines: Sequence[LineView], target_lufs: float) -> dict[str, float | None]:
    heard = [line for line in lines if is_heard(line)]
    speed, loudness = report.get("speed") or {}, report.get("loudness") or {}
    integrated = loudness.get("integrated_lufs")
    rates = [line.error_rate for line in heard if line.error_rate is not None]
    similarities = [line.similarity for line in heard if line.similarity is not None]
    return {
        "lines_failed": sum(line.state is LineState.FAILED and not line.omitted for line in lines),
        "lines_overflow": sum(line.fit == "overflow" for line in heard),
        "speed.in_window_share": speed.get("in_window_share"),
        "speed.p95": speed.get("p95"),
        "loudness.deviation_lu": None if integrated is None else round(abs(integrated - target_lufs), 2),
        "overlap": report.get("overlap"),
        "error_rate.mean": round(fmean(rates), 4) if rates else None,
        "error_rate.max": max(rates, default=None),
        "similarity.min": min(similarities, default=None),
    }


def is_heard(line: LineView) -> bool:
    """Whether the take of a line, not the original, is in the dub."""
    return line.take_key is not None and line.state is not LineState.FAILED and not line.omitted
