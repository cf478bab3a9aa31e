"""How loud the original is at every moment: down under the voices, up between them.

The lines are known before the mix begins, so the level goes down before a voice starts, and nothing has to be detected:
no threshold, no pumping. A ramp is a raised cosine in decibels.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.exporter.lines import is_dubbed, source_span, take_span
from services.exporter.spans import Span, union, without
from shared.messaging import TimelineLine


class Duck(NamedTuple):
    """The original goes down from `fall_s` to `low_s` and comes back from `rise_s` to `full_s`."""

    fall_s: float
    low_s: float
    rise_s: float
    full_s: float


def plan_ducks(lines: Iterable[TimelineLine], attack_s: float, release_s: float) -> list[Duck]:
    """Decide when the original is quiet: under every take and under the original of every dubbed line.

    Where a line without a take is spoken and no take is heard, the original keeps its full level, if necessary with a
    ramp under its neighbour; the same goes for sounds and music between the lines, but not for text that is only read.
    Pauses that are too short for a full return stay down.
    """
    lines = list(lines)
    voices = union(take_span(line) for line in lines if is_dubbed(line))
    replaced = union([*voices, *(source_span(line) for line in lines if is_dubbed(line))])
    kept = union(
        [
            *without(union(source_span(line) for line in lines if not is_dubbed(line) and not line.omitted), voices),
            *without(union(source_span(line) for line in lines if line.omitted and line.omitted.is_heard), replaced),
        ]
    )
    quiet: list[Span] = []
    for span in without(replaced, kept):
        if quiet and span.start_s - quiet[-1].end_s < attack_s + release_s and not _between(quiet[-1], span, kept):
            quiet[-1] = Span(quiet[-1].start_s, span.end_s)
        else:
            quiet.append(span)
    return [_duck(span, attack_s, release_s, kept) for span in quiet]


def _between(before: Span, after: Span, kept: Sequence[Span]) -> bool:
    position = bisect_right(kept, before.end_s, key=lambda span: span.end_s)
    return position < len(kept) and kept[position].start_s < after.start_s


def _duck(span: Span, attack_s: float, release_s: float, kept: Sequence[Span]) -> Duck:
    """Ramps around `span`, moved into it if a kept line is closer than the length of the ramp."""
    position = bisect_right(kept, span.start_s, key=lambda hold: hold.start_s)
    not_before = kept[position - 1].end_s if position else -attack_s
    not_after = kept[position].start_s if position < len(kept) else span.end_s + release_s
    fall_s, full_s = max(span.start_s - attack_s, not_before), min(span.end_s + release_s, not_after)
    share = min(1.0, (full_s - fall_s) / (attack_s + release_s))
    return Duck(fall_s, fall_s + attack_s * share, full_s - release_s * share, full_s)


class DuckCurve:
    """The gain of the original, sample by sample, from a plan of ducks."""

    def __init__(self, ducks: Sequence[Duck], duck_db: float, sample_rate_hz: int) -> None:
        self.ducks, self._duck_db, self._rate_hz = ducks, duck_db, sample_rate_hz

    def gains(self, start: int, count: int) -> NDArray[np.float32] | None:
        """Linear gains of the `count` samples from number `start` on; None if all are 1."""
        depths = self.depths(start, count)
        if depths is None:
            return None
        gains: NDArray[np.float32] = np.power(np.float32(10), depths * np.float32(self._duck_db / 20))
        return gains

    def depths(self, start: int, count: int) -> NDArray[np.float32] | None:
        """How far down the original is, from 0 (full level) to 1 (ducked); None if it is not down anywhere."""
        first = bisect_right(self.ducks, start / self._rate_hz, key=lambda duck: duck.full_s)
        depths: NDArray[np.float32] | None = None
        for duck in self.ducks[first:]:
            if duck.fall_s * self._rate_hz >= start + count:
                break
            depths = np.zeros(count, np.float32) if depths is None else depths
            self._deepen(depths, start, duck)
        return depths

    def _deepen(self, depths: NDArray[np.float32], start: int, duck: Duck) -> None:
        """Apply `duck` to a part of `depths` (0: full level, 1: ducked)."""
        fall, low, rise, full = (round(moment * self._rate_hz) - start for moment in duck)
        depths[max(0, low) : max(0, rise)] = 1.0
        for begin, end, downwards in ((fall, low, True), (rise, full, False)):
            numbers = np.arange(max(0, begin), min(len(depths), end), dtype=np.float32)
            if len(numbers):
                phase = (numbers - begin) / (end - begin)
                curve = 0.5 - 0.5 * np.cos(np.pi * (phase if downwards else 1 - phase))
                part = depths[max(0, begin) : min(len(depths), end)]
                np.maximum(part, curve, out=part)
