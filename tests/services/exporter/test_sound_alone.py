"""Sound without a picture: exports are sound files and subtitles, and a recipe puts them over a still picture."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.services.exporter.conftest import Bench, hear_sound, level_db, look, plays, tone

NOISE = ["-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.3:seed=1:duration=4:r=48000"]
CODECS = {".mp3": "libmp3lame", ".wav": "pcm_s16le", ".flac": "flac", ".m4a": "aac", ".ogg": "libvorbis"}
RECIPE = {"audio": [{"kind": "dub", "language": "es"}], "burn": {"language": "es", "style": {"size": 160}}}


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of noise in an MP3 with a red cover and a title."""
    path = tmp_path_factory.mktemp("sound") / "episode.mp3"
    cover = ["-f", "lavfi", "-i", "color=red:s=64x64:d=1", "-frames:v", "1", "-map", "0:a", "-map", "1:v"]
    tags = ["-c:v", "mjpeg", "-disposition:v", "attached_pic", "-metadata", "title=Episode 1"]
    subprocess.run(["ffmpeg", "-v", "error", *NOISE, *cover, *tags, "-c:a", "libmp3lame", path], check=True)
    return path


@pytest.mark.parametrize("suffix", CODECS)
def test_sound_in_sound_out(bench: Bench, tmp_path: Path, suffix: str) -> None:
    """Every kind of sound file becomes an M4A of the same length with the dub in it, and subtitles beside it."""
    path = tmp_path / f"talk{suffix}"
    subprocess.run(["ffmpeg", "-v", "error", *NOISE, "-c:a", CODECS[suffix], path], check=True)
    run = bench.run(path, [bench.line(1.0, 2.0, tone(0.8))])
    assert run.report["passed"], run.report["checks"]
    names = [(file.name, file.media_type) for file in run.result.files[:2]]
    assert names == [("export_es.m4a", "audio/mp4"), ("subtitles_es.srt", "application/x-subrip")]
    streams = look(run.video)["streams"]
    assert [(one["codec_name"], one["tags"]["language"]) for one in streams] == [("aac", "spa")]
    heard = hear_sound(run.video)
    assert len(heard) / 48_000 == pytest.approx(4.0, abs=0.15)
    voice = heard[60_000:80_000, 0]
    spectrum = np.abs(np.fft.rfft(voice * np.hanning(len(voice))))
    assert spectrum.argmax() * 48_000 / len(voice) == pytest.approx(440, abs=5)


def test_cover_and_title_stay(bench: Bench, covered: Path) -> None:
    """What a podcast player shows."""
    made = look(bench.run(covered, [bench.line(1.0, 2.0, tone(0.8))]).video)
    assert [(one["codec_type"], one["disposition"]["attached_pic"]) for one in made["streams"]] == [
        ("audio", 0),
        ("video", 1),
    ]
    assert made["format"]["tags"]["title"] == "Episode 1"


def test_nothing_to_dub(bench: Bench, covered: Path) -> None:
    """The original sound, as it is."""
    run = bench.run(covered)
    assert run.report["passed"], run.report["checks"]
    assert [one["codec_name"] for one in look(run.video)["streams"]] == ["mp3", "mjpeg"]


@pytest.mark.parametrize("with_cover", [True, False], ids=["cover", "plain"])
def test_over_a_still_picture(bench: Bench, covered: Path, tmp_path: Path, with_cover: bool) -> None:
    """A recipe for a video takes the cover, or a plain dark picture, and draws the subtitles into it."""
    path = covered
    if not with_cover:
        path = tmp_path / "plain.flac"
        subprocess.run(["ffmpeg", "-v", "error", *NOISE, path], check=True)
    made = bench.render(path, {"es": [bench.line(1.0, 2.0, tone(0.8))]}, RECIPE)
    assert made.report["passed"], made.report["checks"]
    assert (made.names, made.report["picture"]) == (["talk.mp4"], "encoded")
    video = made.file("talk.mp4")
    plays(video)
    assert float(look(video)["format"]["duration"]) == pytest.approx(4.0, abs=0.15)
    text, rest = (frame(video, at_s) for at_s in (1.5, 3.5))
    red, green, _ = rest[360, 640]
    assert (red > 200 and green < 40) if with_cover else abs(int(red) - 32) < 10
    assert np.mean(text[560:] > 200) > np.mean(rest[560:] > 200) + 0.005


def test_a_sound_file_by_recipe(bench: Bench, covered: Path) -> None:
    """Sound of every kind, as of a video."""
    recipe = {
        "kind": "audio",
        "audio": [{"kind": "dub", "language": "es"}, {"kind": "original"}],
        "audio_format": "flac",
    }
    made = bench.render(covered, {"es": [bench.line(1.0, 2.0, tone(0.8))]}, recipe)
    assert made.names == ["talk.es.flac", "talk.original.flac"]
    assert level_db(hear_sound(made.file("talk.original.flac"))) > -40


def frame(path: Path, at_s: float):
    command = ["ffmpeg", "-v", "error", "-ss", str(at_s), "-i", path, "-frames:v", "1", "-f", "rawvideo"]
    data = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(720, 1280, 3)
