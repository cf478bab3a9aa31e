"""Timelines for editing programs, read back with the library that these use: every take on its frame."""

import math
import zipfile
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import opentimelineio as otio
import pytest
import soundfile

from services.exporter.edit_timeline import frames_of
from shared.messaging import ExportRecipe, TimelineLine
from tests.services.exporter.conftest import RATE_HZ, Bench, MakeVideo, Rendering, hear, look, tone

FILM = Fraction(24000, 1001)
EDITING = {
    "audio": [{"kind": "dub", "language": "*"}, {"kind": "original"}],
    "timelines": [{"language": "*"}],
    "bundle": True,
}


def lines_of(bench: Bench) -> dict[str, list[TimelineLine]]:
    """Two people, of whom one begins off the frame, speaks again in the same frame, and talks over himself."""
    return {
        "es": [
            bench.line(0.51, 1.0, tone(0.5, 300), text="¿Qué tal?", source_text="How are you?"),
            bench.line(1.02, 2.0, tone(0.9, 400), text="Muy bien."),
            bench.line(1.5, 2.0, tone(0.5, 500), text="Eso."),
            bench.line(2.2, 2.9, tone(0.6, 600), text="Adiós.", speaker_id="b"),
            bench.line(3.0, 3.4, text="Sin voz.", speaker_id="b"),
        ]
    }


def unpacked(made: Rendering, folder: Path) -> Path:
    """The files of the archive, as a person has them."""
    assert made.names == ["talk.zip"]
    with zipfile.ZipFile(made.file("talk.zip")) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize(("written", "rate", "length_s"), [("24000/1001", FILM, 4.004), ("25", Fraction(25), 4.0)])
def test_every_take_is_on_its_frame(
    bench: Bench, make_video: MakeVideo, tmp_path: Path, written: str, rate: Fraction, length_s: float
) -> None:
    """At the rate of the video; on a track nothing overlaps; what clips name lies beside it and is as long."""
    lines = lines_of(bench)
    made = bench.render(make_video(rate=written, duration_s=length_s), lines, EDITING)
    folder = unpacked(made, tmp_path / "edit")
    timeline = otio.adapters.read_from_file(str(folder / "talk.es.otio"))
    picture, original, *speakers = timeline.tracks
    assert [track.kind for track in timeline.tracks] == ["Video", *["Audio"] * (len(speakers) + 1)]
    (whole,) = picture.find_clips()
    assert whole.source_range.duration == otio.opentime.RationalTime(round(length_s * rate), float(rate))
    assert (whole.media_reference.target_url, original[0].media_reference.target_url) == (
        "talk.mp4",
        "talk.original.wav",
    )
    assert {track.name.split(" (")[0] for track in speakers} == {"a", "b"}
    placed = {}
    for track in speakers:
        end = 0.0
        for clip in track.find_clips():
            there = clip.trimmed_range_in_parent()
            assert there.start_time.rate == pytest.approx(float(rate))
            assert there.start_time.value >= end
            end = there.end_time_exclusive().value
            sound = soundfile.info(folder / unquote(clip.media_reference.target_url))
            assert abs(sound.frames - clip.source_range.duration.value * RATE_HZ / rate) <= 1
            placed[clip.metadata["localclip"]["segment_id"]] = there.start_time.value
    dubbed = [line for line in lines["es"] if line.take_key]
    assert placed == {line.segment_id: math.floor(line.start_s * rate) for line in dubbed}
    assert made.report["timelines"] == [{"language": "es", "rate": str(rate), "takes": 4}]


def test_takes_sound_as_in_the_dub(bench: Bench, make_video: MakeVideo, tmp_path: Path) -> None:
    """A take laid on its frame is to the sample where the dub has it, and as loud."""
    lines = {"es": [bench.line(0.51, 1.5, tone(1, 300))]}
    silent = EDITING | {"audio": [{"kind": "dub", "language": "*"}]}
    made = bench.render(make_video(rate="24000/1001", duration_s=3.003, sound=None), lines, silent)
    folder = unpacked(made, tmp_path / "edit")
    assert not list(folder.glob("*.original.wav"))
    take, rate_hz = soundfile.read(folder / "takes/es/s000510.es.wav", dtype="float32")
    first, count = frames_of(round(0.51 * RATE_HZ), round(1.51 * RATE_HZ), FILM).samples(FILM)
    assert (rate_hz, len(take)) == (RATE_HZ, count)
    heard = hear(folder / "talk.mp4")[first : first + count, 0]
    gain = float(np.vdot(heard, take) / np.vdot(take, take))
    assert gain == pytest.approx(1, abs=0.1)
    assert np.sqrt(np.mean((heard - gain * take) ** 2)) < 0.02 * np.sqrt(np.mean(take**2))


def test_names_texts_and_what_to_review(bench: Bench, make_video: MakeVideo) -> None:
    """Tracks are called after people; texts are in clips and their markers; lines worth a look are marked in red."""
    beside = {"speakers": {"a": "Ana María"}, "review": {"es": {"s003000": ("no take could be made",)}}}
    recipe = {**EDITING, "name": "señal"}
    made = bench.render(make_video(duration_s=4.0), lines_of(bench), recipe, beside=beside)
    with zipfile.ZipFile(made.file("señal.zip")) as archive:
        timeline = otio.adapters.read_from_string(archive.read("señal.es.otio").decode(), "otio_json")
    assert [track.name for track in timeline.tracks] == [
        "Picture",
        "Original (en)",
        "Ana María",
        "Ana María (2)",
        "b",
    ]
    first = next(iter(timeline.tracks[2].find_clips()))
    assert first.name == "s000510 ¿Qué tal?"
    assert first.metadata["localclip"]["source_text"] == "How are you?"
    assert first.markers[0].comment == "¿Qué tal?"
    (mark,) = timeline.tracks.markers
    assert (mark.color, mark.comment) == ("RED", "no take could be made: Sin voz.")
    assert mark.marked_range.start_time.value == 75
    assert unquote(next(iter(timeline.tracks[0].find_clips())).media_reference.target_url) == "señal.mp4"


def test_frames_hold_every_sample() -> None:
    """From the frame a take begins in to the one it ends in, at every rate, hours later too."""
    for rate in (FILM, Fraction(25), Fraction(30000, 1001), Fraction(60)):
        for start in (0, 1, 24_480, 48_000 * 7200 + 1):
            frames = frames_of(start, start + 4_801, rate)
            first, count = frames.samples(rate)
            assert first <= start + 1
            assert first + count >= start + 4_800
            assert frames.count == pytest.approx(4_801 * rate / RATE_HZ, abs=2)
    assert frames_of(0, 1920, Fraction(25)).count == 1


def test_a_timeline_without_its_files_is_refused() -> None:
    """It would name what is not there."""
    for wrong in (
        {**EDITING, "bundle": False},
        {**EDITING, "kind": "audio"},
        {**EDITING, "timelines": [{"language": "source"}]},
    ):
        with pytest.raises(ValueError, match="timeline"):
            ExportRecipe.model_validate(EDITING | wrong)


def test_the_video_beside_it_is_the_master(bench: Bench, make_video: MakeVideo, tmp_path: Path) -> None:
    """With the dub and the original as tracks."""
    folder = unpacked(bench.render(make_video(duration_s=4.0), lines_of(bench), EDITING), tmp_path / "edit")
    assert [stream["codec_type"] for stream in look(folder / "talk.mp4")["streams"]] == ["video", "audio", "audio"]
