"""Fundamental frequency of speech by YIN (de Cheveigne and Kawahara, JASA 111, 2002), in numpy."""

import numpy as np
from numpy.typing import NDArray

from services.diarizer.recording import SPEECH_RATE_HZ, Samples

HOP_S = 0.01
_HOP = round(HOP_S * SPEECH_RATE_HZ)
_WINDOW = round(0.04 * SPEECH_RATE_HZ)
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 400.0
_LAG_MIN, _LAG_MAX = int(SPEECH_RATE_HZ / _HIGHEST_HZ), int(SPEECH_RATE_HZ / _LOWEST_HZ) + 2
_DIP = 0.15  # the paper's absolute threshold for taking the first dip instead of the deepest
_APERIODIC = 0.25  # a frame without a deeper dip is unvoiced
_FLOOR_DB = 35.0  # frames this far below the loudest one are unvoiced
_SILENCE_DB = -80.0
_BATCH = 1024

_Array = NDArray[np.float64]


def pitch(samples: Samples) -> NDArray[np.float32]:
    """Measure the fundamental frequency of 16 kHz speech: Hz per frame of 10 ms, 0 where unvoiced."""
    frames = -(-len(samples) // _HOP)
    padded = np.pad(samples, (_WINDOW // 2, _WINDOW + _LAG_MAX + _HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW + _LAG_MAX)
    hz, power_db = np.zeros(frames, np.float32), np.full(frames, _SILENCE_DB, np.float32)
    for first in range(0, frames, _BATCH):
        batch = slice(first, min(frames, first + _BATCH))
        hz[batch], power_db[batch] = _batch(windows[np.arange(batch.start, batch.stop) * _HOP])
    floor_db = max(_SILENCE_DB, float(power_db.max(initial=_SILENCE_DB)) - _FLOOR_DB)
    hz[power_db <= floor_db] = 0
    return hz


def _batch(frames: Samples) -> tuple[_Array, _Array]:
    difference, energy = _difference(frames)
    lags = np.arange(1, _LAG_MAX + 1)
    normalized = difference * lags / np.maximum(np.cumsum(difference, axis=1), 1e-12)
    dip = _first_dip(normalized[:, _LAG_MIN - 1 : _LAG_MAX - 1]) + _LAG_MIN - 1
    depth = normalized[np.arange(len(frames)), dip]
    hz = SPEECH_RATE_HZ / (_refine(normalized, dip) + 1)
    return np.where(depth < _APERIODIC, hz, 0.0), 10 * np.log10(energy / _WINDOW + 1e-12)


def _difference(frames: Samples) -> tuple[_Array, _Array]:
    """YIN's difference function for lags 1..`_LAG_MAX` (one column each), and the energy of each window."""
    size = 1 << (2 * _WINDOW + _LAG_MAX).bit_length()
    spectrum = np.conj(np.fft.rfft(frames[:, :_WINDOW], size)) * np.fft.rfft(frames, size)
    correlation = np.fft.irfft(spectrum, size)[:, : _LAG_MAX + 1]
    squares = np.cumsum(np.pad(frames.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energy = squares[:, _WINDOW]
    shifted = squares[:, _WINDOW : _WINDOW + _LAG_MAX + 1] - squares[:, : _LAG_MAX + 1]
    return np.maximum(energy[:, None] + shifted - 2 * correlation, 0)[:, 1:], energy


def _first_dip(normalized: _Array) -> NDArray[np.intp]:
    """The bottom of the first dip below the threshold in each row, else the deepest point."""
    rows = np.arange(len(normalized))
    below = normalized < _DIP
    at = np.where(below.any(axis=1), below.argmax(axis=1), normalized.argmin(axis=1))
    descends = np.ones(len(at), bool)
    while descends.any():
        after = np.minimum(at + 1, normalized.shape[1] - 1)
        descends = normalized[rows, after] < normalized[rows, at]
        at = np.where(descends, after, at)
    return np.asarray(at, np.intp)


def _refine(normalized: _Array, dip: NDArray[np.intp]) -> _Array:
    """Place each dip between samples by a parabola through its neighbours."""
    rows = np.arange(len(normalized))
    middle = np.clip(dip, 1, normalized.shape[1] - 2)
    left, centre, right = (normalized[rows, middle + shift] for shift in (-1, 0, 1))
    curve = left - 2 * centre + right
    flat = np.abs(curve) < 1e-9
    shift = np.where(flat, 0.0, 0.5 * (left - right) / np.where(flat, 1.0, curve))
    return np.asarray(middle + np.clip(shift, -1, 1), np.float64)
