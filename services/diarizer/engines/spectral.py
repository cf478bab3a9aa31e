"""How a voice sounds, without weights: the average shape of its vowels, and its pitch.

Measured by `python -m benchmarks.voices` on generated voices; the table and what it does not show are in docs/cast.md.
People vary more than generated voices, and how well a synthesizer imitates somebody it cannot tell.
"""

from collections.abc import Sequence

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from services.diarizer.engines.base import Report, Span
from services.diarizer.pitch import pitch
from services.diarizer.recording import SPEECH_RATE_HZ, Recording, Samples
from shared.messaging import EngineInfo
from shared.pipeline import Stage

_BANDS, _LOW_HZ, _HIGH_HZ = 23, 100, 4000
"""Nothing above: there noise and the telephone change more than the speaker does."""
_CEPSTRA = 16
_NOISE = 1.5  # times the noise floor is taken off each band
_REST = 0.02  # share of a band that stays at least
_QUIETEST = 10  # percent of frames that show the noise floor
_LOUDEST = 70  # percent of the voiced frames, the loudest, that show the vowels
_FEWEST_VOICED = 100
_LONGEST_S = 60.0
MEAN: tuple[float, ...] = (
    1.522,
    3.206,
    -1.283,
    -1.927,
    -0.730,
    -1.643,
    0.269,
    0.009,
    -0.012,
    -0.120,
    0.116,
    -0.259,
    -0.047,
    -0.270,
    -0.100,
    -0.091,
    4.851,
)
SPREAD: tuple[float, ...] = (
    0.809,
    1.274,
    1.057,
    0.949,
    0.643,
    0.614,
    0.430,
    0.474,
    0.310,
    0.332,
    0.249,
    0.257,
    0.223,
    0.193,
    0.159,
    0.150,
    0.150,
)
"""Over recordings of one voice; both from `python -m benchmarks.voices --constants`."""


class SpectralEmbedder:
    """Mean cepstra of loud voiced frames after spectral subtraction, and median pitch, scaled to unit length."""

    model = "spectral-1"
    same_voice = 0.8

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="embedder",
            name="spectral",
            version="1",
            licence="Apache-2.0",
            commercial_use=True,
            hint="a neural voice embedding also judges how much a dub sounds like its speaker",
        )

    def embed(self, recording: Recording, spans: Sequence[Span], report: Report) -> tuple[float, ...] | None:
        """Describe the voice heard in `spans`, from a minute of it at most; None for less than a second of voice."""
        described = describe(_parts(recording, spans, report))
        if described is None:
            return None
        scaled = (described - np.array(MEAN)) / np.array(SPREAD)
        return tuple(round(float(value), 5) for value in scaled / np.linalg.norm(scaled))


def describe(parts: Sequence[Samples]) -> NDArray[np.float64] | None:
    """Mean cepstra 1 to 16 and the median of the natural logarithm of the pitch in Hz, unscaled."""
    frames = [_frames(samples) for samples in parts if len(samples) >= SPEECH_RATE_HZ // 10]
    if not frames:
        return None
    power, hz = (np.concatenate(column) for column in zip(*frames, strict=True))
    level = power.sum(axis=1)
    noise = power[level <= np.percentile(level, _QUIETEST)].mean(axis=0)
    clean = np.maximum(power - _NOISE * noise, _REST * power) + 1e-3
    voiced = hz > 0
    if int(voiced.sum()) < _FEWEST_VOICED:
        return None
    level = clean.sum(axis=1)
    vowels = voiced & (level >= np.percentile(level[voiced], 100 - _LOUDEST))
    cepstra = dct(np.log(clean[vowels]), axis=1, norm="ortho")[:, 1 : _CEPSTRA + 1]
    return np.append(cepstra.mean(axis=0), np.median(np.log(hz[vowels])))


def _parts(recording: Recording, spans: Sequence[Span], report: Report) -> list[Samples]:
    parts: list[Samples] = []
    read_s = 0.0
    for number, span in enumerate(spans):
        report(number / len(spans))
        if read_s >= _LONGEST_S:
            break
        parts.append(recording.read(span.start_s, min(span.end_s, span.start_s + _LONGEST_S - read_s)))
        read_s += span.duration_s
    return parts


def _frames(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Power in each band and the pitch of every frame of 10 ms."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq, options.frame_opts.dither, options.frame_opts.snip_edges = SPEECH_RATE_HZ, 0, False
    options.mel_opts.num_bins, options.mel_opts.low_freq, options.mel_opts.high_freq = _BANDS, _LOW_HZ, _HIGH_HZ
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(SPEECH_RATE_HZ, samples * 32768.0)
    bank.input_finished()
    power = np.exp(np.stack([bank.get_frame(number) for number in range(bank.num_frames_ready)]).astype(np.float64))
    hz = pitch(samples)
    length = min(len(power), len(hz))
    return power[:length], hz[:length]
