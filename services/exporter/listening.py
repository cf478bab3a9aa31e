"""Measures a mix while it is made: what is left of the original where nobody speaks, and how loud every line is.

The original's own energy in passages without speech is compared with what became of it, by the best constant gain: a
dub as a whole is made louder or quieter, which does not change the passage itself.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from services.exporter.ducking import Duck
from services.exporter.layouts import Layout
from services.exporter.lines import is_dubbed, source_span, take_span
from services.exporter.loudness import LoudnessMeter, Samples
from services.exporter.spans import Span, union, without
from shared.messaging import TimelineLine

FLOOR_DB = -120.0
"""Below this, nothing meaningful is left."""


class Places:
    """Stretches of time that do not overlap, found by sample number."""

    def __init__(self, spans: Sequence[Span], rate_hz: int) -> None:
        self._places = [(round(span.start_s * rate_hz), round(span.end_s * rate_hz)) for span in spans]

    def within(self, start: int, count: int) -> Iterator[slice]:
        """The parts inside them of a block of `count` samples from number `start` on."""
        first = bisect_right(self._places, start, key=lambda place: place[1])
        for begin, end in self._places[first:]:
            if begin >= start + count:
                return
            yield slice(max(0, begin - start), min(count, end - start))


class Listener:
    """Takes a mix block by block and returns figures afterwards."""

    def __init__(
        self, lines: Sequence[TimelineLine], ducks: Sequence[Duck], layout: Layout, length_s: float, rate_hz: int
    ) -> None:
        dubbed = [line for line in lines if is_dubbed(line)]
        voices = union(take_span(line) for line in dubbed)
        busy = union([*voices, *(Span(duck.fall_s, duck.full_s) for duck in ducks)])
        self._untouched = Places(without([Span(0.0, length_s)], busy), rate_hz)
        self._spoken = Places(union(source_span(line) for line in dubbed), rate_hz)
        spans = [take_span(line) for line in dubbed]
        self._lines = [(round(span.start_s * rate_hz), round(span.end_s * rate_hz)) for span in spans]
        self._lufs: list[float | None] = [None] * len(dubbed)
        self._meters: dict[int, LoudnessMeter] = {}  # of the lines that are heard at the moment
        self._rate_hz, self._weights = rate_hz, layout.weights
        self._order = sorted(range(len(dubbed)), key=lambda number: self._lines[number])
        self._next = 0
        self._original = self._residual = self._bed = self._voices = 0.0

    def hear(self, start: int, original: Samples | None, bed: Samples | None, voices: float, mixed: Samples) -> None:
        """Take a block from sample number `start` on, before any gain: `voices` is the energy of the voices."""
        self._voices += voices
        if original is not None and bed is not None:
            for part in self._untouched.within(start, len(mixed)):
                self._original += energy(original[part])
                self._residual += energy(mixed[part] - original[part])
            for part in self._spoken.within(start, len(mixed)):
                self._bed += energy(bed[part])
        self._hear_lines(start, mixed)

    def _hear_lines(self, start: int, mixed: Samples) -> None:
        end = start + len(mixed)
        while self._next < len(self._order) and self._lines[self._order[self._next]][0] < end:
            self._meters[self._order[self._next]] = LoudnessMeter(self._rate_hz, self._weights)
            self._next += 1
        for number, meter in list(self._meters.items()):
            first, last = self._lines[number]
            meter.add(mixed[max(0, first - start) : max(0, last - start)])
            if last <= end:
                self._lufs[number] = self._meters.pop(number).lufs()

    def lines_lufs(self) -> list[float | None]:
        """How loud each dubbed line is in the mix, with everything else that is heard, before any gain."""
        for number, meter in self._meters.items():  # cut off by the end of the video
            self._lufs[number] = meter.lufs()
        return list(self._lufs)

    def leakage_db(self) -> float | None:
        """Energy of the bed during replaced speech, relative to that of the voices; None if one is silent.

        If the bed is the ducked original, this is an upper bound for leaking speech, since music counts too.
        """
        return ratio_db(self._bed, self._voices)

    def residual_db(self, limiting: "Limiting") -> float | None:
        """What differs from the original where nobody speaks, below the original; None where it is silent or absent."""
        return ratio_db(self._residual + limiting.residual, self._original)

    def limiting(self, gain: float) -> "Limiting":
        """Measure what a limiter changes after `gain`, in the same passages."""
        return Limiting(self._untouched, gain)


class Limiting:
    """Adds up what was changed after a constant gain, brought back to the level before it."""

    def __init__(self, untouched: Places, gain: float) -> None:
        self._untouched, self._gain = untouched, gain
        self.residual = 0.0

    def hear(self, start: int, before: Samples, after: Samples) -> None:
        """Compare a block with its limited form."""
        for part in self._untouched.within(start, len(after)):
            self.residual += energy(after[part] - before[part]) / self._gain**2


def energy(samples: NDArray[np.float32]) -> float:
    """Sum of squares."""
    flat = samples.reshape(-1)
    return float(np.dot(flat, flat))


def ratio_db(part: float, whole: float) -> float | None:
    """`part` below `whole` in dB, both energies, not below `FLOOR_DB`; None where `whole` is nothing."""
    if whole <= 0:
        return None
    return max(FLOOR_DB, 10 * math.log10(part / whole)) if part > 0 else FLOOR_DB
