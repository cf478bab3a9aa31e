"""Compare the times of subtitles with the speech that is heard: late or early ones, and those of another speed.

Both are compared as bars of 50 ms, and the shift with the best agreement is used (as ffsubsync does). Only clear cases
are reported: speech of which almost nothing is known proves nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.diarizer.engines import Span
from shared.transcript import Timing

_STEP_S = 0.05
_MOST_SHIFT_S = 120.0
_FEWEST_CUES, _LEAST_SPEECH_S = 3, 3.0
_LEAST_SHIFT_S = 0.5
_LEAST_GAIN = 0.15
"""The gain in agreement (-1 to 1) that shifted subtitles must reach over unshifted ones."""
_RATE_GAIN = 0.08
"""The gain that another speed must reach over the best shift alone; shifts alone explain most files."""
_LEAST_AGREEMENT = 0.4
_LEAST_OVERLAP = 0.45
_FEW_CUES, _FEW_OVERLAP = 12, 0.6
"""A few cues can match some speech by chance; the agreement must exceed that."""
_RATES = (25 / 23.976, 23.976 / 25, 25 / 24, 24 / 25, 24 / 23.976, 23.976 / 24)
"""Frame rates that files are converted between."""
_LEAST_DRIFT_S = 1.0
_SAME_START_S = 0.75
"""The largest distance between the starts of a cue and of speech that count as the same."""

_Bars = NDArray[np.float64]


def compare(cues: Sequence[Span], speech: Sequence[Span], duration_s: float) -> Timing | None:
    """The shift that aligns `cues` with `speech`; None if they fit, or if it is unclear."""
    speech_s = sum(span.end_s - span.start_s for span in speech)
    if len(cues) < _FEWEST_CUES or speech_s < _LEAST_SPEECH_S:
        return None
    length = int(max(duration_s, max(cue.end_s for cue in cues)) * max(_RATES) / _STEP_S) + 2
    heard = _bars(speech, length)
    as_they_are = _bars(cues, length)
    now = _agreement(as_they_are, heard)
    shift, best = _best_shift(as_they_are, heard)
    rate = 1.0
    for other in _RATES:
        if abs(other - 1) * duration_s < _LEAST_DRIFT_S:
            continue
        at, agreed = _best_shift(_bars(_moved(cues, 0.0, other), length), heard)
        if agreed > best + (_RATE_GAIN if rate == 1.0 else 0.0):
            shift, best, rate = at, agreed, other
    shift_s = shift * _STEP_S
    shift_s = round(shift_s + _late_by(_moved(cues, shift_s, rate), speech), 2)
    if best < max(_LEAST_AGREEMENT, now + _LEAST_GAIN) or (rate == 1.0 and abs(shift_s) < _LEAST_SHIFT_S):
        return None
    moved = _bars(_moved(cues, shift_s, rate), length)
    before, after = _overlap(as_they_are, heard), _overlap(moved, heard)
    if after < max(_FEW_OVERLAP if len(cues) < _FEW_CUES else _LEAST_OVERLAP, before + _LEAST_GAIN):
        return None
    return Timing(shift_s=shift_s, rate=round(rate, 6), overlap=before, overlap_shifted=after)


def _moved(cues: Sequence[Span], shift_s: float, rate: float) -> list[Span]:
    return [Span(max(0.0, cue.start_s * rate + shift_s), max(0.0, cue.end_s * rate + shift_s)) for cue in cues]


def _late_by(cues: Sequence[Span], speech: Sequence[Span]) -> float:
    """By how much speech begins after its cues, by the median: cues stay longer than speech, and begin with it."""
    starts = np.array(sorted(span.start_s for span in speech))
    begins = np.array([cue.start_s for cue in cues if cue.start_s > 0])
    after = np.clip(np.searchsorted(starts, begins), 1, max(1, len(starts) - 1))
    pairs = np.stack([starts[after - 1], starts[np.minimum(after, len(starts) - 1)]]) - begins
    differences = np.where(np.abs(pairs[0]) <= np.abs(pairs[1]), pairs[0], pairs[1])
    near = differences[np.abs(differences) <= _SAME_START_S]
    return float(np.median(near)) if len(near) >= _FEWEST_CUES else 0.0


def _bars(spans: Sequence[Span], length: int) -> _Bars:
    bars = np.zeros(length)
    for span in spans:
        bars[int(span.start_s / _STEP_S) : max(int(span.start_s / _STEP_S) + 1, int(span.end_s / _STEP_S))] = 1.0
    return bars


def _best_shift(cues: _Bars, heard: _Bars) -> tuple[int, float]:
    """The shift in steps at which the two agree best, and how well."""
    most = min(len(cues) - 1, int(_MOST_SHIFT_S / _STEP_S))
    size = 1 << (2 * len(cues) - 1).bit_length()
    common = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(cues, size)), size)
    shifts = np.arange(-most, most + 1)
    shared = common[shifts % size]
    # Anything shifted beyond an end is lost, which costs agreement: the sum of what stays inside is looked up.
    sums = np.concatenate([[0.0], np.cumsum(cues)])
    kept = np.where(shifts >= 0, sums[len(cues) - np.abs(shifts)], sums[-1] - sums[np.abs(shifts)])
    scores = _correlation(shared, kept, heard.sum(), len(cues))
    best = int(np.argmax(scores - np.abs(shifts) * 1e-9))
    return int(shifts[best]), float(scores[best])


def _agreement(cues: _Bars, heard: _Bars) -> float:
    return float(_correlation(np.array([float(cues @ heard)]), np.array([cues.sum()]), heard.sum(), len(cues))[0])


def _correlation(shared: _Bars, kept: _Bars, heard: float, length: int) -> _Bars:
    """Pearson's, of two rows of zeros and ones, from what they share and how much each has."""
    spread = kept * (length - kept) * heard * (length - heard)
    found: _Bars = (length * shared - kept * heard) / np.sqrt(np.maximum(spread, 1e-9))
    return np.where(spread > 0, found, 0.0)


def _overlap(cues: _Bars, heard: _Bars) -> float:
    either = np.maximum(cues, heard).sum()
    return round(float(np.minimum(cues, heard).sum() / either), 4) if either else 0.0
