"""The stage on videos with nothing to dub, and on files that are no videos."""

import subprocess

import numpy as np
import pytest
import soundfile

from services.diarizer.diarization import NO_AUDIO, NO_SPEECH, SILENT
from services.diarizer.ffmpeg import check_whole
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import keys

ONE_CUE = "1\n00:00:01,000 --> 00:00:03,000\nGood morning.\n"


@pytest.fixture
def music(tmp_path):
    """Six seconds of chords, without a voice."""
    path = tmp_path / "music.wav"
    time_s = np.arange(6 * 44_100) / 44_100
    roots = np.repeat([220.0, 174.6, 261.6, 196.0], len(time_s) // 4)
    chord = sum(np.sin(2 * np.pi * np.cumsum(roots * ratio) / 44_100) for ratio in (1, 1.26, 1.5, 2))
    soundfile.write(path, 0.15 * chord * (0.4 + 0.6 * np.exp(-3 * (time_s % 0.5))), 44_100)
    return path


@pytest.fixture
def hush(tmp_path):
    """Four seconds of digital silence."""
    path = tmp_path / "hush.wav"
    soundfile.write(path, np.zeros(4 * 16_000), 16_000)
    return path


def assert_nothing_to_dub(run, note):
    assert (run.result.segments, run.result.speakers, run.result.note) == (0, 0, note)
    assert run.transcript.segments == run.transcript.speakers == ()
    assert run.product("poster.jpg")
    assert run.product("peaks.json")


def test_no_audio_track(bench, make_video):
    """A silent film completes with nothing to dub and says why, whatever its language."""
    assert_nothing_to_dub(bench.run(make_video(duration_s=3.0), source_language="ko"), NO_AUDIO)


def test_silence(bench, make_video, hush):
    """So does an audio track with nothing on it."""
    assert_nothing_to_dub(bench.run(make_video(hush, 4.0)), SILENT)


def test_music_without_speech(bench, make_video, music):
    """So does music: nothing is recognized in it."""
    run = bench.run(make_video(music, 6.0))
    assert_nothing_to_dub(run, NO_SPEECH)
    assert [engine.name for engine in run.result.engines] == ["silero-vad"]


def refusal(bench, path):
    with pytest.raises(PermanentError) as refused:
        bench.run(path)
    assert list(bench.context().store.list("tasks/task_20250101_000000_0a1b2c3d/processed/")) == []
    return refused.value.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ErrorCode.MEDIA_UNSUPPORTED),
        (b"this is not a video\n" * 100, ErrorCode.MEDIA_UNSUPPORTED),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", ErrorCode.MEDIA_UNSUPPORTED),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", ErrorCode.MEDIA_UNSUPPORTED),
        (b"\x00\x00\x00\x18ftypisom" + bytes(4000), ErrorCode.MEDIA_UNREADABLE),
        (b"\x1aE\xdf\xa3" + bytes(range(256)) * 20, ErrorCode.MEDIA_UNREADABLE),
    ],
    ids=["empty", "text", "playlist", "concat script", "mp4 header only", "mkv noise"],
)
def test_what_is_no_video_is_refused(bench, tmp_path, content, code):
    """Refused with a clear code, and nothing is stored."""
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    assert refusal(bench, path) is code


def test_sound_without_a_picture_is_heard(bench, dialogue, tmp_path):
    """A podcast in an MP4 has lines like any video, and no poster."""
    path = tmp_path / "sound.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", dialogue.path, "-c:a", "aac", path], check=True)
    run = bench.run(path, ONE_CUE, source_language="en")
    assert (run.result.segments, run.result.media.video_codec) == (1, None)
    assert run.result.media.duration_s == pytest.approx(dialogue.duration_s, abs=0.05)
    names = [info.key.rsplit("/", 1)[-1] for info in run.store.list(f"tasks/{run.result.task_id}/processed/")]
    assert "poster.jpg" not in names


@pytest.mark.parametrize(
    ("suffix", "options"),
    [(".mp4", ()), (".mp4", ("-movflags", "+faststart")), (".mkv", ())],
    ids=["mp4", "mp4 faststart", "mkv"],
)
def test_a_truncated_video_is_refused(bench, dialogue, make_video, tmp_path, suffix, options):
    """Half an upload is not taken for a whole video, not even where its header is complete."""
    whole = make_video(dialogue.path, 12.0, suffix=suffix, options=options).read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(bench, path) is ErrorCode.MEDIA_UNREADABLE


def test_a_damaged_audio_track_does_no_harm(bench, dialogue, make_video, tmp_path):
    """Noise in the middle of a whole file costs some words, not the job."""
    content = bytearray(make_video(dialogue.path, 12.0, options=("-movflags", "+faststart")).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = b"\xa5" * 2000
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    assert bench.run(path).result.segments > 0


@pytest.mark.parametrize(
    ("duration_s", "reached_s", "whole"),
    [(10, 10, True), (10, 8.1, True), (10, 7.9, False), (7200, 6900, True), (7200, 6800, False), (3, 0, False)],
)
def test_how_much_may_be_missing(duration_s, reached_s, whole):
    """Up to 2 s or 5 %: audio and picture rarely end together, and headers round."""
    if whole:
        check_whole(duration_s, reached_s)
        return
    with pytest.raises(PermanentError, match="cut off") as refused:
        check_whole(duration_s, reached_s)
    assert refused.value.code is ErrorCode.MEDIA_UNREADABLE


def test_products_lie_under_the_attempt(bench, make_video):
    """A later attempt does not write over an earlier one."""
    run = bench.run(make_video(duration_s=2.0))
    assert run.result.transcript_key == keys.processed(run.result.task_id, 1, "transcript.json")
