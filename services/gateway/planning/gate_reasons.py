"""What the figures a language missed come to for a person: one reason for each kind, and what would mend it.

| reason | of the figures |
|---|---|
| `speech_lost` | speech of the original that no line stands for |
| `lines_failed` | lines without a take |
| `unspoken_edits` | lines edited or added and not spoken since |
| `export_older` | the file was made before the last change |
| `doubtful_source` | lines whose source the recognizer was unsure of |
| `other_language` | a file that was brought, in another language than it is said to be in |
| `misheard` | what a listener understood wrong of the takes |
| `voice_poor` | a voice that listeners understand little, or takes unlike their speakers |
| `too_fast` | tempo and overflow |
| `out_of_time` | overlap with the source |
| `loudness_off`, `file_checks` | the level, and the export's own checks |
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

_MOST_LINES = 20
"""Of a reason: a list of tasks carries them, and the review list has all."""


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
    reads_like: str = ""
    voice: str = ""
    better: str = ""
    lost: Sequence[tuple[float, float]] = field(default=())


@dataclass(frozen=True)
class _Kind:
    code: str
    text: str
    mend: str
    lines: str = ""


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


def reasons_of(misses: Sequence[Miss], causes: Causes) -> list[GateReason]:
    """One reason for each kind of miss, the gravest first."""
    missed: dict[str, list[Miss]] = {}
    for miss in misses:
        missed.setdefault(_KIND_OF[miss.figure.partition(".")[0]], []).append(miss)
    return [_reason(kind, missed[kind.code], causes) for kind in _KINDS if kind.code in missed]


def _reason(kind: _Kind, misses: Sequence[Miss], causes: Causes) -> GateReason:
    if any(miss.figure == "voice.misheard" for miss in misses):
        kind = _unclear(causes)
    lines: Sequence[str] = getattr(causes, kind.lines) if kind.lines else ()
    return GateReason(
        code=kind.code,
        text=f"{kind.text}{_figures_text(kind, misses, causes)}",
        mend=kind.mend,
        figures=[miss.figure for miss in misses],
        lines=list(lines[:_MOST_LINES]),
        lines_total=len(lines),
    )


def _unclear(causes: Causes) -> _Kind:
    """The voice itself is the reason: no text and no clip would mend it."""
    mend = f"take another engine ({causes.better}), or choose a clearer voice"
    text = f"{causes.voice} speaks this language so that a listener understands little"
    return _Kind("voice_poor", text, mend if causes.better else "take another engine or a clearer voice")


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
    return f": {', '.join(told)}" if told else ""


def _miss_text(miss: Miss) -> str:
    shape = (
        ".0%"
        if miss.figure.endswith(("share", "excess", "mean", "max", "misheard")) or miss.figure == "overlap"
        else "g"
    )
    side = "at most" if miss.value > miss.limit else "at least"
    value, limit = format(float(miss.value), shape), format(float(miss.limit), shape)
    return f"{value} instead of {side} {limit}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
