"""Where speech without pauses can be cut."""

from collections.abc import Iterator

import numpy as np

from services.diarizer.engines.base import Span
from services.diarizer.recording import Recording, Samples

_SEARCH_S = 5.0


def cut_at_quiet(recording: Recording, span: Span, longest_s: float) -> Iterator[Span]:
    """Cut `span` so that no part is too long, each time at the quietest moment in the last third of the allowed
    length."""
    while span.duration_s > longest_s:
        search_s = min(_SEARCH_S, longest_s / 3)
        from_s = span.start_s + longest_s - search_s
        at_s = from_s + _quietest(recording.read(from_s, from_s + search_s), recording.sample_rate_hz)
        yield Span(span.start_s, at_s)
        span = Span(at_s, span.end_s)
    yield span


def _quietest(samples: Samples, rate_hz: int) -> float:
    """Seconds to the middle of the 100 ms with the least energy."""
    hop = rate_hz // 50
    energy = (samples[: len(samples) // hop * hop].reshape(-1, hop) ** 2).sum(axis=1)
    smooth = np.convolve(energy, np.ones(5), mode="valid")
    return float((smooth.argmin() + 2.5) * hop / rate_hz)
