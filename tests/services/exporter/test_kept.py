"""What a file has stays: tracks, subtitles, chapters, cover, sound that goes on after the picture."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from services.exporter.source import inspect
from shared.pipeline import CancelToken
from shared.storage import put_bytes
from shared.transcript import AudioTrackFacts
from tests.services.exporter.conftest import Bench, hear, level_db, look, tone

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello there\n"
CHAPTERS = ";FFMETADATA1\ntitle=Talk\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={start + 2}\ntitle={title}\n"
    for start, title in ((0, "Intro"), (2, "Weather"))
)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four seconds with two audio tracks, a hum and noise, English subtitles, two chapters and a cover."""
    folder = tmp_path_factory.mktemp("rich")
    (folder / "text.srt").write_text(SRT)
    (folder / "chapters.txt").write_text(CHAPTERS)
    cover, files = folder / "cover.png", {}
    color = ["-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1"]
    subprocess.run(["ffmpeg", "-v", "error", *color, cover], check=True)
    named = ["-metadata:s:t", "mimetype=image/png", "-metadata:s:t", "filename=cover.png"]
    tags = ["-metadata:s:s:0", "language=eng"]
    for number, title in enumerate(("Desktop", "Mic")):
        tags += [f"-metadata:s:a:{number}", f"title={title}", f"-metadata:s:a:{number}", f"handler_name={title}"]
    for suffix, own in (
        (".mkv", ["-c:s", "srt", "-attach", cover, *named]),
        (".mp4", ["-c:s", "mov_text", "-map", "5", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"]),
    ):  # fmt: skip
        files[suffix] = folder / f"rich{suffix}"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=4"]
        command += ["-f", "lavfi", "-i", "sine=f=220:duration=4:r=48000"]
        command += ["-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.3:seed=1:duration=4:r=48000"]
        command += ["-i", folder / "text.srt", "-i", folder / "chapters.txt", "-i", cover]
        command += ["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", "-map_chapters", "4"]
        command += ["-c:a", "aac", "-c:v:0", "libx264", "-preset", "ultrafast", "-pix_fmt:v:0", "yuv420p"]
        command += [
            "-metadata:s:a:0",
            "title=Desktop",
            "-metadata:s:a:1",
            "title=Mic",
            "-metadata:s:s:0",
            "language=eng",
        ]
        subprocess.run([*command, *tags, *own, files[suffix]], check=True)
    return files


def listening(bench: Bench, *numbers: int) -> None:
    """From here on the timelines say that these of two tracks were listened to."""
    timeline, two = bench.timeline, (1, 2)

    def heard(language, lines):
        found = timeline(language, lines)
        tracks = tuple(AudioTrackFacts(number=number, listened=number in numbers) for number in two)
        return found.model_copy(update={"media": found.media.model_copy(update={"audio_tracks": tracks})})

    bench.timeline = heard  # type: ignore[method-assign]


def export(bench: Bench, video: Path, *numbers: int, **settings):
    """The export of a video with one line, whose tracks `numbers` were listened to."""
    listening(bench, *numbers)
    lines = [bench.line(1.0, 2.0, tone(0.8))]
    job = bench.job(video, lines, **settings)
    put_bytes(bench.store, job.timeline_key, bench.timeline("es", lines).model_dump_json().encode())
    return bench, job


@pytest.fixture
def run(bench: Bench):
    """Export a video and give back the file."""

    def made(video: Path, *numbers: int, **settings) -> tuple[Path, dict]:
        from shared.messaging import JobContext

        _, job = export(bench, video, *numbers, **settings)
        result = bench.handle(job, JobContext(bench.store, bench.workdir))
        return bench.store.local(result.files[0].key, bench.folder), result.report

    return made


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_everything_is_kept(run, rich: dict[str, Path], suffix: str) -> None:
    """Both tracks behind the dub, what was dubbed first; subtitles, chapters, title and cover."""
    made, report = run(rich[suffix], 2, container=suffix.removeprefix("."))
    assert report["passed"], report["checks"]
    found = look(made)
    audio = [stream for stream in found["streams"] if stream["codec_type"] == "audio"]
    titles = [stream["tags"].get("title") or stream["tags"].get("handler_name") for stream in audio]
    assert titles == ["Español (LocalClip)", "English (original): Mic", "Desktop"]
    assert [stream["disposition"]["default"] for stream in audio] == [1, 0, 0]
    texts = [stream for stream in found["streams"] if stream["codec_type"] == "subtitle"]
    assert [stream["tags"]["language"] for stream in texts] == ["spa", "eng"]
    assert "Hello there" in subtitle(made, 1)
    assert chapters(made) == [("0.000000", "Intro"), ("2.000000", "Weather")]
    assert found["format"]["tags"]["title"] == "Talk"
    source = inspect(made, CancelToken())
    assert (source.video_codec, len(source.covers)) == ("h264", 1)


def test_the_dub_lies_over_the_track_that_was_listened_to(run, rich: dict[str, Path]) -> None:
    """Where nobody speaks the dub is that track; the hum of the other one is not in it."""
    made, _ = run(rich[".mkv"], 2)
    dub, other = hear(made, 0), hear(made, 2)
    rest = slice(2 * 48_000 + 24_000, 3 * 48_000)
    assert hum_db(other[rest]) - level_db(other[rest]) > -1
    assert hum_db(dub[rest]) - level_db(dub[rest]) < -15


def test_tracks_listened_to_together_are_dubbed_together(run, rich: dict[str, Path]) -> None:
    """Two microphones: both are in the bed."""
    made, report = run(rich[".mkv"], 1, 2)
    assert report["passed"], report["checks"]
    original = hear(made, 1)[100_000:140_000] + hear(made, 2)[100_000:140_000]
    dub = hear(made, 0)[100_000:140_000]
    alike = np.corrcoef(dub[:, 0], original[:, 0])[0, 1]
    assert alike > 0.95


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_after_the_picture_is_kept(run, tmp_path: Path, suffix: str) -> None:
    """The still last picture holds; the dub is as long as the sound."""
    video = tmp_path / f"short{suffix}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=1"]
    command += ["-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.3:seed=1:duration=3:r=48000"]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", video], check=True)
    made, report = run(video, 1)
    assert report["passed"], report["checks"]
    assert len(hear(made)) / 48_000 == pytest.approx(3.0, abs=0.05)
    assert report["length_s"] == pytest.approx(3.0, abs=0.05)


def hum_db(samples) -> float:
    """Level of 220 Hz."""
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples)))) ** 2
    near = round(220 * len(samples) / 48_000)
    return 10 * np.log10(spectrum[near - 3 : near + 4].sum() / spectrum.sum()) + level_db(samples)


def subtitle(path: Path, number: int) -> str:
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", f"0:s:{number}", "-f", "srt", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def chapters(path: Path) -> list[tuple[str, str]]:
    command = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", path]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["chapters"]
    return [(one["start_time"], one["tags"]["title"]) for one in found]
