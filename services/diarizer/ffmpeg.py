"""Audio and a poster picture from a video, with ffmpeg under limits."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from services.diarizer.recording import SPEECH_RATE_HZ
from shared.media import Container, ToolLimits, input_options, run_tool
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError
from shared.transcript import MediaFacts

CLIP_RATE_HZ = 24_000
"""Sample rate of reference clips: that of voice cloning engines."""
_MEMORY_BYTES = 2 * 1024**3
_POSTER_WIDTH = 640
_POSTER_FRAMES = 25
_MISSING_S, _MISSING_SHARE = 2.0, 0.05
_STEREO = 2
_MID, _SIDE = "0.5*c0+0.5*c1", "0.5*c0-0.5*c1"

Report = Callable[[float], None]


@dataclass(frozen=True)
class Video:
    """A probed video file."""

    path: Path
    container: Container
    facts: MediaFacts


@dataclass(frozen=True)
class Track:
    """One audio track as raw mono PCM, 16 bit, at 16 kHz: `mid` is all of it in one channel, `side` the difference of
    the channels of a stereo track.
    """

    number: int
    mid: Path
    side: Path | None

    def part(self, name: str) -> Path:
        """The file of `mid` or `side`."""
        return self.side if name == "side" and self.side else self.mid


@dataclass(frozen=True)
class Sound:
    """Every audio track for listening, and the one numbered `clips_of` (from 1 on) also at `CLIP_RATE_HZ`."""

    tracks: tuple[Track, ...]
    clips: Path
    clips_of: int


def tracks_of(video: Video, folder: Path) -> tuple[Track, ...]:
    """Where the audio tracks of `video` are to be written."""
    return tuple(
        Track(
            facts.number,
            folder / f"track{facts.number}.mid.pcm",
            folder / f"track{facts.number}.side.pcm" if facts.channels == _STEREO else None,
        )
        for facts in video.facts.audio_tracks
    )


def extract_command(video: Video, sound: Sound) -> list[str]:
    """The ffmpeg command that writes `sound` and reads the whole picture without decoding it.

    `first_pts=0` fills a late start with silence, so that times in the audio are times in the media. The picture is
    read too for two reasons: MPEG-TS counts time from the first packet of the streams in use, and the time reached
    shows whether the file is complete. `t` keeps a wrong timestamp from being filled with hours of silence.
    """
    source = _input(video, t=video.facts.duration_s)
    outputs = []
    for track in sound.tracks:
        audio = source[f"a:{track.number - 1}"]
        if track.side is None:
            outputs.append(_pcm(audio, track.mid, SPEECH_RATE_HZ))
        else:
            outputs.append(_pcm(audio, track.mid, SPEECH_RATE_HZ, _MID))
            outputs.append(_pcm(audio, track.side, SPEECH_RATE_HZ, _SIDE))
        if track.number == sound.clips_of:
            outputs.append(_pcm(audio, sound.clips, CLIP_RATE_HZ, _MID if track.side else None))
    if video.facts.video_codec:
        outputs.append(ffmpeg.output(source["V:0"], "-", format="null", vcodec="copy"))
    return _compile(*outputs, progress="pipe:1")


def clips_command(video: Video, number: int, part: str, target: Path) -> list[str]:
    """The ffmpeg command that writes one track, or its `side`, once more at `CLIP_RATE_HZ`."""
    source = _input(video, t=video.facts.duration_s)
    stereo = video.facts.audio_tracks[number - 1].channels == _STEREO
    mix = (_SIDE if part == "side" else _MID) if stereo else None
    audio = _pcm(source[f"a:{number - 1}"], target, CLIP_RATE_HZ, mix)
    along = [ffmpeg.output(source["V:0"], "-", format="null", vcodec="copy")] if video.facts.video_codec else []
    return _compile(audio, *along)


def _pcm(audio: "ffmpeg.nodes.FilterableStream", target: Path, rate_hz: int, mix: str | None = None) -> Any:
    filters = "aresample=async=1:first_pts=0"
    return ffmpeg.output(
        audio,
        f"file:{target}",
        format="s16le",
        acodec="pcm_s16le",
        ac=1,
        ar=rate_hz,
        af=f"{filters},pan=mono|c0={mix}" if mix else filters,
    )


def extract_sound(video: Video, folder: Path, clips_of: int, cancel: CancelToken, report: Report) -> Sound:
    """Decode every audio track into `folder`, all in one pass.

    Raises:
        PermanentError: `media_unreadable` when a track cannot be decoded or a part of the file is missing.
    """
    sound = Sound(tracks_of(video, folder), folder / "clips.pcm", clips_of)
    reached_s = 0.0

    def on_line(line: str) -> None:
        nonlocal reached_s
        name, _, value = line.partition("=")
        if name == "out_time_us":
            # N/A before the first packet; a cancellation is raised by `run_tool`, not by the thread that reads lines
            with contextlib.suppress(ValueError, Canceled):
                reached_s = max(reached_s, int(value) / 1e6)
                report(min(1.0, reached_s / video.facts.duration_s))

    _decode(video, extract_command(video, sound), cancel, on_line)
    check_whole(video.facts.duration_s, reached_s)
    return sound


def extract_clips(video: Video, number: int, part: str, target: Path, cancel: CancelToken) -> Path:
    """Decode one track for clips, if a different one than expected is listened to. Raises: as `extract_sound`."""
    _decode(video, clips_command(video, number, part, target), cancel, None)
    return target


def _decode(video: Video, command: list[str], cancel: CancelToken, on_line: Callable[[str], None] | None) -> None:
    limits = ToolLimits(timeout_s=120 + video.facts.duration_s, memory_bytes=_MEMORY_BYTES)
    try:
        run_tool(command, cancel, limits, on_line=on_line)
    except PermanentError as error:
        if error.code is not ErrorCode.TOOL_FAILED:
            raise
        raise PermanentError(
            ErrorCode.MEDIA_UNREADABLE, f"the audio track ({video.facts.audio_codec}) cannot be read: {error.message}"
        ) from error


def check_whole(duration_s: float, reached_s: float) -> None:
    """Refuse a file that ends well before its declared end.

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
    """The ffmpeg command that writes one typical frame near `at_s`, in its display shape, as a JPEG."""
    width = f"min({_POSTER_WIDTH},trunc(iw*sar/2)*2)"
    picture = (
        _input(video, ss=at_s)["V:0" if video.facts.video_codec else "v:0"]  # a cover is not video
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
        # Video that cannot be decoded here can still be copied into the export, so this stops nothing.
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
