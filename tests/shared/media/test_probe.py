"""Containers are recognized by their bytes, and hostile files are refused before ffmpeg guesses."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.media import SNIFF_BYTES, probe, sniff
from shared.pipeline import CancelToken, ErrorCode, PermanentError

KINDS = {
    "mp4": ("mov", []),
    "mov": ("mov", []),
    "mkv": ("matroska", []),
    "webm": ("matroska", ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"]),
    "avi": ("avi", []),
    "ts": ("mpegts", []),
    "flv": ("flv", ["-c:a", "aac"]),
    "wmv": ("asf", ["-c:v", "wmv2", "-c:a", "wmav2"]),
    "mpg": ("mpeg", ["-c:v", "mpeg2video", "-c:a", "mp2"]),
    "ogv": ("ogg", ["-c:v", "libtheora", "-c:a", "libvorbis"]),
}


def refused(path: Path) -> ErrorCode:
    with pytest.raises(PermanentError) as refusal:
        probe(path, CancelToken())
    assert str(path) not in refusal.value.message.split(":")[0]
    return refusal.value.code


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, timeout=60)


@pytest.mark.parametrize("ending", KINDS)
def test_containers_are_recognized(ending: str, sample_video: Path, tmp_path: Path) -> None:
    """Every container that is offered is opened with its demuxer, whatever its name says."""
    demuxer, options = KINDS[ending]
    made, path = tmp_path / f"made.{ending}", tmp_path / "upload.bin"
    ffmpeg("-i", str(sample_video), "-t", "1", "-ar", "44100" if ending == "flv" else "48000", *options, str(made))
    made.rename(path)
    container, facts = probe(path, CancelToken())
    assert container.demuxer == facts.container == demuxer
    assert facts.duration_s == pytest.approx(1.0, abs=0.2)
    assert (facts.width, facts.height) == (320, 180)
    assert facts.audio_codec


def test_facts(sample_video: Path) -> None:
    """Length, picture, sound."""
    container, facts = probe(sample_video, CancelToken())
    assert container.media_type == "video/mp4"
    assert facts.duration_s == pytest.approx(3.0, abs=0.05)
    assert (facts.video_codec, facts.audio_codec, facts.fps) == ("h264", "aac", 25.0)
    assert facts.sample_rate_hz
    assert facts.audio_channels == 1


def test_video_without_sound(sample_video: Path, tmp_path: Path) -> None:
    """A missing audio track is a fact, not an error."""
    path = tmp_path / "silent.mp4"
    ffmpeg("-i", str(sample_video), "-an", "-c", "copy", str(path))
    _, facts = probe(path, CancelToken())
    assert (facts.video_codec, facts.audio_codec, facts.audio_channels, facts.sample_rate_hz) == (
        "h264", None, None, None,
    )  # fmt: skip


def test_sound_without_picture(sample_video: Path, tmp_path: Path) -> None:
    """A sound file is one, also with a cover: its only picture does not move."""
    path, covered = tmp_path / "sound.m4a", tmp_path / "covered.m4a"
    ffmpeg("-i", str(sample_video), "-vn", "-c", "copy", str(path))
    cover = ["-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic"]
    ffmpeg("-i", str(path), "-i", str(sample_video), *cover, "-c:a", "copy", str(covered))
    for sound in (path, covered):
        _, facts = probe(sound, CancelToken())
        assert (facts.video_codec, facts.audio_codec, facts.width) == (None, "aac", None)
        assert facts.duration_s == pytest.approx(3.0, abs=0.05)


SOUNDS = {
    "mp3": ["-c:a", "libmp3lame"],
    "wav": ["-c:a", "pcm_s16le"],
    "flac": ["-c:a", "flac"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
}


@pytest.mark.parametrize("ending", SOUNDS)
def test_sound_files(ending: str, sample_video: Path, tmp_path: Path) -> None:
    """What people keep podcasts in; an MP3 without a header that tells its length is read through."""
    path = tmp_path / f"sound.{ending}"
    ffmpeg("-i", str(sample_video), "-vn", *SOUNDS[ending], "-write_xing", "0", str(path))
    _, facts = probe(path, CancelToken())
    assert facts.duration_s == pytest.approx(3.0, abs=0.12)
    assert (facts.video_codec, len(facts.audio_tracks)) == (None, 1)


def test_sound_goes_on_after_the_picture(sample_video: Path, tmp_path: Path) -> None:
    """The length is that of the longer one, whatever the container."""
    for ending in ("mp4", "mkv"):
        path = tmp_path / f"short.{ending}"
        ffmpeg("-t", "1", "-i", str(sample_video), "-i", str(sample_video), *MAPS, "-c", "copy", str(path))
        assert probe(path, CancelToken())[1].duration_s == pytest.approx(3.0, abs=0.1)


MAPS = ("-map", "0:v", "-map", "1:a")
LIVE = {
    "webm": ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-live", "1", "-f", "webm"],
    "mkv": ["-c", "copy", "-f", "matroska"],
    "flv": [
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        "-ar",
        "44100",
        "-flvflags",
        "no_duration_filesize+no_metadata",
        "-f",
        "flv",
    ],
}


@pytest.mark.parametrize("ending", LIVE)
def test_recordings_without_a_length(ending: str, sample_video: Path, tmp_path: Path) -> None:
    """What a browser records, and what a killed recorder left: what is there counts."""
    made = ["ffmpeg", "-v", "error", "-i", str(sample_video), *LIVE[ending], "pipe:1"]
    data = subprocess.run(made, check=True, capture_output=True, timeout=60).stdout
    path = tmp_path / "whole"
    path.write_bytes(data)
    assert probe(path, CancelToken())[1].duration_s == pytest.approx(3.0, abs=0.1)
    path.write_bytes(data[: len(data) * 2 // 3])
    assert 1.2 < probe(path, CancelToken())[1].duration_s < 2.9


def test_a_header_that_says_too_little(sample_video: Path, tmp_path: Path) -> None:
    """Matroska's tags may be left over from a shorter file: the packets are right."""
    path = tmp_path / "wrong.mkv"
    ffmpeg("-i", str(sample_video), "-c", "copy", str(path))
    data = path.read_bytes()
    assert data.count(b"00:00:03.0") == 2
    path.write_bytes(data.replace(b"00:00:03.0", b"00:00:01.0"))
    assert probe(path, CancelToken())[1].duration_s == pytest.approx(3.0, abs=0.1)


def test_tracks_are_told(sample_video: Path, tmp_path: Path) -> None:
    """Language, title, marks and whether a subtitle track can be read."""
    path, text = tmp_path / "tracks.mkv", tmp_path / "text.srt"
    text.write_text("1\n00:00:00,500 --> 00:00:01,000\nHello\n")
    marks = ["-disposition:a:0", "0", "-disposition:a:1", "default", "-disposition:a:2", "comment"]
    tags = ["-metadata:s:a:0", "language=jpn", "-metadata:s:a:1", "title=Mic/Aux", "-metadata:s:s:0", "language=eng"]
    maps = ["-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "0:a", "-map", "1"]
    ffmpeg("-i", str(sample_video), "-i", str(text), *maps, "-c", "copy", "-c:s", "srt", *marks, *tags, str(path))
    _, facts = probe(path, CancelToken())
    told = [(one.number, one.language, one.title, one.default, one.aside) for one in facts.audio_tracks]
    assert told == [
        (1, "jpn", None, False, None),
        (2, None, "Mic/Aux", True, None),
        (3, None, None, False, "commentary"),
    ]
    assert [(one.number, one.language, one.readable) for one in facts.text_tracks] == [(1, "eng", True)]


def test_a_cut_off_file_is_told_in_words_of_people(sample_video: Path, tmp_path: Path) -> None:
    """No path of this machine, no words of the tool, but what to do."""
    path = tmp_path / "half.mp4"
    path.write_bytes(sample_video.read_bytes()[: sample_video.stat().st_size // 2])
    with pytest.raises(PermanentError) as refusal:
        probe(path, CancelToken())
    said = refusal.value.message
    assert "send the complete file" in said
    assert not [word for word in (str(tmp_path), "0x", "ffprobe", "moov") if word in said]


def test_damaged_videos(sample_video: Path, tmp_path: Path) -> None:
    """Cut off before its index, reduced to its header, or filled with noise: unreadable."""
    whole, path = sample_video.read_bytes(), tmp_path / "damaged.mp4"
    noise = whole[:40] + bytes(byte ^ 0x5A for byte in whole[40:])
    for data in (whole[: len(whole) // 2], whole[:40], noise):
        path.write_bytes(data)
        assert refused(path) is ErrorCode.MEDIA_UNREADABLE


HOSTILE = {
    "empty": b"",
    "text": b"hello, I am a video\n",
    "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "m3u8 after a gap": b"\n \n#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/secret\n",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "concat": b"file '/etc/passwd'\n",
    "dash": b"<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(100),
    "zip": b"PK\x03\x04" + bytes(100),
    "script": b"#!/bin/sh\nreboot\n",
    "zeros": bytes(4000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_other_files_are_refused(kind: str, tmp_path: Path) -> None:
    """Whatever the name promises, a file of another kind never reaches ffmpeg."""
    path = tmp_path / "holiday.mp4"
    path.write_bytes(HOSTILE[kind])
    assert refused(path) is ErrorCode.MEDIA_UNSUPPORTED


@pytest.mark.parametrize("kind", ["m3u8", "ffconcat", "dash", "text", "png"])
def test_known_beginnings_do_not_let_others_in(kind: str, tmp_path: Path) -> None:
    """A playlist behind the first bytes of a video is read as that video, and fails."""
    path = tmp_path / "holiday.mp4"
    for head in (b"\x00\x00\x00\x18ftypisom", b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01"):
        path.write_bytes(head + HOSTILE[kind])
        assert refused(path) is ErrorCode.MEDIA_UNREADABLE


def test_odd_paths(sample_video: Path, tmp_path: Path) -> None:
    """A path that looks like an address, an option or a pattern is a path."""
    for name in ("concat:a|b.mp4", "-version", "%03d.mp4", "http:x.mp4"):
        path = tmp_path / name
        path.write_bytes(sample_video.read_bytes())
        assert probe(path, CancelToken())[1].duration_s == pytest.approx(3.0, abs=0.05)


@given(st.binary(max_size=2 * SNIFF_BYTES))
def test_sniff_never_fails(head: bytes) -> None:
    """Any bytes have a container or none."""
    found = sniff(head)
    assert found is None or found.demuxer


@given(st.sampled_from([b"#EXTM3U", b"ffconcat", b"file ", b"<MPD", b"<?xml", b"v=0"]), st.binary(max_size=SNIFF_BYTES))
def test_scripts_are_never_taken_for_video(start: bytes, rest: bytes) -> None:
    """Whatever follows the opening word of a playlist, it is not opened as one: MP4 and TS name no other files."""
    found = sniff(start + rest)
    assert found is None or found.demuxer in ("mov", "mpegts")
