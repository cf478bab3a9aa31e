"""Sound and a picture out of a video, with ffmpeg under limits."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from shared.media import Container, ToolLimits, input_options, run_tool
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError
from shared.transcript import MediaFacts

CLIP_RATE_HZ = 24_000
"""Sample rate of reference clips: what voice cloning engines work at."""
_MEMORY_BYTES = 2 * 1024**3
_POSTER_WIDTH = 640
_POSTER_FRAMES = 25
_MISSING_S, _MISSING_SHARE = 2.0, 0.05


@dataclass(frozen=True)
class Video:
    """A probed video file."""

    path: Path
    container: Container
    facts: MediaFacts


@dataclass(frozen=True)
class Sound:
    """The first audio track as raw mono PCM, 16 bit: for listening at 16 kHz, for clips at `CLIP_RATE_HZ`."""

    speech: Path
    clips: Path


def extract_command(video: Video, sound: Sound) -> list[str]:
    """The ffmpeg command that writes `sound` and reads the whole picture without decoding it.

    `first_pts=0` fills up a late start with silence, so that times in the sound are times in the media. The picture is
    read along for two reasons: MPEG-TS counts time from the first packet of the streams in use, and the time reached
    tells whether the file is whole. `t` keeps a lying timestamp from being filled up with hours of silence.
    """
    source = _input(video, t=video.facts.duration_s)
    outputs = [
        ffmpeg.output(
            source["a:0"],
            f"file:{path}",
            format="s16le",
            acodec="pcm_s16le",
            ac=1,
            ar=rate_hz,
            af="aresample=async=1:first_pts=0",
        )
        for path, rate_hz in ((sound.speech, 16_000), (sound.clips, CLIP_RATE_HZ))
    ]
    return _compile(*outputs, ffmpeg.output(source["V:0"], "-", format="null", vcodec="copy"), progress="pipe:1")


def extract_sound(video: Video, folder: Path, cancel: CancelToken, report: Callable[[float], None]) -> Sound:
    """Decode the first audio track into `folder`.

    Raises:
        PermanentError: `media_unreadable` when the track cannot be decoded or a part of the file is missing.
    """
    sound = Sound(folder / "speech.pcm", folder / "clips.pcm")
    reached_s = 0.0

    def on_line(line: str) -> None:
        nonlocal reached_s
        name, _, value = line.partition("=")
        if name == "out_time_us":
            # N/A before the first packet; a cancellation is raised by `run_tool`, not by the thread that reads lines
            with contextlib.suppress(ValueError, Canceled):
                reached_s = max(reached_s, int(value) / 1e6)
                report(min(1.0, reached_s / video.facts.duration_s))

    limits = ToolLimits(timeout_s=120 + video.facts.duration_s, memory_bytes=_MEMORY_BYTES)
    try:
        run_tool(extract_command(video, sound), cancel, limits, on_line=on_line)
    except PermanentError as error:
        if error.code is not ErrorCode.TOOL_FAILED:
            raise
        raise PermanentError(
            ErrorCode.MEDIA_UNREADABLE, f"the audio track ({video.facts.audio_codec}) cannot be read: {error.message}"
        ) from error
    check_whole(video.facts.duration_s, reached_s)
    return sound


def check_whole(duration_s: float, reached_s: float) -> None:
    """Refuse a file that ends well before it says.

    Raises:
        PermanentError: `media_unreadable` when more than 2 s and 5 % are missing; less is left to the export's checks.
    """
    if duration_s - reached_s > max(_MISSING_S, _MISSING_SHARE * duration_s):
        raise PermanentError(
            ErrorCode.MEDIA_UNREADABLE,
            f"the video is cut off: it says it lasts {duration_s:.0f} s, but ends after {reached_s:.0f} s; "
            "upload the complete file",
        )


def poster_command(video: Video, at_s: float, target: Path) -> list[str]:
    """The ffmpeg command that writes one typical picture near `at_s`, in the shape it is shown in, as a JPEG."""
    width = f"min({_POSTER_WIDTH},trunc(iw*sar/2)*2)"
    picture = (
        _input(video, ss=at_s)["V:0"]
        .filter("thumbnail", n=_POSTER_FRAMES)
        .filter("scale", w=width, h="trunc(ow/dar/2)*2")
        .filter("setsar", "1")
    )
    output = ffmpeg.output(picture, f"file:{target}", format="image2", vcodec="mjpeg", vframes=1, **{"q:v": 4})
    return _compile(output)


def write_poster(video: Video, folder: Path, cancel: CancelToken) -> Path | None:
    """Write a poster picture from a tenth into the video, or from its start; None when no picture can be decoded."""
    target = folder / "poster.jpg"
    limits = ToolLimits(timeout_s=120, memory_bytes=_MEMORY_BYTES)
    for at_s in (min(60.0, video.facts.duration_s / 10), 0.0):
        # A picture that cannot be decoded here can still be copied into the export, so it stops nothing.
        with contextlib.suppress(PermanentError):
            run_tool(poster_command(video, at_s, target), cancel, limits)
        if target.exists() and target.stat().st_size:
            return target
    return None


def _input(video: Video, **options: float) -> "ffmpeg.nodes.FilterableStream":
    return ffmpeg.input(f"file:{video.path}", **input_options(video.container), **options)


def _compile(*outputs: "ffmpeg.nodes.OutputStream", progress: str | None = None) -> list[str]:
    merged = outputs[0] if len(outputs) == 1 else ffmpeg.merge_outputs(*outputs)
    arguments = ["-nostdin", "-v", "error", "-nostats", *(("-progress", progress) if progress else ())]
    command: list[str] = merged.global_args(*arguments).overwrite_output().compile()
    return command
