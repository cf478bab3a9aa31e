"""Convert what an engine says into a take: 48 kHz mono, no silence around it, one loudness."""

from math import gcd

import numpy as np
from scipy.signal import resample_poly, sosfilt

from services.cloner.engines import Audio, Sound

TAKE_RATE_HZ = 48_000
"""Sample rate of takes, the same as the mix's, so that mixing needs no resampling."""
TAKE_LUFS = -23.0
"""Loudness of every take (EBU R 128's level): it leaves headroom for the peaks of the sharpest voice."""
PEAK_DBFS = -1.0

_FRAME = TAKE_RATE_HZ // 100
_SILENT_DB = -60.0  # below full scale
_QUIET_DB = -40.0  # below the loudest 10 ms
_LEAD, _TAIL = _FRAME, 4 * _FRAME  # kept around the speech: soft consonants begin and end below the threshold
_FADE = TAKE_RATE_HZ // 200

# ITU-R BS.1770-4, tables 1 and 2: the K weighting at 48 kHz.
_K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0


def as_take(sound: Sound) -> Audio | None:
    """Resample, trim and level `sound`; None when nothing can be heard in it."""
    trimmed = trim(resample(sound))
    return None if trimmed is None else level(trimmed)


def resample(sound: Sound) -> Audio:
    """`sound` at 48 kHz."""
    if sound.sample_rate_hz == TAKE_RATE_HZ:
        return sound.samples
    common = gcd(TAKE_RATE_HZ, sound.sample_rate_hz)
    up, down = TAKE_RATE_HZ // common, sound.sample_rate_hz // common
    # The default window lets images of the old rate's upper band through at -50 dB, which is audible in sibilants.
    return np.asarray(resample_poly(sound.samples, up, down, window=("kaiser", 9.0)), np.float32)


def trim(audio: Audio) -> Audio | None:
    """Cut the silence before and after the speech; None when all of it is silence."""
    frames = len(audio) // _FRAME
    if not frames:
        return None
    power = np.square(audio[: frames * _FRAME].reshape(frames, _FRAME), dtype=np.float64).mean(axis=1)
    level_db = 10 * np.log10(power + 1e-12)
    loud = np.flatnonzero(level_db > max(_SILENT_DB, float(level_db.max()) + _QUIET_DB))
    if not len(loud):
        return None
    first, last = int(loud[0]) * _FRAME - _LEAD, (int(loud[-1]) + 1) * _FRAME + _TAIL
    return audio[max(0, first) : last]


def level(audio: Audio) -> Audio:
    """Scale to `TAKE_LUFS`, less if a peak would exceed `PEAK_DBFS`, and soften the edges."""
    peak_db = 20 * np.log10(float(np.abs(audio).max()) + 1e-12)
    gain_db = min(TAKE_LUFS - loudness(audio), PEAK_DBFS - peak_db)
    return soften(audio * np.float32(10 ** (gain_db / 20)))


def loudness(audio: Audio) -> float:
    """Integrated loudness after ITU-R BS.1770 in LUFS; a take shorter than one block is measured whole."""
    weighted = sosfilt(_K_WEIGHTING, audio.astype(np.float64))
    block, step = 4 * TAKE_RATE_HZ // 10, TAKE_RATE_HZ // 10
    energy = np.concatenate(([0.0], np.cumsum(weighted**2)))
    starts = np.arange(0, max(1, len(audio) - block + 1), step)
    size = min(block, len(audio))
    power = (energy[starts + size] - energy[starts]) / size + 1e-12
    loud = power[_lufs(power) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return float(_lufs(power.mean()))
    return float(_lufs(loud[_lufs(loud) > _lufs(loud.mean()) + _RELATIVE_GATE_LU].mean()))


def soften(audio: Audio) -> Audio:
    """Fade the first and last 5 ms, so that no edge clicks."""
    size = min(_FADE, len(audio) // 2)
    ramp = np.linspace(0.0, 1.0, size, endpoint=False, dtype=np.float32)
    softened = audio.copy()
    softened[:size] *= ramp
    softened[len(audio) - size :] *= ramp[::-1]
    return softened


def _lufs(power: "np.float64 | np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
    return np.asarray(-0.691 + 10 * np.log10(power))
