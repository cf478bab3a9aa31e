"""Speech from flite, sounds and videos from ffmpeg, and the stage run through its handler on a directory store."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from services.diarizer.diarization import Diarization
from services.diarizer.engines import Engines, create_engines
from services.diarizer.handlers import diarize_video
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from shared.messaging import DiarizeVideo, JobContext, ProgressBox, TranscriptReady
from shared.pipeline import CancelToken
from shared.storage import DirectoryStore, keys, put_bytes, put_file, read_bytes
from shared.transcript import Transcript

TASK = "task_20250101_000000_0a1b2c3d"
RATE_HZ = 16_000
DIALOGUE = (
    ("slt", "Good morning. Have you seen the new house near the river?"),
    ("rms", "Yes, I walked past it yesterday with my brother. It has a large garden and a red door."),
    ("slt", "My sister wants to buy it. She has been looking for a place like this for two years."),
    ("rms", "Then she should call the owner today. Many people are interested in that house."),
)
PAUSE_S = 0.6


@dataclass(frozen=True)
class Line:
    """What one voice really says, and when."""

    start_s: float
    end_s: float
    voice: str
    text: str


@dataclass(frozen=True)
class Spoken:
    """A sound file and the truth about it."""

    path: Path
    lines: tuple[Line, ...]
    duration_s: float


@dataclass(frozen=True)
class Run:
    """What the stage reported and stored."""

    result: TranscriptReady
    transcript: Transcript
    store: DirectoryStore
    progress: tuple[tuple[float, str], ...]

    def product(self, name: str) -> bytes:
        """A stored product by its name."""
        return read_bytes(self.store, keys.processed(TASK, 1, name))


class ListeningBox(ProgressBox):
    """A progress box that remembers everything it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[float, str]] = []

    def __call__(self, fraction: float, message: str = "") -> None:
        super().__call__(fraction, message)
        self.told.append((self.fraction, self.message))


@dataclass
class Bench:
    """Runs the stage on a file as the worker would."""

    engines: Engines
    folder: Path
    settings: DiarizerSettings = field(default_factory=DiarizerSettings)

    def context(self, **kwargs: Any) -> JobContext:
        """A context with a store and an empty folder of its own."""
        workdir = self.folder / "work"
        workdir.mkdir(exist_ok=True)
        return JobContext(DirectoryStore(self.folder / "store"), workdir, **kwargs)

    def job(
        self, context: JobContext, video: Path, subtitles: str | bytes | None = None, **fields: Any
    ) -> DiarizeVideo:
        """Upload `video` and address a job to it."""
        video_key, subtitles_key = keys.input_video(TASK, "video.mp4"), None
        put_file(context.store, video_key, video)
        if subtitles is not None:
            subtitles_key = keys.input_subtitles(TASK, "base", "own.srt")
            put_bytes(context.store, subtitles_key, subtitles.encode() if isinstance(subtitles, str) else subtitles)
        return DiarizeVideo(
            task_id=TASK, language="base", attempt=1, video_key=video_key, subtitles_key=subtitles_key, **fields
        )

    def run(self, video: Path, subtitles: str | bytes | None = None, **fields: Any) -> Run:
        """Run the stage's handler to its end."""
        progress = ListeningBox()
        context = self.context(progress=progress, cancel=CancelToken())
        job = self.job(context, video, subtitles, **fields)
        result = diarize_video(Diarization(self.engines, self.settings))(job, context)
        assert isinstance(result, TranscriptReady)
        transcript = Transcript.model_validate_json(read_bytes(context.store, result.transcript_key))
        return Run(result, transcript, DirectoryStore(self.folder / "store"), tuple(progress.told))


Say = Callable[[str, str], NDArray[np.float32]]
Compose = Callable[[Sequence[tuple[str, str]]], Spoken]
MakeVideo = Callable[..., Path]
Record = Callable[[NDArray[np.float32]], Recording]


@pytest.fixture(scope="session")
def engines() -> Engines:
    """The embedded engines, loaded once."""
    return create_engines(DiarizerSettings(profile="embedded", picture_text="none"))


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Say:
    """Speak a text with a flite voice: 16 kHz samples without silence around them."""
    folder = tmp_path_factory.mktemp("flite")
    spoken: dict[tuple[str, str], NDArray[np.float32]] = {}

    def speak(voice: str, text: str) -> NDArray[np.float32]:
        if (voice, text) not in spoken:
            path = folder / f"{len(spoken)}.wav"
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True, capture_output=True)
            samples, rate_hz = soundfile.read(path, dtype="float32")
            assert rate_hz == RATE_HZ
            loud = np.flatnonzero(np.abs(samples) > 0.01)
            spoken[voice, text] = samples[loud[0] : loud[-1] + 1]
        return spoken[voice, text]

    return speak


@pytest.fixture(scope="session")
def compose(say: Say, tmp_path_factory: pytest.TempPathFactory) -> Compose:
    """Put spoken lines one after the other, with a pause before, between and after."""
    folder = tmp_path_factory.mktemp("spoken")

    def build(script: Sequence[tuple[str, str]]) -> Spoken:
        pause = np.zeros(int(PAUSE_S * RATE_HZ), np.float32)
        parts, lines, at_s = [pause], [], PAUSE_S
        for voice, text in script:
            samples = say(voice, text)
            end_s = at_s + len(samples) / RATE_HZ
            lines.append(Line(at_s, end_s, voice, text))
            parts += [samples, pause]
            at_s = end_s + PAUSE_S
        path = folder / f"{len(list(folder.iterdir()))}.wav"
        soundfile.write(path, np.concatenate(parts), RATE_HZ, subtype="PCM_16")
        return Spoken(path, tuple(lines), at_s)

    return build


@pytest.fixture(scope="session")
def dialogue(compose: Compose) -> Spoken:
    """A woman (slt) and a man (rms) talk."""
    return compose(DIALOGUE)


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> MakeVideo:
    """A video of `duration_s` with the sound file `audio`, whose track starts at `offset_s`."""
    folder = tmp_path_factory.mktemp("videos")

    def build(
        audio: Path | None = None,
        duration_s: float = 5.0,
        *,
        offset_s: float = 0.0,
        suffix: str = ".mp4",
        options: Sequence[str] = (),
    ) -> Path:
        target = folder / f"{len(list(folder.iterdir()))}{suffix}"
        picture = ["-f", "lavfi", "-i", f"testsrc=size=160x120:rate=10:duration={duration_s}"]
        sound = ["-itsoffset", str(offset_s), "-i", audio, "-c:a", "aac", "-b:a", "96k"] if audio else []
        command = ["ffmpeg", "-v", "error", *picture, *sound, "-t", str(duration_s), "-c:v", "libx264"]
        command += ["-preset", "ultrafast", "-pix_fmt", "yuv420p", *options, target]
        subprocess.run(command, check=True, capture_output=True)
        return target

    return build


@pytest.fixture(scope="session")
def dialogue_video(dialogue: Spoken, make_video: MakeVideo) -> Path:
    """The dialogue as a video."""
    return make_video(dialogue.path, dialogue.duration_s)


@pytest.fixture
def bench(engines: Engines, tmp_path: Path) -> Bench:
    """The stage on a store of its own."""
    return Bench(engines, tmp_path)


@pytest.fixture(scope="session")
def dialogue_run(engines: Engines, dialogue_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The stage run once on the dialogue, nothing given."""
    return Bench(engines, tmp_path_factory.mktemp("dialogue")).run(dialogue_video)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Samples as a recording."""

    def write(samples: NDArray[np.float32]) -> Recording:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.pcm"
        path.write_bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return Recording(path)

    return write
