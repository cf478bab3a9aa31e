"""A true-peak limiter that looks ahead.

Sound is cut into cells of one millisecond. A cell whose peak, including between samples, exceeds the ceiling requires a
gain; the smallest gain required within `REACH` cells, smoothed by a bell of the same reach, is applied. As no average
over a minimum's neighbourhood can exceed what a cell requires, the ceiling holds, and the level changes only within
about 30 ms around a peak: nothing pumps.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

CELL = 48
"""Samples per cell: 1 ms at 48 kHz."""
REACH = 15
MARGIN = (2 * REACH + 1) * CELL
"""Samples that must be known on both sides of the limited part."""
_TAPS = 16
# Up to here (-4 dB under the ceiling) samples are too low for a peak between them to matter.
_SUSPICIOUS = 0.63
_CELLS_AT_ONCE = 512


def _interpolators() -> NDArray[np.float32]:
    """Windowed sinc filters that read a signal at 1/4, 1/2 and 3/4 between two samples (BS.1770-4 annex 2: 4 x)."""
    places = np.arange(_TAPS)[:, None] - (_TAPS / 2 - 1) - np.array([0.25, 0.5, 0.75])
    filters = np.sinc(places) * (0.5 + 0.5 * np.cos(np.pi * places / (_TAPS / 2)))
    normalized: NDArray[np.float32] = (filters / filters.sum(axis=0)).astype(np.float32)
    return normalized


_FILTERS = _interpolators()
_BELL = np.hanning(2 * REACH + 1)[1:-1].astype(np.float32)
_BELL /= _BELL.sum()


def limited(samples: NDArray[np.float32], ceiling: float) -> NDArray[np.float32]:
    """Limit what is between the margins of `samples`.

    `samples` is (MARGIN + n + MARGIN) x channels, n a multiple of `CELL`; n x channels come back, whose true peaks do
    not exceed `ceiling` (linear). Neighbouring stretches limited one by one join without a seam.
    """
    inner = samples[MARGIN:-MARGIN]
    if not len(inner) or np.abs(samples).max() <= ceiling * _SUSPICIOUS:
        return inner
    asked = np.minimum(1.0, ceiling / np.maximum(_cell_peaks(samples, ceiling), 1e-9)).astype(np.float32)
    if asked.min() >= 1.0:
        return inner
    lowest = sliding_window_view(asked, 2 * REACH + 1).min(axis=1)
    nodes = sliding_window_view(lowest, len(_BELL)) @ _BELL
    # nodes[0] belongs to the first sample of cell number 2 * REACH - 1; the inner part begins two cells later
    steps = np.linspace(0, 1, CELL, endpoint=False, dtype=np.float32)
    left, right = nodes[2:-1], nodes[3:]
    count = len(inner) // CELL
    gains = left[:count, None] * (1 - steps) + right[:count, None] * steps
    return inner * gains.reshape(-1, 1)


def _cell_peaks(samples: NDArray[np.float32], ceiling: float) -> NDArray[np.float32]:
    """The highest level in every cell; between samples only where it may exceed the ceiling."""
    cells = len(samples) // CELL
    peaks: NDArray[np.float32] = np.abs(samples[: cells * CELL]).reshape(cells, -1).max(axis=1)
    suspects = np.flatnonzero(peaks > ceiling * _SUSPICIOUS)
    padded = np.pad(samples, ((_TAPS, _TAPS), (0, 0)))
    # one sample before the cell and the taps on both sides
    reach = np.arange(-_TAPS // 2, CELL + _TAPS // 2) + _TAPS
    for first in range(0, len(suspects), _CELLS_AT_ONCE):
        some = suspects[first : first + _CELLS_AT_ONCE]
        around = padded[some[:, None] * CELL + reach]
        between = np.abs(sliding_window_view(around, _TAPS, axis=1) @ _FILTERS)
        peaks[some] = np.maximum(peaks[some], between.max(axis=(1, 2, 3)))
    return peaks
