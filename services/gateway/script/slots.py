"""The time a line may take, and where its take is heard.

A line has its own span and silence borrowed after and before it, but never its speaker's next line. Overlapping speech
of different speakers stays overlapping and is heard in full; one speaker's lines never overlap.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from shared.pipeline import FitLimits
from shared.transcript import Decision

LEAD_S = 0.3
"""The most a line may begin before its original: more than the lips forgive, but not yet noticed as a jump."""

KEPT_S = 0.7
"""How much of a silence is reserved for the line before it; only the rest lets the next line begin early."""


@dataclass(frozen=True)
class Span:
    """When a segment is spoken, and by whom."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str
    omission: Decision | None = None
    """Why nobody says it, if nobody does: it then takes no time from those who speak."""


@dataclass(frozen=True)
class Room:
    """Where a line may be heard: in its slot, in `gap_s` of silence after it, at worst `lead_s` before it."""

    start_s: float
    end_s: float
    gap_s: float
    lead_s: float

    @property
    def slot_s(self) -> float:
        """The length of the slot alone."""
        return self.end_s - self.start_s

    def with_gap_s(self, limits: FitLimits) -> float:
        """The slot and the silence after it that may be borrowed."""
        return self.slot_s + max(0.0, self.gap_s - limits.guard_s)


def rooms(spans: Sequence[Span], duration_s: float) -> dict[str, Room]:
    """The room of every span.

    Silence after a line is lent until anyone's next start, or until the end of the video, and not at all while somebody
    else is still speaking. The end of a long silence belongs to the line that follows: nothing is lent twice.
    """
    said = [span for span in spans if span.omission is None]
    ordered = sorted(apart(said), key=lambda span: span.start_s)
    starts = [span.start_s for span in ordered]
    latest = list(accumulate((span.end_s for span in ordered), max))
    leads = [_lead(starts, latest, start) for start in starts]
    found = {span.segment_id: Room(span.start_s, span.end_s, 0.0, 0.0) for span in spans if span.omission}
    for number, span in enumerate(ordered):
        following = bisect_left(starts, span.end_s)
        somebody_goes_on = following > 0 and latest[following - 1] > span.end_s
        limit = starts[following] - leads[following] if following < len(starts) else duration_s
        gap_s = 0.0 if somebody_goes_on else max(0.0, limit - span.end_s)
        found[span.segment_id] = Room(span.start_s, span.end_s, gap_s, leads[number])
    return found


def _lead(starts: Sequence[float], latest: Sequence[float], start: float) -> float:
    """The part of the silence before `start` that a line beginning there may use."""
    before = bisect_left(starts, start)
    if before == 0:
        return min(LEAD_S, start)
    return min(LEAD_S, max(0.0, start - latest[before - 1] - KEPT_S))


def apart(spans: Sequence[Span]) -> list[Span]:
    """`spans` with those of each speaker one after the other, in the order in which they begin.

    If two overlap, the first ends where the second begins, but keeps its first half; a second that would begin before
    that begins there, and keeps at least half of its length.
    """
    by_speaker: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        if span.omission is None:
            by_speaker[span.speaker_id].append(span)
    moved: dict[str, Span] = {}
    for own in by_speaker.values():
        own.sort(key=lambda span: (span.start_s, span.end_s, span.segment_id))
        for first, second in pairwise(own):
            current = moved.get(first.segment_id, first)
            if current.end_s <= second.start_s:
                continue
            border_s = max(second.start_s, (current.start_s + current.end_s) / 2)
            end_s = second.end_s
            if border_s > second.start_s:
                end_s = max(end_s, border_s + (second.end_s - second.start_s) / 2)
            moved[first.segment_id] = replace(current, end_s=border_s)
            moved[second.segment_id] = replace(second, start_s=border_s, end_s=end_s)
    return [moved.get(span.segment_id, span) for span in spans]


LONGEST_DELAY_S = 0.5
"""How late a line may begin because its speaker's previous line runs on; up to that, all words are kept.

Twice the quarter of a second after which late sound is noticed, and short enough to be made up for in the next silence;
anything later is cut, so that no delay ever grows.
"""

_UNNOTICED_S = 0.005
"""Too little to report; the take is moved or cut by it nevertheless."""
_ROUNDING_S = 1e-9


@dataclass(frozen=True)
class Take:
    """The audio of a line, and when it should begin; `fixed`: original audio, which stays where it is."""

    segment_id: str
    speaker_id: str
    start_s: float
    duration_s: float
    fixed: bool = False


@dataclass(frozen=True)
class Place:
    """When a take is heard; `note` tells people how this differs from what was wanted."""

    start_s: float
    duration_s: float
    note: str = ""


def arrange(takes: Sequence[Take]) -> dict[str, Place]:
    """Place every take so that those of each speaker follow one another.

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
    """When each take has to end: before the next one would be delayed too long, and before any original audio."""
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


_TOUCH_S = 0.01


def is_crowded(end_s: float, take_end_s: float, starts: Sequence[float]) -> bool:
    """Whether a take that continues past its line's end runs into the beginning of another line.

    `starts` are those of all lines, in order.
    """
    following = bisect_left(starts, end_s)
    return following < len(starts) and starts[following] < take_end_s - _TOUCH_S
