"""Three ways the field places takes, as it can be read in its programs, on takes that are given.

A way decides for every line at what speed it is spoken and when it begins; all times in seconds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Line:
    """A source line and the length of its take at natural speed."""

    start_s: float
    end_s: float
    speaker: str
    natural_s: float


@dataclass(frozen=True)
class Placed:
    """A line as it is heard."""

    start_s: float
    end_s: float
    speed: float


Stretch = Callable[[float, float], float]
"""(natural length, speed) to the length the stretching tool really gives."""


def _slots(lines: Sequence[Line], length_s: float) -> list[float]:
    """From each start to the next start, or to the end of the video."""
    starts = [line.start_s for line in lines] + [length_s]
    return [max(0.05, after - before) for before, after in pairwise(starts)]


def concatenated(lines: Sequence[Line], length_s: float, stretch: Stretch) -> list[Placed]:
    """Every clip is sped up until it fits its slot, without limit, and clips and silences are joined end to end.

    The silence before a clip is what the timetable says, counted from where the last clip should have ended.
    """
    placed, at_s, due_s = [], 0.0, 0.0
    for line, slot_s in zip(lines, _slots(lines, length_s), strict=True):
        at_s += max(0.0, line.start_s - due_s)
        speed = max(1.0, line.natural_s / slot_s)
        real_s = stretch(line.natural_s, speed)
        placed.append(Placed(at_s, at_s + real_s, speed))
        at_s += real_s
        due_s = line.start_s + line.natural_s / speed
    return placed


def capped(lines: Sequence[Line], length_s: float, stretch: Stretch) -> list[Placed]:
    """The speed is rounded up to a tenth and capped at 1.3; what is still too long overlaps what follows."""
    placed = []
    for line, slot_s in zip(lines, _slots(lines, length_s), strict=True):
        speed = min(1.3, max(1.0, math.ceil(line.natural_s / slot_s * 10 - 1e-9) / 10))
        placed.append(Placed(line.start_s, line.start_s + stretch(line.natural_s, speed), speed))
    return placed


def chunked(lines: Sequence[Line], length_s: float, stretch: Stretch, most: int = 5) -> list[Placed]:
    """Up to five lines with little silence between them share one speed that makes the whole chunk fit."""
    placed: list[Placed] = []
    for first, last in _chunks(lines, most):
        chunk = lines[first:last]
        end_s = lines[last].start_s if last < len(lines) else length_s
        gaps = [max(0.0, after.start_s - before.end_s) for before, after in pairwise(chunk)]
        spoken_s, room_s = sum(line.natural_s for line in chunk), end_s - chunk[0].start_s
        speed = max(1.0, spoken_s / max(0.05, room_s - sum(gaps)))
        if speed > 1.4:  # the gaps go first, then the limit
            gaps, speed = [0.0] * len(gaps), max(1.0, spoken_s / room_s)
        at_s = chunk[0].start_s
        for line, gap_s in zip(chunk, [*gaps, 0.0], strict=True):
            real_s = stretch(line.natural_s, speed)
            placed.append(Placed(at_s, at_s + real_s, speed))
            at_s += real_s + gap_s
    return placed


def _chunks(lines: Sequence[Line], most: int) -> list[tuple[int, int]]:
    """Ranges of lines that follow each other within 1.5 s."""
    found, first = [], 0
    for number in range(1, len(lines) + 1):
        full = number - first == most
        if number == len(lines) or full or lines[number].start_s - lines[number - 1].end_s > 1.5:
            found.append((first, number))
            first = number
    return found
