"""The sound of a video as raw PCM on disk, read in pieces so that its length costs no memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SPEECH_RATE_HZ = 16_000
"""Sample rate that recognition, speech activity and diarization work at."""

Samples = NDArray[np.float32]


class Recording:
    """Mono 16-bit little-endian PCM without header; time 0 is the start of the media."""

    def __init__(self, path: Path, sample_rate_hz: int = SPEECH_RATE_HZ) -> None:
        self.sample_rate_hz = sample_rate_hz
        empty = path.stat().st_size < 2
        self._pcm: NDArray[np.int16] = (
            np.zeros(0, np.int16) if empty else np.memmap(path, dtype="<i2", mode="r")  # mmap refuses empty files
        )

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self._pcm) / self.sample_rate_hz

    def pcm(self, start_s: float, end_s: float) -> NDArray[np.int16]:
        """A copy of the samples from `start_s` to `end_s`; what lies outside the recording is left out."""
        first, last = (max(0, round(at_s * self.sample_rate_hz)) for at_s in (start_s, end_s))
        return np.array(self._pcm[first:last])

    def read(self, start_s: float, end_s: float) -> Samples:
        """Like `pcm`, as float32 in [-1, 1)."""
        return self.pcm(start_s, end_s).astype(np.float32) / np.float32(32768)

    def blocks(self, seconds: float) -> Iterator[tuple[float, float]]:
        """Yield (start_s, end_s) of consecutive blocks that cover the recording."""
        start_s = 0.0
        while start_s < self.duration_s:
            end_s = min(start_s + seconds, self.duration_s)
            yield start_s, end_s
            start_s += seconds
