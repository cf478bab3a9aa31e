"""The whole stage on real videos: sound where it belongs, at its level, in a file of the same length."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.messaging import ExportedFile
from shared.pipeline import Canceled, CancelToken, ErrorCode, LineState, PermanentError
from shared.transcript import read_subtitles
from tests.services.exporter.conftest import RATE_HZ, Bench, MakeVideo, click, hear, level_db, look, tone

STARTS = (0.5, 2.0, 4.123456)

VIDEOS: dict[str, tuple[dict[str, Any], str]] = {
    "h264 in mp4": ({}, "mp4"),
    "vp9 and opus in webm": (
        {"suffix": ".webm", "options": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]},
        "mp4",
    ),
    "vp8 and vorbis in webm": (
        {"suffix": ".webm", "options": ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"]},
        "mkv",
    ),
    "mpeg2 in a transport stream": (
        {"suffix": ".ts", "audio_offset_s": 0.7, "options": ["-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"]},
        "mkv",
    ),
    "h264 in a transport stream": (
        {"suffix": ".ts", "audio_offset_s": 0.7, "options": ["-c:v", "libx264", "-c:a", "aac"]},
        "mp4",
    ),
    "mpeg2 in a program stream": ({"suffix": ".mpg", "options": ["-c:v", "mpeg2video", "-c:a", "mp2"]}, "mkv"),
    "mpeg4 in avi": ({"suffix": ".avi", "options": ["-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"]}, "mp4"),
    "flv": ({"suffix": ".flv", "options": ["-c:a", "aac"]}, "mp4"),
    "wmv": ({"suffix": ".wmv", "options": ["-c:v", "wmv2", "-c:a", "wmav2"]}, "mkv"),
    "pcm in mov": ({"suffix": ".mov", "options": ["-c:a", "pcm_s16le"]}, "mp4"),
    "audio that starts late": ({"audio_offset_s": 0.7}, "mp4"),
    "picture that starts late": ({"suffix": ".mkv", "video_offset_s": 0.7, "options": ["-c:a", "aac"]}, "mp4"),
    "variable frame rate": ({"options": ["-vf", "select='not(mod(n,3))+gt(n,75)'", "-vsync", "vfr"]}, "mp4"),
    "mono": ({"channels": 1}, "mp4"),
    "5.1": ({"channels": 6, "options": ["-c:a", "ac3"]}, "mp4"),
}


def starts_found(path: Path) -> list[int]:
    """How many samples each click of `STARTS` is off its place."""
    heard, off = hear(path)[:, 0], []
    for start_s in STARTS:
        place = round(start_s * RATE_HZ)
        off.append(int(np.argmax(np.abs(heard[place - 480 : place + 600]))) - 480 - 20)
    return off


@pytest.mark.parametrize("name", VIDEOS)
def test_every_kind_of_video_keeps_its_length_and_its_time(bench: Bench, make_video: MakeVideo, name: str) -> None:
    """Voices within one sample of their place, length within one frame, picture copied, all tracks there."""
    how, container = VIDEOS[name]
    video = make_video(**how)
    run = bench.run(video, [bench.line(start, start + 0.5, click()) for start in STARTS])
    assert run.video.name == f"export_es.{container}"
    assert max(map(abs, starts_found(run.video))) <= 1
    assert abs(run.report["length_difference_s"]) <= run.report["frame_s"]
    before, after = look(video)["streams"], look(run.video)["streams"]
    assert [stream["codec_type"] for stream in after] == ["video", "audio", "audio", "subtitle"]
    assert after[0]["codec_name"] == next(s["codec_name"] for s in before if s["codec_type"] == "video")
    channels = 6 if name == "5.1" else 2
    assert (after[1]["codec_name"], after[1]["sample_rate"], after[1]["channels"]) == ("aac", "48000", channels)


def test_the_original_track_stays_in_time(bench: Bench, make_video: MakeVideo) -> None:
    """The second track of a video whose audio starts late is heard when it was."""
    video = make_video(audio_offset_s=0.7, sound="sine=frequency=700")
    run = bench.run(video, [bench.line(1, 2, tone(1))])
    before, after = hear(video), hear(run.video, 1)
    count = min(len(before), len(after))
    assert level_db(before[:count] - after[:count]) < -60


def test_tracks_are_labelled_and_the_dub_is_the_default(bench: Bench, plain_video: Path) -> None:
    """Languages in ISO 639-2, titles, dispositions, in both containers."""
    for container in ("mp4", "mkv"):
        run = bench.run(plain_video, [bench.line(1, 2, tone(1))], container=container)
        _, dub, original, subtitles = look(run.video)["streams"]
        assert [s["tags"]["language"] for s in (dub, original, subtitles)] == ["spa", "eng", "spa"]
        assert (dub["disposition"]["default"], original["disposition"]["default"]) == (1, 0)
        assert subtitles["codec_name"] == {"mp4": "mov_text", "mkv": "subrip"}[container]
        if container == "mkv":  # the first subtitle track of an MP4 file is always on
            assert subtitles["disposition"]["default"] == 0
        assert dub["tags"]["handler_name" if container == "mp4" else "title"] == "Español (LocalClip)"


def test_the_original_can_be_left_out(bench: Bench, make_video: MakeVideo) -> None:
    """One audio track, still in time where time is counted from the streams in use."""
    video = make_video(".ts", video_offset_s=0.7, options=["-c:v", "libx264", "-c:a", "aac"])
    run = bench.run(video, [bench.line(start, start + 0.5, click()) for start in STARTS], keep_original=False)
    streams = look(run.video)["streams"]
    assert [stream["codec_type"] for stream in streams] == ["video", "audio", "subtitle"]
    assert float(streams[0]["start_time"]) == pytest.approx(0.7, abs=0.05)
    assert max(map(abs, starts_found(run.video))) <= 1


def test_rotation_survives(bench: Bench, make_video: MakeVideo) -> None:
    """A telephone's video is not turned over."""
    upright, turned = (
        struct.pack(">9i", *m, 0, 0, 0, 1 << 30) for m in ((1 << 16, 0, 0, 0, 1 << 16), (0, 1 << 16, 0, -1 << 16, 0))
    )
    video = bench.folder / "turned.mov"
    data = make_video(".mov", 3.0).read_bytes()
    place = data.index(upright, data.index(b"tkhd"))
    video.write_bytes(data[:place] + turned + data[place + len(turned) :])
    run = bench.run(video, [bench.line(1, 2, tone(1))])
    rotation = [look(path)["streams"][0]["side_data_list"][0]["rotation"] for path in (video, run.video)]
    assert rotation == [-90, -90]


@pytest.mark.parametrize(("lufs", "peak"), [(-16.0, -1.0), (-23.0, -2.0), (-12.0, -1.5)])
def test_loudness_and_true_peak_are_on_target_after_encoding(
    bench: Bench, plain_video: Path, lufs: float, peak: float
) -> None:
    """Measured on the exported file itself; speech with clicks that have to be limited."""
    voice = tone(1.5, 300, 0.2)
    voice[::4800] = 0.95
    lines = [bench.line(0.5, 2, voice), bench.line(3, 4.5, voice)]
    run = bench.run(plain_video, lines, loudness_lufs=lufs, true_peak_dbtp=peak)
    measured = bench.mixer.measure(run.video, 6.0, CancelToken(), lambda _: None)
    assert measured.integrated_lufs == pytest.approx(lufs, abs=0.5)
    assert measured.true_peak_dbtp is not None
    assert measured.true_peak_dbtp <= peak
    assert run.report["loudness"]["integrated_lufs"] == pytest.approx(measured.integrated_lufs, abs=0.05)
    assert run.report["passed"] is True
    assert run.report["checks"] == dict.fromkeys(run.report["checks"], True)


def test_voices_are_as_loud_as_the_speech_they_replace(bench: Bench, make_video: MakeVideo) -> None:
    """Quiet takes over a loud original are raised, the rest is not."""
    video = make_video(sound="sine=frequency=300")
    run = bench.run(video, [bench.line(1, 3, tone(2, 997, 0.03))], duck_db=-60, container="mkv")
    heard = hear(run.video)
    voice, original = heard[int(1.2 * RATE_HZ) : int(2.8 * RATE_HZ)], heard[4 * RATE_HZ : 5 * RATE_HZ]
    assert level_db(voice) == pytest.approx(level_db(original), abs=1.5)  # K-weighting tells 300 from 997 Hz


def test_files_have_their_names_and_kinds(bench: Bench, plain_video: Path) -> None:
    """Exactly these, stored under the attempt; the report in the result is the report in the store."""
    run = bench.run(plain_video, [bench.line(1, 2, tone(1), text="¿Qué tal, señor?")])
    assert [(file.name, file.media_type) for file in run.result.files] == [
        ("export_es.mp4", "video/mp4"),
        ("subtitles_es.srt", "application/x-subrip"),
        ("subtitles_es.vtt", "text/vtt"),
        ("subtitles_es.ttml", "application/ttml+xml"),
        ("report_es.json", "application/json"),
    ]
    assert all(run.product(file.name).stat().st_size == file.size for file in run.result.files)
    assert all(isinstance(file, ExportedFile) and "/export/1/" in file.key for file in run.result.files)
    assert json.loads(run.product("report_es.json").read_text()) == run.report
    assert run.product("subtitles_es.vtt").read_text().startswith("WEBVTT")
    (cue,) = read_subtitles(run.product("subtitles_es.srt").read_bytes()).cues
    assert (cue.start_s, cue.end_s, cue.text) == (1.0, 2.0, "¿Qué tal, señor?")


def test_overlapping_subtitles_fit_into_mp4(bench: Bench, plain_video: Path) -> None:
    """Two speakers at once: stacked in the container, two cues in the files."""
    lines = [bench.line(1, 3, tone(2), text="Uno."), bench.line(1, 2, tone(1), text="Dos.")]
    run = bench.run(plain_video, lines)
    assert len(read_subtitles(run.product("subtitles_es.srt").read_bytes()).cues) == 2
    assert run.report["checks"]["subtitles_present"] is True


def test_a_failed_line_is_listed_and_keeps_its_subtitle(bench: Bench, plain_video: Path) -> None:
    """The language is exported; the report names the line and why."""
    failed = bench.line(3, 4, text="Adiós.", error_code="engine_failed")
    run = bench.run(plain_video, [bench.line(1, 2, tone(1)), failed])
    assert run.report["failed"] == [{"segment_id": failed.segment_id, "code": "engine_failed"}]
    cues = read_subtitles(run.product("subtitles_es.srt").read_bytes()).cues
    assert [(cue.start_s, cue.text) for cue in cues] == [(1.0, "Hola."), (3.0, "Adiós.")]


def test_nothing_to_dub_exports_the_original(bench: Bench, plain_video: Path) -> None:
    """Streams copied bit for bit, nothing measured, and the report says why."""
    run = bench.run(plain_video)
    streams = look(run.video)["streams"]
    assert [stream["codec_type"] for stream in streams] == ["video", "audio"]
    assert np.array_equal(hear(run.video), hear(plain_video))
    assert run.report["note"] == "no speech was found: the export is the original"
    assert run.report["loudness"]["integrated_lufs"] is None
    assert run.report["passed"] is True


def test_no_audio_is_invented(bench: Bench, make_video: MakeVideo) -> None:
    """A silent film stays one."""
    run = bench.run(make_video(sound=None))
    assert [stream["codec_type"] for stream in look(run.video)["streams"]] == ["video"]
    assert "no audio" in run.report["note"]


def test_a_video_without_audio_can_still_be_dubbed(bench: Bench, make_video: MakeVideo) -> None:
    """A person brought the lines: voices over silence."""
    lines = [bench.line(start, start + 1, tone(1)) for start in (0.5, 2, 4)]
    run = bench.run(make_video(sound=None), lines)
    assert [s["codec_type"] for s in look(run.video)["streams"]] == ["video", "audio", "subtitle"]
    assert run.report["passed"] is True


def test_silent_takes_over_a_silent_original_are_left_alone(bench: Bench, make_video: MakeVideo) -> None:
    """Null with a reason instead of noise at -16 LUFS."""
    video = make_video(sound="anullsrc=channel_layout=stereo", duration_s=3)
    run = bench.run(video, [bench.line(1, 2, np.zeros(RATE_HZ, np.float32))])
    assert run.report["loudness"]["integrated_lufs"] is None
    assert "silent" in run.report["unmeasured"]["loudness.integrated_lufs"]
    assert run.report["passed"] is True


def test_takes_are_cut_where_the_video_ends(bench: Bench, plain_video: Path) -> None:
    """The length of the video is kept, the overflow is told."""
    run = bench.run(plain_video, [bench.line(5, 5.9, tone(3))])
    assert abs(run.report["length_difference_s"]) <= 0.04
    assert run.report["overflow_seconds"] == pytest.approx(2.0, abs=0.05)


def test_a_container_that_cannot_hold_the_picture_is_refused(bench: Bench, make_video: MakeVideo) -> None:
    """Before any work, with the way out."""
    video = make_video(".webm", options=["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"])
    with pytest.raises(PermanentError, match="MKV") as caught:
        bench.run(video, [bench.line(1, 2, tone(1))], container="mp4")
    assert caught.value.code is ErrorCode.EXPORT_INVALID


def test_a_truncated_video_is_no_export(bench: Bench, make_video: MakeVideo) -> None:
    """A file that says it is longer than it is: the length check catches it."""
    video = make_video(options=["-movflags", "+faststart"])
    cut = bench.folder / "cut.mp4"
    cut.write_bytes(video.read_bytes()[: int(video.stat().st_size * 0.7)])
    with pytest.raises(PermanentError) as caught:
        bench.run(cut, [bench.line(1, 2, tone(1))])
    assert caught.value.code is ErrorCode.EXPORT_INVALID


def test_a_playlist_is_not_opened(bench: Bench, plain_video: Path) -> None:
    """A script that names other files is not a video."""
    playlist = bench.folder / "video.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:6\nfile://{plain_video}\n")
    with pytest.raises(PermanentError) as caught:
        bench.run(playlist)
    assert caught.value.code is ErrorCode.MEDIA_UNSUPPORTED


STEPS = (
    "measuring the voices",
    "mixing",
    "measuring loudness",
    "encoding the dub track",
    "writing the video",
    "checking the video",
    "storing the files",
)


@pytest.mark.parametrize("step", STEPS)
def test_cancel_stops_at_every_step_and_stores_nothing(bench: Bench, plain_video: Path, step: str) -> None:
    """No product, whichever step was in hand."""
    with pytest.raises(Canceled):
        bench.run(plain_video, [bench.line(1, 2, tone(1))], stop_at=step)
    assert [info.key for info in bench.store.list("tasks/") if "/export/" in info.key] == []


def test_progress_rises_through_every_step(bench: Bench, plain_video: Path) -> None:
    """Never back, and every step is told."""
    run = bench.run(plain_video, [bench.line(1, 2, tone(1))])
    fractions = [fraction for fraction, _ in run.progress]
    assert fractions == sorted(fractions)
    assert list(dict.fromkeys(message for _, message in run.progress))[1:] == list(STEPS)
    assert len({round(fraction, 2) for fraction in fractions}) > 10


def test_the_same_job_makes_the_same_file(bench: Bench, plain_video: Path) -> None:
    """Repeating a job after a crash changes nothing."""
    lines = [bench.line(1, 2, tone(1), state=LineState.DUBBED)]
    first = bench.run(plain_video, lines, container="mkv").video.read_bytes()
    assert bench.run(plain_video, lines, container="mkv").video.read_bytes() == first
