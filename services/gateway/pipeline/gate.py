"""Whether a finished language is good enough, by thresholds a person can set.

The figures that miss their limits become one reason of each kind for a person to read, with what would fix it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import quantiles
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.script.lines import Line
from shared.pipeline import FitLimits, LineState
from shared.transcript import Timing

_FIT = FitLimits()
_DOUBTFUL = "doubtful.share"
_VOICE = "voice.misheard"
"""Known only for a few engines; listening to the takes covers the others."""


class Miss(BaseModel):
    """A figure beyond its limit."""

    figure: str
    value: float | bool
    limit: float | bool


class GateReason(BaseModel):
    """Why a language did not pass, in words, and what a person can do."""

    code: str
    text: str
    mend: str
    variant: str = Field(default="", description="which form of `text` and `mend` it is, where a code has several")
    values: dict[str, str] = Field(default={}, description="what stands in the blanks of that form")
    figures: list[str] = Field(default=[], description="the figures that were missed")
    lines: list[str] = Field(default=[], description="segments behind it, the worst first; at most 20")
    lines_total: int = 0


@dataclass(frozen=True)
class Causes:
    """The segments behind each kind of reason, and the speech without a line."""

    failed: Sequence[str] = ()
    unspoken: Sequence[str] = ()
    fast: Sequence[str] = ()
    misheard: Sequence[str] = ()
    heard: int = 0
    spoken: int = 0
    unlike: Sequence[str] = ()
    doubtful: Sequence[str] = ()
    lost_s: float = 0.0
    cut_s: float = 0.0
    reads_like: str = ""
    timing: Timing | None = None
    voice: str = ""
    better: str = ""
    lost: Sequence[tuple[float, float]] = field(default=())


@dataclass(frozen=True)
class _Kind:
    code: str
    text: str
    mend: str
    lines: str = ""
    variant: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


_KINDS = (
    _Kind(
        "speech_lost",
        "speech of the original is in no line",
        "add lines for it, or bring subtitles; for what is no speech, as a song, add a line that keeps the original",
    ),
    _Kind(
        "lines_failed", "lines have no take: the original is heard", "dub them again, or write other texts", "failed"
    ),
    _Kind("unspoken_edits", "lines were edited and not spoken since", "dub the changed lines", "unspoken"),
    _Kind("export_older", "the file is older than the lines", "export again"),
    _Kind(
        "doubtful_source",
        "the recognizer was unsure of the source text",
        "read the source lines, bring subtitles, or choose a better recognition model",
        "doubtful",
    ),
    _Kind(
        "other_language",
        "a subtitle file is in another language",
        "bring the right file, or say which language it is in; if it is, turn `language_as_said` off",
    ),
    _Kind(
        "misheard",
        "much of the dub is not understood when it is heard again",
        "listen to these lines; choose another voice, or write another text",
        "misheard",
    ),
    _Kind("voice_poor", "takes sound unlike their speakers", "choose another voice, or a better clip of it", "unlike"),
    _Kind("too_fast", "lines are sped up too much", "write shorter texts, or give the lines more room", "fast"),
    _Kind("out_of_time", "the dub is heard at other times than the original", "check the times of the lines"),
    _Kind("loudness_off", "the loudness is not what was asked for", "export again, or ask for another loudness"),
    _Kind("file_checks", "the exported file did not pass its own checks", "export again; try another container"),
)
_KIND_OF = {
    "speech_lost": "speech_lost",
    "lines_failed": "lines_failed",
    "lines_unspoken": "unspoken_edits",
    "current_export": "export_older",
    "doubtful": "doubtful_source",
    "language_as_said": "other_language",
    "error_rate": "misheard",
    "voice": "voice_poor",
    "similarity": "voice_poor",
    "lines_overflow": "too_fast",
    "speed": "too_fast",
    "overlap": "out_of_time",
    "loudness": "loudness_off",
    "checks": "file_checks",
}
_NAMED = {
    "lines_overflow": "lines faster than sounds well ",
    "speed.in_window_share": "lines near their own tempo ",
    "speed.p95": "tempo of the fastest ",
    "error_rate.excess": "beyond natural speech ",
    "error_rate.mean": "on average ",
    "error_rate.max": "in the worst line ",
}
"""Names for several figures of one kind, where the text alone does not distinguish them."""
_HEARD_CUT_S = 0.1
"""Anything shorter is not a spoken word."""


def reasons_of(misses: Sequence[Miss], causes: Causes) -> list[GateReason]:
    """One reason for each kind of miss, the gravest first."""
    missed: dict[str, list[Miss]] = {}
    for miss in misses:
        missed.setdefault(_KIND_OF[miss.figure.partition(".")[0]], []).append(miss)
    return [_reason(kind, missed[kind.code], causes) for kind in _KINDS if kind.code in missed]


def _reason(kind: _Kind, misses: Sequence[Miss], causes: Causes) -> GateReason:
    if any(miss.figure == "voice.misheard" for miss in misses):
        kind = _unclear(causes)
    elif kind.code == "speech_lost" and causes.timing:
        kind = _shifted(kind, causes.timing)
    lines: Sequence[str] = getattr(causes, kind.lines) if kind.lines else ()
    return GateReason(
        code=kind.code,
        text=f"{kind.text}{_figures_text(kind, misses, causes)}",
        mend=kind.mend,
        variant=kind.variant,
        values=dict(kind.values),
        figures=[miss.figure for miss in misses],
        lines=list(lines[:_MOST_LINES]),
        lines_total=len(lines),
    )


def _shifted(kind: _Kind, timing: Timing) -> _Kind:
    """Nothing is missing: the lines are at other times than their speech."""
    shift, seconds, rate = f"{timing.shift_s:+.2f}", f"{abs(timing.shift_s):.1f}", f"{timing.rate:g}"
    by = f"move all lines by {shift} s"
    if timing.drifts:
        mend = f"the subtitles drift against the speech: {by}, their times taken {rate} times"
        return replace(kind, mend=mend, variant="subtitles_drift", values={"shift": shift, "rate": rate})
    values = {"shift": shift, "seconds": seconds}
    if timing.shift_s < 0:
        return replace(kind, mend=f"the subtitles are {seconds} s late: {by}", variant="subtitles_late", values=values)
    return replace(kind, mend=f"the subtitles are {seconds} s early: {by}", variant="subtitles_early", values=values)


def _unclear(causes: Causes) -> _Kind:
    """The voice itself is the reason: no other text or clip would fix it."""
    text = f"{causes.voice} speaks this language so that a listener understands little"
    kind = _Kind("voice_poor", text, "take another engine or a clearer voice", values={"voice": causes.voice})
    if not causes.better:
        return replace(kind, variant="voice_unclear")
    mend = f"take another engine ({causes.better}), or choose a clearer voice"
    values = {"voice": causes.voice, "better": causes.better}
    return replace(kind, mend=mend, variant="voice_unclear_better", values=values)


def _figures_text(kind: _Kind, misses: Sequence[Miss], causes: Causes) -> str:
    if kind.code == "speech_lost":
        where = ", ".join(f"{_clock(start_s)}-{_clock(end_s)}" for start_s, end_s in causes.lost[:3])
        return f": {causes.lost_s:.1f} s, {misses[0].value:.0%} of it" + (f" ({where})" if where else "")
    if kind.code == "other_language":
        return f": {causes.reads_like}"
    if kind.code == "file_checks":
        return ": " + ", ".join(miss.figure.removeprefix("checks.") for miss in misses)
    told = [_miss_text(miss) for miss in misses if not isinstance(miss.value, bool)]
    if kind.code == "misheard" and causes.heard < causes.spoken:
        told.append(f"heard {causes.heard} of {causes.spoken} lines, the doubtful ones first")
    if kind.code == "too_fast" and causes.cut_s >= _HEARD_CUT_S:
        told.append(f"{causes.cut_s:.1f} s are not heard, because the video ends before")
    return f": {', '.join(told)}" if told else ""


def _miss_text(miss: Miss) -> str:
    percent = miss.figure.endswith(("share", "excess", "mean", "max", "misheard")) or miss.figure == "overlap"
    shape = ".0%" if percent else ".2f" if miss.figure == "speed.p95" else "g"
    side = "at most" if miss.value > miss.limit else "at least"
    value, limit = format(float(miss.value), shape), format(float(miss.limit), shape)
    return f"{_NAMED.get(miss.figure, '')}{value} instead of {side} {limit}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class GateLimits(BaseModel):
    """Thresholds of a language; None: not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_failed_lines: int | None = Field(default=0, ge=0)
    max_overflow_lines: int | None = Field(default=0, ge=0, description="lines sped up beyond what sounds well")
    max_unspoken_lines: int | None = Field(
        default=0, ge=0, description="lines edited, or never spoken, since their take"
    )
    max_lost_speech_share: float | None = Field(
        default=0.02, ge=0, le=1, description="speech of the original that no line stands for, of all speech"
    )
    max_doubtful_share: float | None = Field(
        default=0.5, ge=0, le=1, description="lines whose source text the recognizer was unsure of"
    )
    min_in_window_share: float | None = Field(default=0.8, ge=0, le=1, description="lines within -10 to +20 % speed")
    max_p95_speed: float | None = Field(default=1.35, ge=0.5, le=4, description="95th percentile of the tempo")
    loudness_tolerance_lu: float | None = Field(default=1.0, ge=0, le=20, description="distance from the target")
    export_checks: bool = Field(default=True, description="the export's own checks: length, loudness, true peak")
    current_export: bool = Field(default=True, description="the file holds what the lines are now")
    language_as_said: bool = Field(
        default=True, description="subtitle files that were brought are in the language they are said to be in"
    )
    min_overlap: float | None = Field(default=None, ge=0, le=1, description="speech overlap with the source")
    max_excess_error_rate: float | None = Field(
        default=0.25, ge=0, description="of re-recognition, beyond what the listener gets wrong of natural speech"
    )
    max_mean_error_rate: float | None = Field(default=None, ge=0, description="of re-recognition, over all lines")
    max_line_error_rate: float | None = Field(default=None, ge=0, description="of re-recognition, of the worst line")
    max_voice_misheard: float | None = Field(
        default=0.3, ge=0, le=1, description="words that a listener gets wrong of the voice itself, as it was measured"
    )
    min_similarity: float | None = Field(default=None, ge=-1, le=1, description="to the speaker, of the worst line")


class Gate(BaseModel):
    """The verdict on a language."""

    passed: bool
    lines_heard: int = Field(default=0, description="takes that were listened to, the doubtful ones first")
    lines_spoken: int = Field(default=0, description="takes that the dub has")
    misses: list[Miss] = []
    accepted: list[Miss] = Field(default=[], description="beyond their limits, too, and accepted by a person's answer")
    reasons: list[GateReason] = Field(default=[], description="what the misses come to, and what would mend it")
    unmeasured: list[str] = Field(default=[], description="figures with a limit that could not be measured")


def judge(
    report: Mapping[str, Any],
    lines: Sequence[Line],
    limits: GateLimits,
    target_lufs: float,
    *,
    doubtful: Collection[str] = (),
    outdated: bool = False,
    reads_like: str = "",
    timing: Timing | None = None,
    accepted: bool = False,
) -> Gate:
    """Compare an export's report and its lines as they are now with the limits.

    `doubtful` are the segments whose text the recognizer was unsure of; `outdated`: lines changed after the export;
    `reads_like` says which other language a provided file is in; `timing`: how far its lines are off the speech;
    `accepted`: a person was asked about the doubtful source, and went on.
    """
    figures = _figures(report, lines, target_lufs, doubtful)
    misses, unmeasured = [], []
    for figure, limit, upper in _limits(limits):
        if limit is None:
            continue
        value = figures[figure]
        if value is None:
            unmeasured += [figure] if figure != _VOICE else []
        elif (value > limit) if upper else (value < limit):
            misses.append(Miss(figure=figure, value=value, limit=limit))
    if limits.export_checks:
        checks = report.get("checks") or {}
        misses += [Miss(figure=f"checks.{name}", value=False, limit=True) for name, good in checks.items() if not good]
    if limits.current_export and outdated:
        misses.append(Miss(figure="current_export", value=False, limit=True))
    if limits.language_as_said and reads_like:
        misses.append(Miss(figure="language_as_said", value=False, limit=True))
    settled = [miss for miss in misses if accepted and miss.figure == _DOUBTFUL]
    misses = [miss for miss in misses if miss not in settled]
    causes = replace(_causes(report, lines, doubtful), reads_like=reads_like, timing=timing)
    return Gate(
        passed=not misses,
        lines_heard=causes.heard,
        lines_spoken=causes.spoken,
        misses=misses,
        accepted=settled,
        reasons=reasons_of(misses, causes),
        unmeasured=unmeasured,
    )


def _limits(limits: GateLimits) -> Iterator[tuple[str, float | None, bool]]:
    """Each figure with its limit, and whether that is a maximum or a minimum."""
    yield "lines_failed", limits.max_failed_lines, True
    yield "lines_overflow", limits.max_overflow_lines, True
    yield "lines_unspoken", limits.max_unspoken_lines, True
    yield "speech_lost.share", limits.max_lost_speech_share, True
    yield _DOUBTFUL, limits.max_doubtful_share, True
    yield "speed.in_window_share", limits.min_in_window_share, False
    yield "speed.p95", limits.max_p95_speed, True
    yield "loudness.deviation_lu", limits.loudness_tolerance_lu, True
    yield "overlap", limits.min_overlap, False
    yield "error_rate.excess", limits.max_excess_error_rate, True
    yield "error_rate.mean", limits.max_mean_error_rate, True
    yield "error_rate.max", limits.max_line_error_rate, True
    yield _VOICE, limits.max_voice_misheard, True
    yield "similarity.min", limits.min_similarity, False


def _figures(
    report: Mapping[str, Any], lines: Sequence[Line], target_lufs: float, doubtful: Collection[str]
) -> dict[str, float | None]:
    heard = [line for line in lines if is_heard(line)]
    spoken = [line for line in lines if not line.omitted]
    speeds = [line.speed for line in heard if line.speed is not None]
    integrated = (report.get("loudness") or {}).get("integrated_lufs")
    rates = [line.error_rate for line in heard if line.error_rate is not None]
    similarities = [line.similarity for line in heard if line.similarity is not None]
    natural = (report.get("wer") or report.get("cer") or {}).get("natural")
    mean = _mean_error_rate(heard)
    return {
        "lines_failed": sum(line.state == LineState.FAILED for line in spoken),
        "lines_overflow": sum(line.fit == "overflow" for line in heard),
        "lines_unspoken": sum(LineState(line.state).is_unspoken for line in spoken),
        "speech_lost.share": (report.get("speech_lost") or {}).get("share"),
        _DOUBTFUL: round(sum(line.segment_id in doubtful for line in spoken) / len(spoken), 4) if spoken else 0,
        "speed.in_window_share": _in_window(speeds),
        "speed.p95": _p95(speeds),
        "loudness.deviation_lu": None if integrated is None else round(abs(integrated - target_lufs), 2),
        "overlap": report.get("overlap"),
        "error_rate.excess": None if mean is None or natural is None else round(max(0.0, mean - natural), 4),
        "error_rate.mean": mean,
        "error_rate.max": max(rates, default=None),
        _VOICE: (report.get("voice") or {}).get("misheard"),
        "similarity.min": min(similarities, default=None),
    }


def _in_window(speeds: Sequence[float]) -> float | None:
    inside = [speed for speed in speeds if _FIT.slowest - 1e-6 <= speed <= _FIT.unmarked + 1e-6]
    return round(len(inside) / len(speeds), 4) if speeds else None


def _p95(speeds: Sequence[float]) -> float | None:
    """As in the report: interpolated linearly between two lines."""
    if len(speeds) < 2:
        return round(speeds[0], 4) if speeds else None
    return round(quantiles(speeds, n=20, method="inclusive")[-1], 4)


def _mean_error_rate(heard: Sequence[Line]) -> float | None:
    """Weighted by the length of the lines, as in the report."""
    rated = [(max(1, len(line.text or "")), line.error_rate) for line in heard if line.error_rate is not None]
    return round(sum(size * rate for size, rate in rated) / sum(size for size, _ in rated), 4) if rated else None


def _causes(report: Mapping[str, Any], lines: Sequence[Line], doubtful: Collection[str]) -> Causes:
    """Which lines are behind each figure, worst first."""
    spoken = [line for line in lines if not line.omitted]
    heard = [line for line in lines if is_heard(line)]
    rated = sorted((line for line in heard if line.error_rate), key=lambda line: -(line.error_rate or 0.0))
    unlike = sorted((line for line in heard if line.similarity is not None), key=lambda line: line.similarity or 0.0)
    fast = sorted((line for line in heard if line.fit in ("overflow", "tight")), key=lambda line: -(line.speed or 1.0))
    return Causes(
        failed=[line.segment_id for line in spoken if line.state == LineState.FAILED],
        unspoken=[line.segment_id for line in spoken if LineState(line.state).is_unspoken],
        fast=[line.segment_id for line in fast],
        misheard=[line.segment_id for line in rated],
        heard=sum(line.error_rate is not None for line in heard),
        spoken=len(heard),
        unlike=[line.segment_id for line in unlike],
        doubtful=[line.segment_id for line in spoken if line.segment_id in doubtful],
        voice=str((report.get("voice") or {}).get("engine") or ""),
        better=str((report.get("voice") or {}).get("better") or ""),
        lost_s=float((report.get("speech_lost") or {}).get("seconds") or 0.0),
        cut_s=float(report.get("cut_seconds") or 0.0),
        lost=[(float(start), float(end)) for start, end in (report.get("speech_lost") or {}).get("spans") or ()],
    )


def is_heard(line: Line) -> bool:
    """Whether the take of a line, rather than the original, is in the dub."""
    return line.take_key is not None and line.state != LineState.FAILED and not line.omitted


_MOST_LINES = 20
"""Of a reason: lists of tasks contain them, and the review list has all."""
