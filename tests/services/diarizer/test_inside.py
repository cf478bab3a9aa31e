"""Subtitles inside a file: which are used, which are offered, and what is read of them."""

import subprocess
from pathlib import Path

import pytest

from services.diarizer.ffmpeg import Video
from services.diarizer.inside import choose_text, read_inside
from shared.media import probe
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage
from shared.transcript import TextTrackFacts

SRT = "1\n00:00:00,200 --> 00:00:00,900\nHello there.\n\n2\n00:00:01,000 --> 00:00:01,800\nGood morning.\n"
SCC = """Scenarist_SCC V1.0

00:00:00:10\t94ae 94ae 9420 9420 9470 9470 c8e5 ecec ef80 942f 942f

00:00:01:15\t942c 942c
"""
ENGLISH = EngineInfo(
    stage=Stage.DIARIZATION,
    port="recognizer",
    name="pocketsphinx",
    version="1",
    licence="BSD",
    commercial_use=True,
    languages=("en",),
)


def track(number, **facts):
    return TextTrackFacts(number=number, codec="subrip", **facts)


@pytest.mark.parametrize(
    ("tracks", "spoken", "expected"),
    [
        ([track(1, language="kor")], "ko", 1),
        ([track(1, language="eng"), track(2, language="kor")], "ko", 2),
        ([track(1)], "ko", 1),
        ([track(1, language="kor", forced=True)], "ko", None),
        ([track(1, language="kor", readable=False)], "ko", None),
        ([track(1, language="eng")], "ko", None),
        ([track(1, language="eng")], "en", None),
        ([track(1, language="kor")], None, None),
    ],
    ids=["same", "same of several", "untold", "forced", "pictures", "a translation", "understood", "language unknown"],
)
def test_what_is_used_by_itself(tracks, spoken, expected):
    """Only what is said, in words, and only where no recognizer understands it."""
    found = choose_text(tracks, spoken, None, ENGLISH).track
    assert (found.number if found else None) == expected


def test_what_could_be_used_is_offered():
    """By the name that a person knows it by."""
    tracks = [track(1, language="eng", title="English SDH"), track(2, readable=False)]
    assert choose_text(tracks, "en", None, ENGLISH).note == (
        "The file has English subtitles (track 1, English SDH) inside: set text_track to use them in place of "
        "recognized speech."
    )
    assert choose_text([], "en", None, ENGLISH).note is None


@pytest.mark.parametrize(("wanted", "words"), [(2, "are pictures"), (3, "only 2")])
def test_what_cannot_be_used_is_said(wanted, words):
    """With the way out."""
    with pytest.raises(PermanentError, match=words) as refused:
        choose_text([track(1), track(2, readable=False)], "en", wanted, ENGLISH)
    assert refused.value.code is ErrorCode.SUBTITLES_UNREADABLE


def film(folder: Path, suffix: str, codec: str, text: str = SRT) -> Video:
    source, target = folder / ("text.scc" if text is SCC else "text.srt"), folder / f"film{suffix}"
    source.write_text(text)
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=2", "-i", source]
    command += ["-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:s", codec, "-metadata:s:s:0", "language=eng", target]
    subprocess.run(command, check=True)
    container, facts = probe(target, CancelToken())
    return Video(target, container, facts)


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mkv", "srt"), (".mkv", "ass"), (".mkv", "webvtt"), (".mp4", "mov_text")]
)
def test_text_is_read(tmp_path, suffix, codec):
    """Of every kind that containers hold."""
    video = film(tmp_path, suffix, codec)
    cues = read_inside(video, video.facts.text_tracks[0], "en", CancelToken()).cues
    assert [(round(cue.start_s, 2), round(cue.end_s, 2), cue.text) for cue in cues] == [
        (0.2, 0.9, "Hello there."),
        (1.0, 1.8, "Good morning."),
    ]


def test_a_track_of_captions_is_read(tmp_path):
    """Closed captions in a track of their own (CEA-608 in QuickTime)."""
    video = film(tmp_path, ".mov", "copy", SCC)
    assert video.facts.text_tracks[0].readable
    cues = read_inside(video, video.facts.text_tracks[0], "en", CancelToken()).cues
    assert [cue.text for cue in cues] == ["Hello"]


def test_the_text_inside_is_dubbed(bench, dialogue, tmp_path):
    """A task that asks for it has the lines of the track, in the language that the track is marked with."""
    text, target = tmp_path / "text.srt", tmp_path / "film.mkv"
    text.write_text("1\n00:00:00,600 --> 00:00:03,000\nWords of a person.\n")
    command = ["ffmpeg", "-v", "error", "-i", dialogue.path, "-i", text, "-map", "0", "-map", "1", "-t", "4"]
    subprocess.run([*command, "-c:s", "srt", "-metadata:s:s:0", "language=eng", target], check=True)
    run = bench.run(target, text_track=1)
    assert [segment.text for segment in run.transcript.segments] == ["Words of a person."]
    assert (run.transcript.source_language, run.result.media.text_tracks[0].used) == ("en", True)


def captioned(folder: Path) -> Path:
    """Two seconds of H.264 with CEA-608 captions in its pictures (A/53 part 4), which ffmpeg cannot write itself."""
    plain, target = folder / "plain.264", folder / "captioned.mkv"
    source = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=30:duration=2"]
    codec = ["-c:v", "libx264", "-bf", "0", "-x264-params", "aud=1:keyint=30", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *codec, plain], check=True)
    words = ["94ae", "94ae", "9420", "9420", "9470", "9470", "c8e5", "ecec", "ef80", "942f", "942f"]
    pairs = {10 + number: bytes.fromhex(word) for number, word in enumerate(words)}
    pairs |= {45: bytes.fromhex("942c"), 46: bytes.fromhex("942c")}
    units = plain.read_bytes().split(b"\x00\x00\x00\x01\x09")  # access units begin with a delimiter
    data = units[0]
    for number, unit in enumerate(units[1:]):
        cc = b"\xb5\x00\x31GA94\x03\x41\xff\xfc" + pairs.get(number, b"\x80\x80") + b"\xff"
        sei = b"\x00\x00\x00\x01\x06\x04" + bytes([len(cc)]) + cc + b"\x80"
        data += b"\x00\x00\x00\x01\x09" + unit[:1] + sei + unit[1:]
    plain.write_bytes(data)
    subprocess.run(["ffmpeg", "-v", "error", "-f", "h264", "-r", "30", "-i", plain, "-c", "copy", target], check=True)
    return target


def test_captions_in_the_picture_are_read(tmp_path):
    """They are found, and their words come out."""
    path = captioned(tmp_path)
    container, facts = probe(path, CancelToken())
    assert [(one.number, one.captions) for one in facts.text_tracks] == [(1, True)]
    cues = read_inside(Video(path, container, facts), facts.text_tracks[0], "en", CancelToken()).cues
    assert [cue.text for cue in cues] == ["Hello"]
