"""Videos and takes made for the occasion, the stage run through its handler, and ears to listen to what came out."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from services.exporter.engines import Mixer, Separator, create_mixer
from services.exporter.export import Export
from services.exporter.handlers import export
from services.exporter.recipes import RecipeExport
from services.exporter.settings import ExporterSettings
from shared.messaging import (
    ExportLanguage,
    ExportRecipe,
    ExportSettings,
    JobContext,
    LanguageExported,
    ProgressBox,
    RecipeRendered,
    RecipeTimelines,
    RenderRecipe,
    Timeline,
    TimelineLine,
    expanded,
)
from shared.pipeline import CancelToken, LineState
from shared.storage import DirectoryStore, keys, put_bytes, put_file
from shared.transcript import MediaFacts

TASK = "task_20250101_000000_0a1b2c3d"
RATE_HZ = 48_000

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """What an export reported and stored."""

    result: LanguageExported
    store: DirectoryStore
    folder: Path
    progress: tuple[tuple[float, str], ...]

    @property
    def report(self) -> dict[str, Any]:
        """The report in the result."""
        return self.result.report

    @property
    def video(self) -> Path:
        """The exported video."""
        return self.product(self.result.files[0].name)

    def product(self, name: str) -> Path:
        """A stored file by its name."""
        return self.store.local(keys.export(TASK, "es", 1, name), self.folder)


class ListeningBox(ProgressBox):
    """A progress box that remembers everything it was told, and may cancel at a moment."""

    def __init__(self, cancel: CancelToken, stop_at: str | None = None) -> None:
        super().__init__()
        self.told: list[tuple[float, str]] = []
        self._cancel, self._stop_at = cancel, stop_at

    def __call__(self, fraction: float, message: str = "") -> None:
        super().__call__(fraction, message)
        self.told.append((self.fraction, self.message))
        if self._stop_at is not None and self.message == self._stop_at:
            self._cancel.cancel("enough")


@dataclass(frozen=True)
class Rendering:
    """What an export by recipe reported and stored."""

    result: RecipeRendered
    store: DirectoryStore
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        """The report in the result."""
        return self.result.report

    @property
    def names(self) -> list[str]:
        """What the files are called."""
        return [file.name for file in self.result.files]

    def file(self, name: str) -> Path:
        """A stored file by its name."""
        key = next(file.key for file in self.result.files if file.name == name)
        return self.store.local(key, self.folder)


@dataclass
class Bench:
    """Runs the stage on a video and lines as the worker would."""

    mixer: Mixer
    folder: Path
    settings: ExporterSettings = field(default_factory=ExporterSettings)
    separator: Separator | None = None

    @property
    def store(self) -> DirectoryStore:
        """The store everything lies in."""
        return DirectoryStore(self.folder / "store")

    @property
    def workdir(self) -> Path:
        """The job's folder."""
        folder = self.folder / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def take(self, samples: Samples, rate_hz: int = RATE_HZ) -> str:
        """Store a take; return its key."""
        path = self.folder / f"take{len(list(self.folder.glob('take*')))}.flac"
        soundfile.write(path, samples, rate_hz, subtype="PCM_16")
        key = keys.take(TASK, "es", path.stem)
        put_file(self.store, key, path)
        return key

    def line(self, start_s: float, end_s: float, take: Samples | None = None, **fields: Any) -> TimelineLine:
        """A line whose take, if there is one, begins with the line."""
        defaults: dict[str, Any] = {
            "segment_id": f"s{round(start_s * 1000):06}",
            "speaker_id": "a",
            "source_text": "Hello.",
            "text": "Hola.",
            "state": LineState.FAILED if take is None else LineState.DUBBED,
        }
        if take is not None:
            rate_hz = fields.pop("rate_hz", RATE_HZ)
            defaults |= {"take_key": self.take(take, rate_hz), "take_start_s": start_s}
            defaults |= {"take_duration_s": len(take) / rate_hz, "speed": 1.0, "fit": "natural"}
        return TimelineLine(start_s=start_s, end_s=end_s, **(defaults | fields))

    def job(self, video: Path, lines: Sequence[TimelineLine], **settings: Any) -> ExportLanguage:
        """Store a video and the timeline of `lines`; address a job to them."""
        video_key, timeline_key = keys.input_video(TASK, video.name), f"tasks/{TASK}/jobs/timeline.json"
        put_file(self.store, video_key, video)
        timeline = Timeline(
            task_id=TASK,
            language="es",
            source_language="en",
            media=MediaFacts(container="mov", duration_s=1.0),
            lines=tuple(lines),
        )
        put_bytes(self.store, timeline_key, timeline.model_dump_json().encode())
        return ExportLanguage(
            task_id=TASK,
            language="es",
            attempt=1,
            video_key=video_key,
            original_name=video.name,
            timeline_key=timeline_key,
            settings=ExportSettings(**settings),
        )

    def timeline(self, language: str, lines: Sequence[TimelineLine]) -> Timeline:
        """The lines of a language."""
        facts = MediaFacts(container="mov", duration_s=1.0)
        return Timeline(task_id=TASK, language=language, source_language="en", media=facts, lines=tuple(lines))

    def render(
        self,
        video: Path,
        lines: Mapping[str, Sequence[TimelineLine]],
        recipe: Mapping[str, Any],
        beside: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Rendering:
        """Render a recipe over the lines of several languages; the source says what the first ones translate."""
        video_key, key = keys.input_video(TASK, video.name), f"tasks/{TASK}/jobs/timelines.json"
        put_file(self.store, video_key, video)
        spoken = [
            line.model_copy(update={"text": line.source_text, "take_key": None})
            for line in next(iter(lines.values()), ())
        ]
        timelines = RecipeTimelines(
            source=self.timeline("en", spoken),
            languages=tuple(self.timeline(language, some) for language, some in lines.items()),
            **(beside or {}),
        )
        put_bytes(self.store, key, timelines.model_dump_json().encode())
        job = RenderRecipe(
            task_id=TASK,
            language="base",
            shard="recipe-exp_1",
            attempt=1,
            export_id="exp_1",
            video_key=video_key,
            original_name="talk.mp4",
            timelines_key=key,
            recipe=expanded(ExportRecipe.model_validate(recipe), list(lines)),
            settings=ExportSettings(**settings),
        )
        for path in self.workdir.iterdir():
            path.unlink()
        result = self.handle(job, JobContext(self.store, self.workdir))
        return Rendering(result, self.store, self.folder)

    def handle(self, job: Any, context: JobContext) -> Any:
        """The stage's handler."""
        languages = Export(self.mixer, self.settings, self.separator)
        return export(languages, RecipeExport(self.mixer, self.settings, self.separator))(job, context)

    def run(
        self, video: Path, lines: Sequence[TimelineLine] = (), *, stop_at: str | None = None, **settings: Any
    ) -> Run:
        """Run the stage's handler to its end; `stop_at` cancels it when progress says so."""
        cancel = CancelToken()
        progress = ListeningBox(cancel, stop_at)
        context = JobContext(self.store, self.workdir, cancel, progress)
        job = self.job(video, lines, **settings)
        result = self.handle(job, context)
        return Run(result, self.store, self.folder, tuple(progress.told))


MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def mixer() -> Mixer:
    """The engine, real ffmpeg."""
    return create_mixer(ExporterSettings())


@pytest.fixture
def bench(mixer: Mixer, tmp_path: Path) -> Bench:
    """The stage on a store of its own."""
    return Bench(mixer, tmp_path)


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> MakeVideo:
    """A video of a test picture and of `sound` (an ffmpeg source, None: no audio track)."""
    folder = tmp_path_factory.mktemp("videos")

    def build(
        suffix: str = ".mp4",
        duration_s: float = 6.0,
        *,
        sound: str | None = "anoisesrc=color=pink:amplitude=0.3:seed=1",
        channels: int = 2,
        audio_offset_s: float = 0.0,
        video_offset_s: float = 0.0,
        rate: str = "25",
        options: Sequence[str] = (),
    ) -> Path:
        target = folder / f"{len(list(folder.iterdir()))}{suffix}"
        command = ["ffmpeg", "-v", "error", "-itsoffset", str(video_offset_s)]
        command += ["-f", "lavfi", "-i", f"testsrc=size=160x90:rate={rate}:duration={duration_s - video_offset_s}"]
        if sound is not None:
            command += ["-itsoffset", str(audio_offset_s), "-f", "lavfi"]
            command += ["-i", f"{sound}:sample_rate=48000:duration={duration_s - audio_offset_s}", "-ac", str(channels)]
        if suffix in (".mp4", ".mov", ".mkv", ".flv") and "-c:v" not in options:
            command += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-pix_fmt", "yuv420p"]
        subprocess.run([*command, *options, target], check=True, capture_output=True)
        return target

    return build


@pytest.fixture(scope="session")
def plain_video(make_video: MakeVideo) -> Path:
    """Six seconds of h264 and pink noise in AAC."""
    return make_video()


def tone(duration_s: float, hz: float = 440.0, level: float = 0.25, rate_hz: int = RATE_HZ) -> Samples:
    """A sine without clicks at its ends."""
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    edges = np.minimum(1, np.minimum(times, duration_s - times) / 0.01)
    return (level * edges * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def click(duration_s: float = 0.5) -> Samples:
    """Near silence with one short bell, highest 20 samples after its start."""
    samples = np.zeros(round(duration_s * RATE_HZ), np.float32)
    samples[:41] = 0.8 * np.hanning(41)
    return samples


def hear(path: Path, track: int = 0) -> Samples:
    """Decode an audio track from time 0 of the media on, as a player does: stereo, `RATE_HZ`."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:a:{track}"]
    command += ["-af", "aresample=48000:async=1:first_pts=0", "-ac", "2", "-f", "f32le", "-"]
    command += ["-map", "0:V:0", "-c", "copy", "-f", "null", "-"]
    decoded = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(decoded, np.float32).reshape(-1, 2)


def hear_sound(path: Path) -> Samples:
    """Decode a sound file: stereo, `RATE_HZ`."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "2", "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32).reshape(-1, 2)


def plays(path: Path) -> None:
    """Decode every picture and every sound to the end; the first error ends it."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-map", "0:v?", "-map", "0:a?", "-f", "null", "-"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def look(path: Path) -> dict[str, Any]:
    """What ffprobe says, side data included."""
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def level_db(samples: Samples) -> float:
    """Root mean square in dB."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))
