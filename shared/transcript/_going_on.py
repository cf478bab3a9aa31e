"""Which lines are one sentence: cues and recognized lines often break in the middle of one."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LINES, _MOST_CHARS = 8, 500
"""Of what is taken for one sentence; where nobody punctuates, a video would be a single one."""
_PAUSE_S = 1.5
"""A silence after which a sentence does not go on, unless it plainly does: with a small letter."""
_LONG_PAUSE_S = 4.0
_TAKEN_UP_S = 0.5
"""A pause in which a sentence goes on in another's mouth: finished by them, or by a voice taken for another's."""
_PUNCTUATED = 0.3
"""A smaller share of lines that end with a mark says that marks are not set, and their lack means nothing."""

_END = re.compile(r"[.?!。？！…♪~～][\"'”’»)\]）」』】]*$")
_ELLIPSIS = re.compile(r"(?:\.\.\.|…)[\"'”’»)\]）」』】]*$")
_OPEN_END = re.compile(r"[,;:、，；：\-–—]$")
_OWN_LINE = re.compile(r"^\s*(?:[-–—‐♪(（\[［【]|.*:\s*$)")


@dataclass(frozen=True)
class Said:
    """A line as it was spoken."""

    text: str
    start_s: float
    end_s: float
    speaker_id: str


def going_on(lines: Sequence[Said]) -> list[bool]:
    """For each of `lines`, in time order, whether its sentence goes on in the next one."""
    texts = [line for line in lines if any(map(str.isalpha, line.text))]
    marked = sum(_END.search(line.text.strip()) is not None for line in texts)
    punctuated = marked >= _PUNCTUATED * len(texts)
    found: list[bool] = []
    run, length = 1, len(lines[0].text) if lines else 0
    for line, following in itertools.pairwise(lines):
        room = run < MOST_LINES and length + len(following.text) <= _MOST_CHARS
        goes_on = room and _goes_on(line, following, punctuated=punctuated)
        found.append(goes_on)
        run, length = (run + 1, length + len(following.text)) if goes_on else (1, len(following.text))
    return [*found, False] if lines else []


def is_ended(text: str) -> bool:
    """Whether a mark at its end closes the sentence."""
    return _END.search(text.strip()) is not None


def _goes_on(line: Said, following: Said, *, punctuated: bool) -> bool:
    text, more = line.text.strip(), following.text.strip()
    pause_s = following.start_s - line.end_s
    if pause_s >= _LONG_PAUSE_S or not text or not more:
        return False
    if _OWN_LINE.search(more) or not any(map(str.isalpha, text)) or not any(map(str.isalpha, more)):
        return False
    small = _begins_small(more)
    if line.speaker_id != following.speaker_id:
        return small and pause_s < _TAKEN_UP_S and _END.search(text) is None
    if _END.search(text):
        return small and _ELLIPSIS.search(text) is not None
    if small:
        return True
    if pause_s >= _PAUSE_S:
        return False
    return _OPEN_END.search(text) is not None or punctuated


def _begins_small(text: str) -> bool:
    letter = next((character for character in text.lstrip("…. \"'“‘«") if not character.isspace()), "")
    return letter.islower()
