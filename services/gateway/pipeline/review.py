"""Which lines are worth a person's time, and in which order.

The score of a line is the weight of its worst reason, raised by up to 4 for the others, so that a worse kind of
reason always comes first:

| reason | weight | |
|---|---|---|
| `failed` | 95 | the original is heard in its place |
| `overflow` | 80–90 | by how far beyond `tight` it is sped up |
| `unspoken` | 70 | the language was exported, but this line has no take |
| `stale`, `source_changed` | 65, 60 | what is heard is not what is written |
| `misheard` | 45–55 | a recognizer understood `MISHEARD` of the text or more wrong |
| `tight` | 30–35 | sped up audibly |
| `unlike` | 25 | the take does not sound like its speaker |
| `forbidden_word`, `other_register` | 28, 22 | its text is not what the brief asks for |
| `doubtful_source` | 15 | the recognizer was unsure of words of the source, so the translation may be wrong |

All up to `misheard` are issues, which are counted for the language. The others only order and explain, and are listed
when asked for. A line for which a person chose a take is not judged by its sound again; an omitted one is not judged at
all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.gateway.pipeline.gate import is_heard
from services.gateway.script.doubt import DOUBTFUL
from services.gateway.script.lines import Line
from shared.messaging import LineBrief, forbidden_in, other_register
from shared.pipeline import FitLimits, LineState
from shared.pipeline import language as language_info

MISHEARD = 0.5
"""Two wrong words of three in a short line are often the recognizer's fault; half of a sentence seldom is."""
UNLIKE = 0.5
_ISSUES = ("failed", "overflow", "unspoken", "stale", "source_changed", "misheard")
_LIMITS = FitLimits()


@dataclass(frozen=True)
class Reason:
    """Why, and how much, a line is worth a look."""

    code: str
    text: str
    weight: float

    @property
    def is_issue(self) -> bool:
        """Whether this reason alone is worth a person's time."""
        return self.code in _ISSUES


def reasons(
    line: Line,
    *,
    source_changed: bool,
    sureness: float | None,
    exported: bool = False,
    brief: LineBrief | None = None,
    language: str = "",
) -> list[Reason]:
    """Why a line is worth a look, worst first.

    `sureness` (0 to 1) is the recognizer's confidence in the worst words; `exported`: the language was exported, with
    or without this line; `brief` is what was asked for in `language`.
    """
    if line.omitted:
        return []
    found = [*_of_state(line, source_changed)]
    if exported and line.state in (LineState.PENDING, LineState.TRANSLATED):
        found.append(Reason("unspoken", "it has no take yet: the original is heard", 70))
    if is_heard(line) and not line.pinned:
        found += _of_sound(line)
    if brief is not None and line.text:
        found += _of_text(line.text, brief, language)
    if sureness is not None and sureness < DOUBTFUL:
        text = f"the recognizer was unsure of words of the source ({sureness:.0%} sure of the worst)"
        found.append(Reason("doubtful_source", text, 15))
    return sorted(found, key=lambda reason: -reason.weight)


def score(found: list[Reason]) -> float:
    """The score of a line by its reasons, 0 to 100."""
    if not found:
        return 0.0
    return round(found[0].weight + min(4.0, sum(reason.weight for reason in found[1:]) / 50), 2)


def is_issue(found: list[Reason]) -> bool:
    """Whether a line counts as an issue of its language."""
    return any(reason.is_issue for reason in found)


def _of_state(line: Line, source_changed: bool) -> Iterator[Reason]:
    if line.state == LineState.FAILED:
        yield Reason("failed", f"no take could be made ({line.error_code or 'unknown'}): the original is heard", 95)
    if line.state == LineState.STALE:
        yield Reason("stale", "edited after its take was made", 65)
    if source_changed:
        yield Reason("source_changed", "the source text was edited after this was translated", 60)


def _of_text(text: str, brief: LineBrief, code: str) -> Iterator[Reason]:
    spaces = language_info(code).spaces
    if word := forbidden_in(text, brief.forbidden, spaces=spaces):
        yield Reason("forbidden_word", f"it has a word that the brief forbids: {word}", 28)
    if word := other_register(text, brief.address, code):
        yield Reason("other_register", f"the brief asks for {brief.address} speech, and it has '{word}'", 22)


def _of_sound(line: Line) -> Iterator[Reason]:
    speed = line.speed or 1.0
    if line.fit == "overflow":
        beyond = _part(speed, _LIMITS.tight, _LIMITS.maximum)
        yield Reason("overflow", f"too long for its slot even at {speed:.2f} times its tempo", 80 + 10 * beyond)
    if line.error_rate is not None and line.error_rate >= MISHEARD:
        wrong = _part(line.error_rate, MISHEARD, 1.0)
        yield Reason("misheard", f"{line.error_rate:.0%} of it was understood wrong when heard again", 45 + 10 * wrong)
    if line.fit == "tight":
        beyond = _part(speed, _LIMITS.unmarked, _LIMITS.tight)
        yield Reason("tight", f"sped up to {speed:.2f} times its tempo", 30 + 5 * beyond)
    if line.similarity is not None and line.similarity < UNLIKE:
        yield Reason("unlike", f"sounds unlike its speaker (similarity {line.similarity:.2f})", 25)


def _part(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))
