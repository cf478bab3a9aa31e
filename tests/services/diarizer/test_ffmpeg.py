"""The commands that touch an uploaded file."""

from pathlib import Path

from services.diarizer.ffmpeg import Sound, Video, extract_command, poster_command, tracks_of, write_poster
from shared.media import Container
from shared.pipeline import CancelToken
from shared.transcript import AudioTrackFacts, MediaFacts

VIDEO = Video(
    Path("/store/-i evil.mp4"),
    Container("mov", "video/mp4"),
    MediaFacts(
        container="mov",
        duration_s=12.5,
        video_codec="h264",
        audio_codec="aac",
        audio_tracks=(AudioTrackFacts(number=1, channels=1), AudioTrackFacts(number=2, channels=2)),
    ),
)


def assert_restricted(command):
    """Options of an input stand before it: the demuxer is forced and only files are opened."""
    assert command.count("-i") == 1
    before = command[: command.index("-i")]
    assert before[before.index("-f") + 1] == "mov"
    assert before[before.index("-protocol_whitelist") + 1] == "file"
    assert command[command.index("-i") + 1] == "file:/store/-i evil.mp4"


def test_extraction_is_restricted_and_bounded():
    """Never more sound than the video says it lasts, whatever its timestamps claim."""
    tracks = tracks_of(VIDEO, Path("/job"))
    command = extract_command(VIDEO, Sound(tracks, Path("/job/clips.pcm"), 2))
    assert_restricted(command)
    assert command[command.index("-t") + 1] == "12.5"
    assert command.index("-t") < command.index("-i")
    assert [command[at + 1] for at, part in enumerate(command) if part == "-map"] == [
        *("0:a:0", "0:a:1", "0:a:1", "0:a:1"),  # mono; mid, side and clips of stereo
        "0:V:0",
    ]


def test_the_poster_is_restricted():
    """The picture is read under the same rules."""
    assert_restricted(poster_command(VIDEO, 1.25, Path("/job/poster.jpg")))


def test_a_picture_that_cannot_be_decoded_is_no_failure(tmp_path):
    """The video can still be dubbed; it has no poster."""
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(100))
    assert write_poster(Video(path, VIDEO.container, VIDEO.facts), tmp_path, CancelToken()) is None


def test_a_wide_picture_keeps_its_shape(make_video, tmp_path):
    """An anamorphic picture is shown as wide as a player shows it."""
    path = make_video(duration_s=1.0, options=("-vf", "setsar=2"))
    facts = MediaFacts(container="mov", duration_s=1.0, video_codec="h264")
    poster = write_poster(Video(path, VIDEO.container, facts), tmp_path, CancelToken())
    assert jpeg_size(poster.read_bytes()) == (320, 120)


def jpeg_size(data):
    at = data.index(b"\xff\xc0") + 5
    return int.from_bytes(data[at + 2 : at + 4], "big"), int.from_bytes(data[at : at + 2], "big")
