"""Where takes are heard so that no speaker overlaps himself: the last word on a line that runs on."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_DELAY_S = 0.5
"""How late a line may begin because its speaker's line before it runs on; all words are kept up to that.

Twice the quarter of a second after which sound behind its picture is noticed, and short enough to be made up for in the
next silence; what would come later is not heard, so that no delay ever grows.
"""

_UNNOTICED_S = 0.005
"""Not worth a word to a person; the take is moved or cut by it all the same."""
_ROUNDING_S = 1e-9


@dataclass(frozen=True)
class Take:
    """What is to be heard of a line, and when it should begin; `fixed`: original audio, which stays where it is."""

    segment_id: str
    speaker_id: str
    start_s: float
    duration_s: float
    fixed: bool = False


@dataclass(frozen=True)
class Place:
    """When a take is heard; `note` says, for people, in what this differs from what was wanted."""

    start_s: float
    duration_s: float
    note: str = ""


def arrange(takes: Sequence[Take]) -> dict[str, Place]:
    """Place every take so that those of one speaker follow each other.

    A take that runs on delays its speaker's next one, by `LONGEST_DELAY_S` at most; it ends there if it is longer
    still, and before original audio in any case. Speakers do not depend on each other.
    """
    by_speaker: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        by_speaker[take.speaker_id].append(take)
    return {
        segment_id: place
        for own in by_speaker.values()
        for segment_id, place in _one_after_the_other(sorted(own, key=lambda take: (take.start_s, take.segment_id)))
    }


def _one_after_the_other(own: Sequence[Take]) -> list[tuple[str, Place]]:
    found: list[tuple[str, Place]] = []
    free_s = 0.0
    for take, limit_s in zip(own, _limits(own), strict=True):
        if take.fixed:
            found.append((take.segment_id, Place(take.start_s, take.duration_s)))
            continue
        start_s = min(max(take.start_s, free_s), limit_s)
        free_s = min(start_s + take.duration_s, limit_s)
        found.append((take.segment_id, _place(take, start_s, free_s)))
    return found


def _limits(own: Sequence[Take]) -> list[float]:
    """When each take has to end: before the delay of the next one is too long, and before any original audio."""
    limits: list[float] = []
    next_s = original_s = float("inf")
    for take in reversed(own):
        limits.append(min(next_s + LONGEST_DELAY_S, original_s))
        next_s = take.start_s
        if take.fixed:
            original_s = take.start_s
    return limits[::-1]


def _place(take: Take, start_s: float, end_s: float) -> Place:
    late_s, lost_s = start_s - take.start_s, take.duration_s - (end_s - start_s)
    notes: list[str] = []
    if late_s > _UNNOTICED_S:
        notes.append(f"begins {late_s:.2f} s late, after the same speaker's line before it")
    if lost_s > _UNNOTICED_S:
        notes.append(f"its last {lost_s:.2f} s are not heard, because the same speaker goes on")
    if max(late_s, lost_s) < _ROUNDING_S:
        return Place(take.start_s, take.duration_s)
    return Place(start_s, end_s - start_s, "; ".join(notes))
