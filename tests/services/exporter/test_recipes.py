"""Exports by recipe: any tracks in one file or in many, without dubbing anything again."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from services.exporter.recipes import published
from shared.media import ToolLimits, run_tool
from shared.messaging import PublishedText, TimelineLine
from shared.pipeline import CancelToken, ErrorCode, PermanentError
from shared.transcript import read_subtitles
from tests.services.exporter.conftest import (
    RATE_HZ,
    Bench,
    MakeVideo,
    click,
    hear,
    hear_sound,
    level_db,
    look,
    plays,
    tone,
)

DUB, ORIGINAL = {"kind": "dub", "language": "*"}, {"kind": "original"}
MASTER = {"audio": [DUB, ORIGINAL], "subtitles": [{"language": "*"}, {"language": "source"}]}


def languages(bench: Bench) -> dict[str, list[TimelineLine]]:
    """Two lines in Spanish and Japanese, told apart by their pitch."""
    return {
        "es": [
            bench.line(1, 2, tone(1, 300), text="¿Qué tal?", speaker_id="a", source_text="How are you?"),
            bench.line(3, 4.5, tone(1.5, 500), text="Muy bien.", speaker_id="b", source_text="Very well."),
        ],
        "ja": [
            bench.line(1, 2, tone(1, 700), text="お元気ですか。", source_text="How are you?"),
            bench.line(3, 4.5, tone(1.5, 900), text="とても元気です。", source_text="Very well."),
        ],
    }


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_master_holds_every_language_with_its_tags(bench: Bench, plain_video: Path, container: str) -> None:
    """Picture copied; tracks in order, tagged, the first the default; it plays to its end and has the right length."""
    made = bench.render(plain_video, languages(bench), {**MASTER, "container": container})
    video = made.file(f"talk.{container}")
    plays(video)
    streams = look(video)["streams"]
    kinds = [stream["codec_type"] for stream in streams]
    assert kinds == ["video", "audio", "audio", "audio", "subtitle", "subtitle", "subtitle"]
    assert [s["tags"]["language"] for s in streams[1:]] == ["spa", "jpn", "eng", "spa", "jpn", "eng"]
    assert [s["disposition"]["default"] for s in streams[1:4]] == [1, 0, 0]
    name = "handler_name" if container == "mp4" else "title"
    assert [s["tags"][name] for s in streams[1:4]] == [
        "Español (LocalClip)",
        "日本語 (LocalClip)",
        "English (original)",
    ]
    assert streams[4]["codec_name"] == {"mp4": "mov_text", "mkv": "subrip"}[container]
    assert picture(video) == picture(plain_video)
    assert abs(float(look(video)["format"]["duration"]) - float(look(plain_video)["format"]["duration"])) <= 0.042
    assert made.report["picture"] == "copied"
    assert made.report["passed"] is True
    assert all(abs(track["drift_s"]) < 0.001 for track in made.report["audio"][:2])


def picture(path: Path) -> str:
    """Hash of the decoded picture: containers keep the parameter sets of a copied one apart from it or with it."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:V:0", "-f", "hash", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_every_track_of_a_master_says_what_its_tags_tell(bench: Bench, plain_video: Path) -> None:
    """The pitch of the takes is heard where it belongs, subtitles are those of the language."""
    video = bench.render(plain_video, languages(bench), MASTER, duck_db=-60).file("talk.mp4")
    for track, hz in enumerate((300, 700)):
        heard = hear(video, track)[int(1.1 * RATE_HZ) : int(1.9 * RATE_HZ), 0]
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        assert np.argmax(spectrum) * RATE_HZ / len(heard) == pytest.approx(hz, abs=3)
    found = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(video), "-map", "0:s:1", "-f", "srt", "-"], check=True, capture_output=True
    ).stdout
    assert [cue.text for cue in read_subtitles(found).cues] == ["お元気ですか。", "とても元気です。"]


def test_tracks_can_be_replaced_marked_and_named(bench: Bench, plain_video: Path) -> None:
    """One dub in place of the original, with a title of its own; another default."""
    alone = bench.render(plain_video, languages(bench), {"audio": [{"kind": "dub", "language": "ja", "title": "Dub"}]})
    assert [s["codec_type"] for s in look(alone.file("talk.mp4"))["streams"]] == ["video", "audio"]
    assert look(alone.file("talk.mp4"))["streams"][1]["tags"]["handler_name"] == "Dub"
    recipe = {"audio": [DUB, {"kind": "original", "default": True}], "name": "mine"}
    mine = bench.render(plain_video, languages(bench), recipe).file("mine.mp4")
    assert [s["disposition"]["default"] for s in look(mine)["streams"][1:]] == [0, 0, 1]


def test_the_dub_of_a_languages_own_export_is_taken_as_it_is(bench: Bench, plain_video: Path) -> None:
    """Not mixed twice while nothing changed; mixed from the takes when a line did."""
    lines = languages(bench)["es"]
    own = bench.run(plain_video, lines)
    taken = bench.render(plain_video, {"es": lines}, MASTER)
    assert taken.report["audio"][0]["reused"] is True
    assert np.array_equal(hear(taken.file("talk.mp4")), hear(own.video))
    changed = [bench.line(1, 2, tone(1, 350), text="¿Qué tal?"), lines[1]]
    assert bench.render(plain_video, {"es": changed}, MASTER).report["audio"][0]["reused"] is False
    assert bench.render(plain_video, {"es": lines}, MASTER, loudness_lufs=-23).report["audio"][0]["reused"] is False


@pytest.mark.parametrize("format_", ["wav", "flac", "mp3"])
def test_audio_alone_is_at_its_level_and_length(bench: Bench, plain_video: Path, format_: str) -> None:
    """A file per language, measured by ffmpeg; where nobody speaks lossless ones are the original but for rounding."""
    recipe = {"kind": "audio", "audio": [DUB], "audio_format": format_}
    made = bench.render(plain_video, languages(bench), recipe)
    assert made.names == [f"talk.es.{format_}", f"talk.ja.{format_}"]
    sound = made.file(f"talk.es.{format_}")
    plays(sound)
    heard, original = hear_sound(sound), hear(plain_video)
    assert abs(len(heard) - 6 * RATE_HZ) <= 0.04 * RATE_HZ
    measured = bench.mixer.measure(sound, 6.0, CancelToken(), lambda _: None)
    assert measured.integrated_lufs == pytest.approx(-16, abs=0.5)
    assert measured.true_peak_dbtp is not None
    assert measured.true_peak_dbtp <= -1
    if format_ != "mp3":
        quiet = slice(int(5 * RATE_HZ), int(5.9 * RATE_HZ))
        assert residual_db(heard[quiet], original[quiet]) < -70
        assert made.report["audio"][0]["nonspeech_residual_db"] <= -100


def residual_db(heard: np.ndarray, original: np.ndarray) -> float:
    """What the best constant gain leaves of the difference, below the original."""
    gain = float(np.vdot(heard, original) / np.vdot(original, original))
    return level_db(heard / gain - original) - level_db(original)


def test_stems_add_up_to_the_dub(bench: Bench, plain_video: Path) -> None:
    """Bed and voices, per speaker too, at the level they have in it."""
    recipe = {
        "kind": "stems",
        "audio": [
            {"kind": "bed", "language": "es"},
            {"kind": "voices", "language": "es"},
            {"kind": "voices", "language": "es", "per_speaker": True},
            ORIGINAL,
        ],
    }
    lines = languages(bench)
    made = bench.render(plain_video, lines, recipe, true_peak_dbtp=0)
    assert made.names == [
        "talk.bed.es.wav",
        "talk.voices.es.wav",
        "talk.voices.es.a.wav",
        "talk.voices.es.b.wav",
        "talk.original.wav",
    ]
    sounds = {
        name.removeprefix("talk.").removesuffix(".wav"): soundfile.read(made.file(name))[0] for name in made.names
    }
    dub = bench.render(plain_video, lines, {"kind": "audio", "audio": [DUB]}, true_peak_dbtp=0).file("talk.es.wav")
    whole = soundfile.read(dub)[0]
    assert level_db(sounds["voices.es.a"] + sounds["voices.es.b"] - sounds["voices.es"]) < -120
    loud = sounds["bed.es"] + sounds["voices.es"]
    assert residual_db(loud.astype(np.float32), whole.astype(np.float32)) < -60
    assert level_db(sounds["original"] - hear(plain_video)[: len(sounds["original"])]) < -120


def test_subtitle_files_in_every_format_and_two_languages(bench: Bench, plain_video: Path) -> None:
    """Each named by its language; bilingual ones show both in the same cues."""
    formats = [{"language": "*", "format": name} for name in ("srt", "vtt", "ass")]
    both = {"language": "ja", "second": "source"}
    made = bench.render(plain_video, languages(bench), {"kind": "subtitles", "sidecars": [*formats, both]})
    assert made.names == [
        *(f"talk.{language}.{name}" for name in ("srt", "vtt", "ass") for language in ("es", "ja")),
        "talk.ja-en.srt",
    ]
    for name in made.names[:6]:
        cues = read_subtitles(made.file(name).read_bytes()).cues
        assert [round(cue.start_s, 2) for cue in cues] == [1.0, 3.0]
    assert read_subtitles(made.file("talk.ja-en.srt").read_bytes()).cues[0].text == "お元気ですか。\nHow are you?"


def test_files_can_come_in_one_archive(bench: Bench, plain_video: Path) -> None:
    """With the names they would have had."""
    recipe = {"kind": "subtitles", "sidecars": [{"language": "*"}], "bundle": True}
    made = bench.render(plain_video, languages(bench), recipe)
    assert made.names == ["talk.zip"]
    with zipfile.ZipFile(made.file("talk.zip")) as archive:
        assert archive.namelist() == ["talk.es.srt", "talk.ja.srt"]
        assert archive.testzip() is None


GRAY = ["-vf", "drawbox=c=gray:t=fill,scale=320:180", "-c:v", "libx264", "-pix_fmt", "yuv420p"]


def frame(path: Path, at_s: float) -> np.ndarray:
    """A picture as grey values."""
    command = ["ffmpeg", "-v", "error", "-ss", str(at_s), "-i", str(path), "-frames:v", "1"]
    command += ["-pix_fmt", "gray", "-f", "rawvideo", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.uint8).astype(float)


def test_burned_in_subtitles_are_seen_while_they_are_read(bench: Bench, make_video: MakeVideo) -> None:
    """White letters below, on the picture only while the line is heard; the sound is as it would have been."""
    video = make_video(options=GRAY)
    recipe = {"audio": [{"kind": "dub", "language": "es"}], "burn": {"language": "es", "style": {"size": 120}}}
    made = bench.render(video, {"es": languages(bench)["es"]}, recipe)
    burned = made.file("talk.mp4")
    plays(burned)
    assert made.report["picture"] == "encoded"
    assert look(burned)["streams"][0]["codec_name"] == "h264"
    with_text, without = frame(burned, 1.5).reshape(180, 320), frame(burned, 2.6).reshape(180, 320)
    assert with_text[90:].max() > 220
    assert without.max() < 160
    assert with_text[:90].max() < 160
    assert abs(float(look(burned)["format"]["duration"]) - 6.0) <= 0.06


@pytest.mark.parametrize(("code", "one", "other"), [("ja", "犬犬犬犬", "魚魚魚魚"), ("ko", "개개개개", "새새새새")])
def test_east_asian_letters_are_drawn(bench: Bench, make_video: MakeVideo, code: str, one: str, other: str) -> None:
    """As themselves: without a font of theirs all of them would be the same box."""
    if not run_tool(["fc-list", f":lang={code}"], CancelToken(), ToolLimits(timeout_s=60)):
        pytest.skip("no font has these letters (apt-get install fonts-noto-cjk)")
    video = make_video(options=GRAY)
    recipe = {"audio": [ORIGINAL], "burn": {"language": code, "style": {"size": 120}}}
    seen = []
    for text in (one, other):
        made = bench.render(video, {code: [bench.line(1, 2, tone(1), text=text)]}, recipe)
        seen.append(frame(made.file("talk.mp4"), 1.5).astype(int))
    assert seen[0].max() > 200
    assert np.abs(seen[0] - seen[1]).max() > 100


def test_odd_pictures_can_be_burned_into(bench: Bench, make_video: MakeVideo) -> None:
    """H.264 in 4:2:0 wants even sides: an odd one loses its last column."""
    video = make_video(".mkv", options=["-vf", "scale=161:91", "-c:v", "ffv1", "-pix_fmt", "yuv444p", "-c:a", "flac"])
    burned = bench.render(video, languages(bench), {"audio": [ORIGINAL], "burn": {"language": "source"}}).file(
        "talk.mp4"
    )
    assert (look(burned)["streams"][0]["width"], look(burned)["streams"][0]["height"]) == (160, 90)


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ({"audio": [{"kind": "dub", "language": "fr"}]}, ErrorCode.EXPORT_INVALID),
        ({"kind": "stems", "audio": [{"kind": "bed"}]}, ErrorCode.ENGINE_UNAVAILABLE),
        (
            {"audio": [ORIGINAL], "burn": {"language": "es", "style": {"font": "No Such Font"}}},
            ErrorCode.EXPORT_INVALID,
        ),
    ],
)
def test_what_cannot_be_made_is_told(bench: Bench, plain_video: Path, recipe: dict[str, Any], code: ErrorCode) -> None:
    """A language without takes, a background without a separator, a font that is not there."""
    with pytest.raises(PermanentError) as caught:
        bench.render(plain_video, languages(bench), recipe)
    assert caught.value.code is code


def test_clicks_are_to_the_sample_in_a_master_of_two(bench: Bench, plain_video: Path) -> None:
    """Every language in time by itself."""
    lines = {code: [bench.line(start, start + 0.5, click())] for code, start in (("es", 1.0), ("fr", 2.0))}
    video = bench.render(plain_video, lines, {"audio": [DUB]}, duck_db=-60).file("talk.mp4")
    for track, start in enumerate((1, 2)):
        place = start * RATE_HZ
        assert abs(int(np.argmax(np.abs(hear(video, track)[place - 480 : place + 600, 0]))) - 500) <= 1


def test_a_kit_for_publishing(bench: Bench, plain_video: Path) -> None:
    """A sound file from 0 to the video's end for each language, subtitles, title and description if there are."""
    recipe = {
        "kind": "audio",
        "audio": [DUB],
        "audio_format": "m4a",
        "sidecars": [{"language": "*"}],
        "publication": {"texts": {"es": {"title": "Una charla", "description": "Sobre todo.\nY más."}}},
    }
    lines = {code: [bench.line(1.0, 1.5, click())] for code in ("es", "ja")}
    made = bench.render(plain_video, lines, recipe, duck_db=-60, beside={"unpublished": {"ja": "no translator has it"}})
    assert made.names == ["talk.es.m4a", "talk.ja.m4a", "talk.es.srt", "talk.ja.srt", "talk.es.txt"]
    assert made.report["publication"] == {"es": "written", "ja": "no translator has it"}
    assert made.file("talk.es.txt").read_text(encoding="utf-8") == "Una charla\n\nSobre todo.\nY más.\n"
    (stream,) = look(made.file("talk.es.m4a"))["streams"]
    assert stream["codec_name"] == "aac"
    heard = hear_sound(made.file("talk.es.m4a"))
    assert abs(len(heard) - 6 * RATE_HZ) <= 0.04 * RATE_HZ
    assert abs(int(np.argmax(np.abs(heard[RATE_HZ - 480 : RATE_HZ + 600, 0]))) - 500) <= 1


def test_a_text_too_long_for_the_platform_is_told() -> None:
    """By how much; it is written all the same."""
    assert published(PublishedText(title="t" * 101)).startswith("the title has 101 characters")
    assert published(PublishedText(title="t", description="é" * 2501)).startswith("the description has 5002 bytes")
    assert published(PublishedText(description="d")) == "written without a title: none was given"
