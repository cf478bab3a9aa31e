"""What the use case needs from an engine that reads, writes and measures media files.

Raw sound is 32-bit float, little endian, at `RATE_HZ`, its channels in the order of a `Layout`. Everything blocks,
stops within a second when `cancel` is set, and calls `report` with the fraction done.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from services.exporter.containers import ContainerName
from services.exporter.layouts import Layout
from services.exporter.loudness import Loudness, Samples
from services.exporter.source import Source
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken

RATE_HZ = 48_000

Report = Callable[[float], None]


@dataclass(frozen=True)
class Track:
    """An audio or subtitle track as players list it."""

    language: str
    """ISO 639-2, as containers want it."""
    title: str


@dataclass(frozen=True)
class AudioPart:
    """An audio track of the target file: a finished `path`, or the track `number` of the original."""

    track: Track | None
    """None: keeps its label."""
    path: Path | None = None
    number: int = 0
    default: bool | None = None
    """None: keeps its flags."""
    encode: bool = False
    """Whether the container accepts a track of the original only re-encoded."""


@dataclass(frozen=True)
class SubtitlePart:
    """A subtitle track of the target file: from an SRT file, or the track `number` of the original."""

    path: Path | None
    track: Track
    default: bool = False
    number: int = 0
    codec: str = "subrip"
    """Its codec; a container may need another."""
    forced: bool = False


Area = tuple[float, float, int, int, int, int]
"""An area of the picture for some time: start and end in seconds; left, top, width, height in pixels."""


@dataclass(frozen=True)
class Cover:
    """What is covered in the picture. The `mask`, an ASS file for the `strip` of it, says where and when it is blurred
    by `sigma` pixels; `bars`, an ASS file for all of it, is drawn into it; `filled` is filled from its surroundings.
    """

    strip: tuple[int, int, int, int] = (0, 0, 0, 0)
    mask: Path | None = None
    sigma: float = 0.0
    bars: Path | None = None
    filled: tuple[Area, ...] = ()


@dataclass(frozen=True)
class MuxPlan:
    """The contents of a file: the picture, copied unless something is drawn into it or covered, and tracks."""

    target: Path
    container: ContainerName
    audio: tuple[AudioPart, ...]
    subtitles: tuple[SubtitlePart, ...] = ()
    burn: Path | None = None
    """An ASS file to draw into the picture."""
    cover: Cover | None = None
    """What is covered in the picture, before anything is drawn into it."""
    covers: tuple[int, ...] = ()
    """Still pictures of the original to keep, by their indexes there."""
    still: bool = False
    """Whether audio alone is to get a picture: its cover, or a plain one."""

    @property
    def draws(self) -> bool:
        """Whether the picture is changed, and therefore encoded again."""
        return self.burn is not None or self.cover is not None


class Mixer(Protocol):
    """Decodes, encodes, muxes and measures audio and video files."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        ...

    def decode(
        self, source: Source, cancel: CancelToken, layout: Layout | None = None, rate_hz: int = RATE_HZ
    ) -> AbstractContextManager[IO[bytes]]:
        """Decode the audio tracks of `source` that are listened to as raw audio, from time 0 of the media on.

        Gaps are silence. `layout` None: that of a dub of it. The reader reads to the end, which is at the latest after
        `source.length_s`.
        """
        ...

    def read(
        self, sound: Path, cancel: CancelToken, layout: Layout, length_s: float
    ) -> AbstractContextManager[IO[bytes]]:
        """Decode one of LocalClip's own audio files as raw audio, to its end."""
        ...

    def encode(
        self,
        target: Path,
        length_s: float,
        cancel: CancelToken,
        layout: Layout,
        rate_hz: int = RATE_HZ,
        stem: bool = False,
    ) -> AbstractContextManager[IO[bytes]]:
        """A writer for raw audio that becomes `target` (.m4a, .mp3, .wav or .flac), sample for sample.

        An MP3 file has two channels, whatever the layout. A stem may exceed full scale: as WAV it is floating point.
        """
        ...

    def measure(
        self, sound: Path, length_s: float, cancel: CancelToken, report: Report, raw: Layout | None = None
    ) -> Loudness:
        """Measure raw audio (loudness only) or the first audio track of a file (with true peak)."""
        ...

    def excerpt(self, file: Path, track: int, start_s: float, length_s: float, cancel: CancelToken) -> Samples:
        """The audio of a finished file's track from `start_s` on, as one channel."""
        ...

    def resample(self, sound: Path, target: Path, cancel: CancelToken) -> None:
        """Convert a sound file to a WAV file at `RATE_HZ`."""
        ...

    def mux(self, source: Source, plan: MuxPlan, cancel: CancelToken, report: Report) -> None:
        """Write the exported file, every track in time with the picture."""
        ...


class Separator(Protocol):
    """Removes the voices from a recording."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        ...

    @property
    def model(self) -> str:
        """What determines its sound: name and fingerprint of the model."""
        ...

    @property
    def rate_hz(self) -> int:
        """Sample rate it works at."""
        ...

    def background(self, mix: Samples, cancel: CancelToken, report: Report) -> Iterator[Samples]:
        """Yield `mix` (frames x 2, may be on disk) without its voices, piece by piece, in bounded memory."""
        ...
