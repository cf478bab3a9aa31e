"""How much of what was read is what is written."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from benchmarks.picture.clips import Line

Said = tuple[float, float, str]


def character_errors(truth: str, read: str) -> int:
    """Letters to change, insert and leave out; spaces and the width of marks do not count."""
    one, other = _plain(truth), _plain(read)
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        before, row[0] = row[0], number
        for at, found in enumerate(other, start=1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != found))
    return row[-1]


def is_same(one: str, other: str) -> bool:
    """Whether a reading still tells the text: half of its letters in their order."""
    return bool(one) and SequenceMatcher(None, _plain(one), _plain(other), autojunk=False).ratio() >= 0.5


def matched(lines: Sequence[Line], said: Sequence[Said]) -> tuple[list[tuple[Line, Said | None]], int]:
    """Each line with the cue it shares most time with, and how many cues belong to none."""
    left = list(said)
    pairs: list[tuple[Line, Said | None]] = []
    for line in lines:
        best = max(left, key=lambda cue: _shared_s(line, cue), default=None)
        if best is None or _shared_s(line, best) <= 0:
            pairs.append((line, None))
            continue
        left.remove(best)
        pairs.append((line, best))
    return pairs, len(left)


def _shared_s(line: Line, cue: Said) -> float:
    return min(line.end_s, cue[1]) - max(line.start_s, cue[0])


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
