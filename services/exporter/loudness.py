"""Loudness after EBU R128 / ITU-R BS.1770-4: of single takes, and how to adjust that of a whole mix."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SILENCE_LUFS = -70.0
"""The absolute gate: anything quieter has no loudness."""
TOLERANCE_LU = 0.5
DUAL_MONO_LU = 10 * math.log10(2)
"""The gain in loudness when one signal is played on two channels."""
_BLOCK_S = 0.4
_OFFSET_LU = -0.691
# The two filters of K-weighting at 48 kHz, BS.1770-4 tables 1 and 2.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_VOICE_GAIN_DB = 12.0
_EVEN_DB = 6.0
# An AAC encoder changes peaks by a few tenths of a decibel; the first try leaves this much room for that.
_CODEC_MARGIN_DB = 0.7
_EXTRA_MARGIN_DB = 0.2


@dataclass(frozen=True)
class Loudness:
    """A meter's readings; None for pure silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None


def voice_gain_db(speech_lufs: float | None, takes_lufs: float | None) -> float:
    """Gain that makes the takes as loud as the speech they replace, at most 12 dB up or down; 0 if unknown.

    Without it, the music between the lines of a loud video would drown the voices, and in a quiet video the voices
    would stand out from lines that kept the original.
    """
    if speech_lufs is None or takes_lufs is None:
        return 0.0
    return max(-_VOICE_GAIN_DB, min(_VOICE_GAIN_DB, speech_lufs - takes_lufs))


def evening_db(takes_lufs: Sequence[float | None]) -> list[float]:
    """Gains that make takes equally loud, at most 6 dB up or down; silent ones are unchanged.

    A take may be quieter than intended if a single peak limited its level.
    """
    mean = mean_lufs(takes_lufs)
    if mean is None:
        return [0.0] * len(takes_lufs)
    return [0.0 if lufs is None else max(-_EVEN_DB, min(_EVEN_DB, mean - lufs)) for lufs in takes_lufs]


@dataclass(frozen=True)
class Levels:
    """The adjustment of a mix: gain, then a limit for its true peaks, both in dB."""

    gain_db: float
    ceiling_dbtp: float


def first_levels(mix_lufs: float | None, target_lufs: float, peak_dbtp: float) -> Levels:
    """Bring a measured mix to the target; a silent one is unchanged."""
    gain_db = 0.0 if mix_lufs is None else target_lufs - mix_lufs
    return Levels(gain_db, peak_dbtp - _CODEC_MARGIN_DB)


def on_target(measured: Loudness, target_lufs: float, peak_dbtp: float) -> bool:
    """Whether an encoded track is within its targets; a silent track always is."""
    return reached(measured, target_lufs) is not False and (measured.true_peak_dbtp or -math.inf) <= peak_dbtp


def reached(measured: Loudness, target_lufs: float) -> bool | None:
    """Whether the loudness is on target; None if it has none."""
    if measured.integrated_lufs is None:
        return None
    return abs(measured.integrated_lufs - target_lufs) <= TOLERANCE_LU


def corrected(levels: Levels, measured: Loudness, target_lufs: float, peak_dbtp: float) -> Levels:
    """Levels for the second try: compensate what limiting removed and what the encoder added to the peaks."""
    miss_lu = 0.0 if measured.integrated_lufs is None else target_lufs - measured.integrated_lufs
    excess_db = -math.inf if measured.true_peak_dbtp is None else measured.true_peak_dbtp - peak_dbtp
    ceiling = levels.ceiling_dbtp - (excess_db + _EXTRA_MARGIN_DB if excess_db > 0 else 0.0)
    return Levels(levels.gain_db + miss_lu, ceiling)


class LoudnessMeter:
    """Integrated loudness of a signal that comes in pieces, each frames x channels.

    `channels` are the weights of the channels, all 1 if None. Blocks overlap as in the standard only if `overlap` is 4,
    which is worth its cost if a signal has few of them.
    """

    def __init__(self, sample_rate_hz: int, channels: Sequence[float] | None = None, overlap: int = 1) -> None:
        self._block = round(_BLOCK_S * sample_rate_hz)
        self._hop = self._block // overlap
        self._weights = _k_weights(self._block, sample_rate_hz)
        self._channels = None if channels is None else np.asarray(channels, np.float64)
        self._rest: Samples | None = None
        self._powers: list[float] = []

    def add(self, samples: Samples) -> None:
        """Take in the next samples."""
        if self._rest is not None:
            samples = np.concatenate([self._rest, samples])
        whole = max(0, (len(samples) - self._block) // self._hop + 1)
        if whole:
            self._powers += self._weigh(samples[: (whole - 1) * self._hop + self._block])
        self._rest = samples[whole * self._hop :].copy()  # a view would keep the whole piece

    def lufs(self) -> float | None:
        """The gated loudness so far; a signal of less than one block (0.4 s) is measured as it is."""
        powers = self._powers
        if not powers and self._rest is not None and len(self._rest):
            padded = np.pad(self._rest, ((0, self._block - len(self._rest)), (0, 0)))
            powers = [self._weigh(padded)[0] * self._block / len(self._rest)]
        return gated(powers)

    def _weigh(self, samples: Samples) -> list[float]:
        """Mean squares of K-weighted blocks, by Parseval: only the power is needed, so nothing is filtered."""
        blocks = sliding_window_view(samples.T, self._block, axis=1)[:, :: self._hop]
        spectrum = np.fft.rfft(blocks, axis=2)
        energy = (spectrum.real**2 + spectrum.imag**2) @ self._weights
        energy = energy.sum(axis=0) if self._channels is None else self._channels @ energy
        return [float(value) for value in energy / self._block**2]


def mean_lufs(values: Iterable[float | None]) -> float | None:
    """Loudness of consecutive signals, without much quieter ones; None counts as silence."""
    return gated([10 ** ((value - _OFFSET_LU) / 10) for value in values if value is not None])


def gated(powers: Sequence[float]) -> float | None:
    """Mean loudness of blocks above the absolute gate and, of these, above 10 LU under their mean."""
    loud = [power for power in powers if power > 0 and _lufs(power) > SILENCE_LUFS]
    if not loud:
        return None
    floor = sum(loud) / len(loud) / 10
    kept = [power for power in loud if power > floor]
    return _lufs(sum(kept) / len(kept))


def spread_lu(values: Iterable[float | None]) -> float | None:
    """How unequal lines are: from the 5th to the 95th percentile of their loudness; None for fewer than two lines."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = np.percentile(known, [5, 95])
    return float(high - low)


def _lufs(power: float) -> float:
    return _OFFSET_LU + 10 * math.log10(power)


@cache
def _k_weights(block: int, sample_rate_hz: int) -> NDArray[np.float64]:
    """Power response of K-weighting at the bins of a real FFT, doubled for the mirrored half of the spectrum."""
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(block, 1 / sample_rate_hz) / sample_rate_hz)
    response = np.ones(len(turn), np.complex128)
    for above, below in (_SHELF, _HIGH_PASS):
        response *= np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)
    weights = 2 * np.abs(response) ** 2
    weights[0] /= 2
    if block % 2 == 0:
        weights[-1] /= 2
    return weights
