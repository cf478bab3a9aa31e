"""The DeepFilterNet3 network on onnxruntime: which part of a spectrum is speech.

The signal processing around the network (frames, loudness of bands, normalization) is that of libDF 0.5.6, with which
it was trained (https://github.com/Rikorose/DeepFilterNet); the numbers are those of the `config.ini` published with the
weights.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state

RATE_HZ = 48_000
HOP = 480
AHEAD = 4
"""Look-ahead frames: two for the network, two for its filter."""
FILES = ("enc.onnx", "erb_dec.onnx", "df_dec.onnx")

_SIZE = 2 * HOP
_BANDS, _LOW_BINS, _TAPS, _LOOKAHEAD = 32, 96, 5, 2
_KEPT = 0.99  # of the running loudness from frame to frame: a time constant of one second
_FEWEST_BINS = 2  # in a band
_REFUSALS = (state.Fail, state.InvalidProtobuf, state.InvalidGraph, state.InvalidArgument, state.NoSuchFile)
_PHASE = np.sin(np.pi * (np.arange(_SIZE) + 0.5) / _SIZE)
_WINDOW = np.sin(0.5 * np.pi * _PHASE**2)  # Vorbis': its square, shifted by half, adds up to one

Spectrum = NDArray[np.complex128]
"""Frames x bins."""
Loudness = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Running loudness of bands, in dB, and of the low bins."""
Features = tuple[NDArray[np.float64], Spectrum]


def spectrum_of(samples: NDArray[np.floating[Any]]) -> Spectrum:
    """Frames of one channel, each half a frame after the other."""
    frames = sliding_window_view(samples, _SIZE)[::HOP]
    spectrum: Spectrum = np.fft.rfft(frames * _WINDOW, axis=-1) / _SIZE
    return spectrum


def sound_of(spectrum: Spectrum) -> NDArray[np.float64]:
    """The sound of n frames where two of them overlap: n - 1 hops."""
    frames = np.fft.irfft(spectrum, axis=-1) * _SIZE * _WINDOW
    sound: NDArray[np.float64] = (frames[:-1, HOP:] + frames[1:, :HOP]).reshape(-1)
    return sound


def quiet() -> Loudness:
    """The initial loudness with which the network was trained."""
    return np.linspace(-60, -90, _BANDS), np.linspace(0.001, 0.0001, _LOW_BINS)


def features_of(spectrum: Spectrum, before: Loudness) -> tuple[Features, Loudness]:
    """The network's input, and the running loudness after the last frame."""
    power = np.add.reduceat(np.abs(spectrum) ** 2, _EDGES[:-1], axis=1) / _WIDTHS
    bands, low = 10 * np.log10(power + 1e-10), np.abs(spectrum[:, :_LOW_BINS])
    loud, unit = before
    levels, scales = np.empty_like(bands), np.empty_like(low)
    for frame in range(len(spectrum)):
        loud = bands[frame] * (1 - _KEPT) + loud * _KEPT
        unit = low[frame] * (1 - _KEPT) + unit * _KEPT
        levels[frame], scales[frame] = loud, unit
    return ((bands - levels) / 40, spectrum[:, :_LOW_BINS] / np.sqrt(scales)), (loud, unit)


class DeepFilterNet:
    """The network in memory."""

    def __init__(self, folder: Path) -> None:
        """Raises: ValueError, when `folder` does not contain the network."""
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        options.log_severity_level = 3
        try:
            self._encoder, self._bands, self._filter = (
                onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
                for name in FILES
            )
        except _REFUSALS as error:
            raise ValueError(str(error)) from error

    def speech(self, spectrum: Spectrum, features: Features) -> Spectrum:
        """The speech in `spectrum`; its last `AHEAD` frames are only look-ahead and not part of the result.

        High bins are attenuated band by band, low ones filtered over five frames.
        """
        gains, filters = self._run(features)
        count = len(spectrum) - AHEAD
        found = spectrum[:count] * np.repeat(gains[:count], _WIDTHS, axis=1)
        low = np.pad(spectrum[: count + _LOOKAHEAD, :_LOW_BINS], ((_TAPS - 1 - _LOOKAHEAD, 0), (0, 0)))
        found[:, :_LOW_BINS] = (sliding_window_view(low, _TAPS, axis=0) * filters[:count]).sum(axis=-1)
        return found

    def _run(self, features: Features) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
        """Gains of bands and filters of low bins, frame by frame; look-ahead results are moved back to their frame."""
        bands, low = (np.pad(part[_LOOKAHEAD:], ((0, _LOOKAHEAD), (0, 0))) for part in features)
        given = {
            "feat_erb": bands[None, None].astype(np.float32),
            "feat_spec": np.stack([low.real, low.imag])[None].astype(np.float32),
        }
        e0, e1, e2, e3, seen, low_seen, _ = self._encoder.run(None, given)
        (gains,) = self._bands.run(["m"], {"emb": seen, "e3": e3, "e2": e2, "e1": e1, "e0": e0})
        (filters,) = self._filter.run(["coefs"], {"emb": seen, "c0": low_seen})
        pairs = filters[0].reshape(len(bands), _LOW_BINS, _TAPS, 2)
        return gains[0, 0], pairs[..., 0] + 1j * pairs[..., 1]


def _band_widths() -> NDArray[np.intp]:
    """Bins of each band, equally wide on the ear's scale (ERB), as libDF rounds them."""
    scale = 9.265 * np.log1p(RATE_HZ / 2 / (24.7 * 9.265))
    ends_hz = 24.7 * 9.265 * np.expm1(np.arange(1, _BANDS + 1) * scale / _BANDS / 9.265)
    widths, begin, borrowed = [], 0, 0
    for end in np.rint(ends_hz / (RATE_HZ / _SIZE)).astype(int):
        width = int(end) - begin - borrowed
        borrowed = max(0, _FEWEST_BINS - width)
        widths.append(max(width, _FEWEST_BINS))
        begin = int(end)
    widths[-1] += 1 + HOP - sum(widths)
    return np.array(widths)


_WIDTHS = _band_widths()
_EDGES = np.concatenate([[0], np.cumsum(_WIDTHS)])
