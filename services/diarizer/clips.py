"""Sounds that LocalClip made itself, as recordings that engines hear."""

from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from services.diarizer.engines import Span
from services.diarizer.recording import SPEECH_RATE_HZ, Recording

_MARGIN_S = 0.2  # of silence around: a recognizer needs a beginning and an end


def as_recording(path: Path, target: Path) -> Recording:
    """A take (FLAC), clip or sample (WAV), resampled into `target`, with silence around. Raises: LibsndfileError."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    common = int(np.gcd(rate_hz, SPEECH_RATE_HZ))
    mono = resample_poly(samples.mean(axis=1), SPEECH_RATE_HZ // common, rate_hz // common)
    padded = np.pad(mono, round(_MARGIN_S * SPEECH_RATE_HZ))
    target.write_bytes((np.clip(padded, -1, 1) * 32767).astype("<i2").tobytes())
    return Recording(target)


def whole(recording: Recording) -> Span:
    """All of it."""
    return Span(0.0, recording.duration_s)
