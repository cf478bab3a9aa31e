"""What the clustering diarizer sees of speech: cepstra and pitch, 100 times a second."""

from collections.abc import Sequence
from dataclasses import dataclass

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

from services.diarizer.engines.base import Report, Span
from services.diarizer.pitch import HOP_S, pitch
from services.diarizer.recording import SPEECH_RATE_HZ, Recording, Samples

_BLOCK_S = 60.0
_MARGIN = 10  # frames read on both sides of a block and dropped, so that blocks join seamlessly
_CEPSTRA = 20


@dataclass(frozen=True)
class SpeechFrames:
    """The frames that contain speech, one row each.

    `index` is the frame's number in the recording, `cepstra` (float32, normalized over the recording) excludes the
    energy, `log_pitch` is the natural logarithm of Hz where `voiced`.
    """

    index: NDArray[np.int64]
    cepstra: NDArray[np.float32]
    log_pitch: NDArray[np.float32]
    voiced: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.index)


def speech_frames(recording: Recording, speech: Sequence[Span], report: Report) -> SpeechFrames:
    """Compute features block by block and keep those within `speech`."""
    mask = np.zeros(int(recording.duration_s / HOP_S) + 2, bool)
    for span in speech:
        mask[int(span.start_s / HOP_S) : int(span.end_s / HOP_S)] = True
    kept: list[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]] = []
    for start_s, end_s in recording.blocks(_BLOCK_S):
        report(start_s / recording.duration_s)
        first = round(start_s / HOP_S)
        wanted = np.flatnonzero(mask[first : round(end_s / HOP_S)])
        if len(wanted):
            cepstra, hz = _block(recording, first, first + int(wanted[-1]) + 1)
            wanted = wanted[wanted < min(len(cepstra), len(hz))]
            kept.append((first + wanted, cepstra[wanted], hz[wanted]))
    if not kept:
        kept.append((np.zeros(0, np.int64), np.zeros((0, _CEPSTRA), np.float32), np.zeros(0, np.float32)))
    index, cepstra, hz = (np.concatenate(column) for column in zip(*kept, strict=True))
    deviation = cepstra.std(axis=0) + 1e-6 if len(cepstra) else 1.0
    normalized = ((cepstra - (cepstra.mean(axis=0) if len(cepstra) else 0.0)) / deviation)[:, 1:]
    return SpeechFrames(index, normalized.astype(np.float32), np.log(np.maximum(hz, 1)), hz > 0)


def _block(recording: Recording, first: int, last: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cepstra and pitch of the frames from `first` to `last`."""
    margin = min(_MARGIN, first)
    samples = recording.read((first - margin) * HOP_S, (last + _MARGIN) * HOP_S)
    return _mfcc(samples)[margin : margin + last - first], pitch(samples)[margin : margin + last - first]


def _mfcc(samples: Samples) -> NDArray[np.float32]:
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.samp_freq, options.frame_opts.dither, options.frame_opts.snip_edges = SPEECH_RATE_HZ, 0, False
    options.mel_opts.num_bins, options.mel_opts.low_freq, options.mel_opts.high_freq = 30, 100, 7600
    options.num_ceps, options.use_energy = _CEPSTRA, False
    mfcc = kaldi_native_fbank.OnlineMfcc(options)
    mfcc.accept_waveform(SPEECH_RATE_HZ, samples * 32768.0)
    mfcc.input_finished()
    frames = [mfcc.get_frame(number) for number in range(mfcc.num_frames_ready)]
    return np.stack(frames) if frames else np.zeros((0, _CEPSTRA), np.float32)
