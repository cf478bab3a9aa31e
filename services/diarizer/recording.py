"""The sound of a video as raw PCM on disk, read in pieces so that its length costs no memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SPEECH_RATE_HZ = 16_000
"""Sample rate that recognition, speech activity and diarization work at."""

Samples = NDArray[np.float32]
_LOUDEST, _QUIETEST = 32767, -32768


class Recording:
    """Mono 16-bit little-endian PCM without header; time 0 is the start of the media.

    Several files are heard together. `gain` amplifies what is read; it is clipped at full scale.
    """

    def __init__(self, path: Path | Sequence[Path], sample_rate_hz: int = SPEECH_RATE_HZ, gain: float = 1.0) -> None:
        self.sample_rate_hz, self.gain = sample_rate_hz, gain
        self._paths = (path,) if isinstance(path, Path) else tuple(path)
        self._parts = [_mapped(part) for part in self._paths]

    def leveled(self, gain: float) -> "Recording":
        """The same sound, `gain` times as loud as it was recorded."""
        return Recording(self._paths, self.sample_rate_hz, gain)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return max(len(part) for part in self._parts) / self.sample_rate_hz

    def pcm(self, start_s: float, end_s: float) -> NDArray[np.int16]:
        """A copy of the samples from `start_s` to `end_s`; parts outside the recording are left out."""
        first, last = (max(0, round(at_s * self.sample_rate_hz)) for at_s in (start_s, end_s))
        cut = [part[first:last] for part in self._parts]
        if len(cut) == 1 and self.gain == 1.0:
            return np.array(cut[0])
        together = np.zeros(max(len(samples) for samples in cut), np.float32)
        for samples in cut:
            together[: len(samples)] += samples
        together *= np.float32(self.gain)
        return np.clip(np.rint(together), _QUIETEST, _LOUDEST).astype(np.int16)

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


def _mapped(path: Path) -> NDArray[np.int16]:
    if path.stat().st_size < 2:  # mmap refuses empty files
        return np.zeros(0, np.int16)
    mapped: NDArray[np.int16] = np.memmap(path, dtype="<i2", mode="r")
    return mapped
