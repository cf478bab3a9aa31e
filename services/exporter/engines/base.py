"""What the use case needs from an engine that reads, writes and measures media files.

Raw sound is 32-bit float, little endian, stereo, at `RATE_HZ`. Everything blocks, stops within a second when `cancel`
is set, and calls `report` with the fraction done.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol

from services.exporter.loudness import Loudness
from services.exporter.source import Source
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken

RATE_HZ = 48_000
CHANNELS = 2
FRAME_BYTES = 4 * CHANNELS

Report = Callable[[float], None]


@dataclass(frozen=True)
class Track:
    """An audio or subtitle track as players list it."""

    language: str
    """ISO 639-2, as containers want it."""
    title: str


@dataclass(frozen=True)
class MuxPlan:
    """What goes into the exported file beside the picture, which is copied."""

    target: Path
    container: Literal["mp4", "mkv"]
    dub: tuple[Path, Track] | None
    """The encoded dub; None: nothing was dubbed, and all original audio is kept as it is."""
    original: Track | None
    """The first original audio track, behind the dub; None: left out."""
    encode_original: tuple[bool, ...]
    """For every original audio track, whether the container takes it only re-encoded."""
    subtitles: tuple[Path, Track] | None


class Mixer(Protocol):
    """Sound out of a video, sound into a file, files together, and how loud it became."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        ...

    def decode(self, source: Source, cancel: CancelToken) -> AbstractContextManager[IO[bytes]]:
        """The first audio track of `source` as raw sound, from time 0 of the media on, silence where it has gaps.

        The reader reads to the end, which comes at the latest after `source.length_s`.
        """
        ...

    def encode(self, target: Path, length_s: float, cancel: CancelToken) -> AbstractContextManager[IO[bytes]]:
        """Where to write raw sound that becomes the dub track `target` (.m4a), sample for sample."""
        ...

    def measure(self, sound: Path, length_s: float, cancel: CancelToken, report: Report, *, raw: bool) -> Loudness:
        """Measure raw sound (its loudness alone) or the first audio track of an encoded file (with true peak)."""
        ...

    def resample(self, sound: Path, target: Path, cancel: CancelToken) -> None:
        """Convert a sound file to a WAV file at `RATE_HZ`."""
        ...

    def mux(self, source: Source, plan: MuxPlan, cancel: CancelToken, report: Report) -> None:
        """Write the exported file: the picture copied, every track in time with it."""
        ...
