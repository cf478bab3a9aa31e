"""The time a line may take: its own span, silence borrowed after it and before it, never its speaker's next line.

Speech of different speakers that overlaps goes on overlapping, to the end of each. One speaker never overlaps himself.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from shared.pipeline import FitLimits
from shared.transcript import Decision

LEAD_S = 0.3
"""The most a line may begin before its original: later than a viewer connects with the lips, earlier than a jump."""

KEPT_S = 0.7
"""What a silence keeps for the line before it; only what is longer may be begun in early by the line after it."""


@dataclass(frozen=True)
class Span:
    """When a segment is spoken, and by whom."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str
    omission: Decision | None = None
    """Why nobody says it, if so: it takes no time from those who speak."""


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

    Silence after a line is lent up to the next start of anyone, or to the end of the video, and not at all while
    somebody else still speaks. The end of a long silence belongs to the line that follows: nothing is lent twice.
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
    """`spans` with those of one speaker one after the other, in the order they begin.

    Where two overlap, the first ends where the second begins, but keeps its first half; a second that would begin
    before that begins then, and keeps at least half of its length.
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
