"""The GE2E speaker encoder in numpy.

Wan et al., "Generalized end-to-end loss for speaker verification" (2018), with the weights of Resemblyzer 0.1.4
(Apache-2.0; NOTICE beside them), halved in precision by `scripts/convert_voice_encoder.py`: three LSTM layers over mel
spectra of 1.6 s, 1.42 million parameters, trained on English by 7 500 people.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Samples = NDArray[np.float32]
Vectors = NDArray[np.float32]
"""One voice a row, of unit length; none of the figures is negative."""

RATE_HZ = 16_000
WINDOW_S = 1.6
"""What the network hears at a time, as it was trained; less is padded with silence."""
_HOP, _FRAME = RATE_HZ // 100, RATE_HZ // 40
_WINDOW = round(WINDOW_S * RATE_HZ) // _HOP
_STEP = _WINDOW // 2
_BANDS, _HIGHEST_HZ = 40, RATE_HZ / 2
_LEVEL = 10 ** (-30 / 20)  # of speech: the spectra are not logarithmic
_LAYERS = ("l0", "l1", "l2")
_BATCH = 64


class VoiceEncoder:
    """Turns speech into voices: 256 figures that are alike, by their cosine, where the speaker is the same."""

    model = "ge2e-resemblyzer-1"

    def __init__(self) -> None:
        with files("shared.voices").joinpath("ge2e.npz").open("rb") as file, np.load(file) as weights:
            tensors = {name: weights[name].astype(np.float32) for name in weights.files}
        self._layers = [
            (
                _regated(tensors[f"lstm.weight_ih_{layer}"]),
                _regated(tensors[f"lstm.weight_hh_{layer}"]),
                _regated(tensors[f"lstm.bias_ih_{layer}"] + tensors[f"lstm.bias_hh_{layer}"]),
            )
            for layer in _LAYERS
        ]
        self._threads = ThreadpoolController()
        self._output = np.ascontiguousarray(tensors["linear.weight"].T), tensors["linear.bias"]

    def embed(self, sounds: Sequence[Samples], report: Callable[[float], None] = lambda _: None) -> Vectors:
        """The voice of each of `sounds`, one person's speech each at 16 kHz: the mean over windows of 1.6 s.

        Zeros for a sound in which nothing is heard. `report` is called with the fraction done.
        """
        windows = [_windows(_mel(levelled(sound))) for sound in sounds]
        owners = np.repeat(np.arange(len(sounds)), [len(own) for own in windows])
        found = np.zeros((len(sounds), len(self._output[1])), np.float32)
        every = [window for own in windows for window in own]
        for start in range(0, len(every), _BATCH):
            report(start / len(every))
            with self._threads.limit(limits=1, user_api="blas"):  # products this small cost ten times more in several
                heard = self._hear(np.stack(every[start : start + _BATCH]))
            np.add.at(found, owners[start : start + _BATCH], heard)
        return unit(found)

    def _hear(self, mels: NDArray[np.float32]) -> Vectors:
        """A batch of windows (window, frame, band) to vectors."""
        sequence = mels.transpose(1, 0, 2)
        for inward, recurrent, bias in self._layers:
            sequence = _lstm(sequence, inward, recurrent, bias)
        weight, bias = self._output
        return unit(np.maximum(sequence[-1] @ weight + bias, 0))


def unit(vectors: Vectors) -> Vectors:
    """`vectors` at length 1, zeros as they are."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled


def levelled(samples: Samples) -> Samples:
    """As loud as what the network was trained on, where it is less."""
    level = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    return samples * np.float32(_LEVEL / level) if 0 < level < _LEVEL else samples


def _regated(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    """A tensor of PyTorch's, turned for multiplication from the left: its gates input, forget, cell, output become
    input, forget, output, cell, so that those with a sigmoid lie side by side."""
    into, forget, cell, out = np.split(tensor, 4)
    return np.ascontiguousarray(np.concatenate([into, forget, out, cell]).T)


def _lstm(
    sequence: NDArray[np.float32],
    inward: NDArray[np.float32],
    recurrent: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> NDArray[np.float32]:
    """One layer over (frame, window, feature)."""
    steps, batch, _ = sequence.shape
    size = recurrent.shape[0]
    inputs = sequence @ inward + bias
    hidden, cell = np.zeros((batch, size), np.float32), np.zeros((batch, size), np.float32)
    outputs = np.empty((steps, batch, size), np.float32)
    for step in range(steps):
        gates = inputs[step] + hidden @ recurrent
        gates[:, : 3 * size] *= 0.5  # the sigmoid is a hyperbolic tangent of half the size
        np.tanh(gates, out=gates)
        opened = 0.5 * gates[:, : 3 * size] + 0.5
        cell = opened[:, size : 2 * size] * cell + opened[:, :size] * gates[:, 3 * size :]
        hidden = opened[:, 2 * size :] * np.tanh(cell)
        outputs[step] = hidden
    return outputs


def _windows(mel: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Windows that overlap by half; a last one, unless it is the only one, where three quarters of it are filled."""
    if not len(mel) or not mel.any():
        return []
    last = max(0, len(mel) - round(0.75 * _WINDOW))
    starts = range(0, last + 1, _STEP)
    padded = np.pad(mel, ((0, max(0, starts[-1] + _WINDOW - len(mel))), (0, 0)))
    return [padded[start : start + _WINDOW] for start in starts]


def _mel(samples: Samples) -> NDArray[np.float32]:
    """Power in each band every 10 ms, as librosa computes it."""
    if not len(samples):
        return np.zeros((0, _BANDS), np.float32)
    padded = np.pad(samples, _FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    spectrum = np.abs(np.fft.rfft(frames * _hann(), axis=1)) ** 2
    return (spectrum @ _bank()).astype(np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)).astype(np.float32)


@cache
def _bank() -> NDArray[np.float32]:
    """Triangles on Slaney's scale, linear up to 1 kHz and logarithmic above, each of area 1: (frequency, band)."""
    edges = _to_hz(np.linspace(0, _to_mel(_HIGHEST_HZ), _BANDS + 2))
    hz = np.fft.rfftfreq(_FRAME, 1 / RATE_HZ)
    rising = (hz[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hz[:, None]) / np.diff(edges)[1:]
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])
    return triangles.astype(np.float32)


_LINEAR_HZ, _MEL_HZ = 1000.0, 200 / 3
_LOG_STEP = np.log(6.4) / 27


def _to_mel(hz: float) -> float:
    return float(_LINEAR_HZ / _MEL_HZ + np.log(hz / _LINEAR_HZ) / _LOG_STEP)


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = mel - _LINEAR_HZ / _MEL_HZ
    return np.where(above > 0, _LINEAR_HZ * np.exp(_LOG_STEP * np.maximum(above, 0)), mel * _MEL_HZ)
