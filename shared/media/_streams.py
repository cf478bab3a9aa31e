"""The streams of a media file, and when each of them ends: by its header if that is reliable, else by its packets.

Times are counted as ffmpeg does when it reads the file: from the earliest start of any stream; in formats with possible
time jumps, from the earliest start of video and audio.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.media._sniff import SNIFF_BYTES, Container, sniff, sniff_audio
from shared.media._tools import ToolLimits, input_options, run_tool
from shared.pipeline import CancelToken, ErrorCode, PermanentError

JUMPING = frozenset({"mpegts", "mpeg", "ogg"})
"""Containers whose timestamps may jump."""
_VIDEO = "mp4 m4v mov mkv webm avi ts m2ts mts flv wmv asf mpg mpeg vob ogv 3gp mxf"
_AUDIO = "ogg oga mp3 m4a m4b aac wav flac opus wma"
READABLE_SUFFIXES = frozenset(f".{suffix}" for suffix in f"{_VIDEO} {_AUDIO}".split())
"""The endings of such file names; whether a file is what its name says is decided by its first bytes."""
READABLE = "MP4, MOV, MKV, WebM, AVI, TS, FLV, WMV, MPEG, OGG; MP3, M4A, WAV, FLAC, Opus"
_EXACT = frozenset({"mov", "matroska", "avi", "wav", "flac"})
"""Containers that store the length of every stream; in others it is estimated, or that of the longest stream."""
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=2 * 1024**3)
_SCAN_LIMITS = ToolLimits(timeout_s=1800.0, memory_bytes=2 * 1024**3)
_TAIL_S, _NEAR_S = 3.0, 1.0


@dataclass(frozen=True)
class Opened:
    """A file that ffprobe examined: its streams as ffprobe describes them, and their ends by index."""

    path: Path
    container: Container
    streams: Sequence[Mapping[str, Any]]
    ends: Mapping[int, float]
    start_s: float
    """What is time 0, on the clock of the file."""

    @cached_property
    def picture(self) -> Mapping[str, Any] | None:
        """The video stream."""
        return next((s for s in self.streams if s.get("codec_type") == "video" and not is_cover(s)), None)

    @cached_property
    def sounds(self) -> Sequence[Mapping[str, Any]]:
        """The audio tracks."""
        return [s for s in self.streams if s.get("codec_type") == "audio"]

    @cached_property
    def texts(self) -> Sequence[Mapping[str, Any]]:
        """The subtitle tracks."""
        return [s for s in self.streams if s.get("codec_type") == "subtitle"]

    @cached_property
    def covers(self) -> Sequence[Mapping[str, Any]]:
        """Attached still pictures."""
        return [s for s in self.streams if s.get("codec_type") == "video" and is_cover(s)]

    def end_s(self, streams: Iterable[Mapping[str, Any] | None]) -> float | None:
        """When the last of `streams` ends; None if all of them are empty."""
        found = [end for one in streams if one and (end := self.ends.get(one["index"])) is not None]
        return max(found) - self.start_s if found else None

    @property
    def length_s(self) -> float | None:
        """The later of the ends of video and audio."""
        return self.end_s([self.picture, *self.sounds])


def open_media(path: Path, cancel: CancelToken) -> Opened:
    """Examine the file at `path` without trusting its name.

    Raises:
        PermanentError: `media_unsupported` for anything but a known container, `media_unreadable` for a damaged one,
            `media_no_video` if there is neither video nor audio.
    """
    with path.open("rb") as file:
        head = file.read(SNIFF_BYTES)
    container = sniff(head) or sniff_audio(head)
    if container is None:
        raise PermanentError(ErrorCode.MEDIA_UNSUPPORTED, f"not a file LocalClip reads ({READABLE})")
    found = _probed(path, container, cancel)
    streams = found.get("streams", [])
    used = [s for s in streams if s.get("codec_type") == "audio" or _is_picture(s)]
    if not used:
        raise PermanentError(ErrorCode.MEDIA_NO_VIDEO, "the file holds neither a moving picture nor sound")
    ends = _ends(path, container, used, cancel)
    return Opened(path, container, streams, ends, _start_s(container, used, found.get("format", {})))


def is_cover(stream: Mapping[str, Any]) -> bool:
    """Whether a video stream is an attached still picture."""
    return bool(stream.get("disposition", {}).get("attached_pic"))


def number_of(text: Any) -> float | None:
    """A number from ffprobe's output, if it is one."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _is_picture(stream: Mapping[str, Any]) -> bool:
    return stream.get("codec_type") == "video" and not is_cover(stream)


def _options(container: Container) -> list[str]:
    return [part for name, value in input_options(container).items() for part in (f"-{name}", value)]


def _probed(path: Path, container: Container, cancel: CancelToken) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", *_options(container), "-show_format", "-show_streams", "-of", "json"]
    try:
        found: dict[str, Any] = json.loads(run_tool([*command, f"file:{path}"], cancel, _LIMITS))
    except PermanentError as error:
        if error.code is not ErrorCode.TOOL_FAILED:
            raise
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, _damaged(error.message)) from error
    return found


def _damaged(said: str) -> str:
    """What a person can do about a file that ffprobe cannot read; its own message contains paths of this machine."""
    if "moov atom not found" in said:
        return (
            "the file is damaged or cut off: the index that an MP4 or MOV has at its end is missing, so the upload or "
            "the recording was broken off; send the complete file, or repair it first"
        )
    return "the file is damaged or cut off: nothing in it can be read; send the complete file"


def told_end_s(stream: Mapping[str, Any], container: Container) -> float | None:
    """When a stream ends on its file's clock, if the container says so: Matroska does in a statistics tag."""
    if container.demuxer not in _EXACT:
        return None
    for name, text in stream.get("tags", {}).items():
        if name.upper().startswith("DURATION") and (found := _CLOCK.fullmatch(str(text))):
            return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    duration_s = number_of(stream.get("duration"))
    return (number_of(stream.get("start_time")) or 0.0) + duration_s if duration_s else None


def _ends(
    path: Path, container: Container, used: Sequence[Mapping[str, Any]], cancel: CancelToken
) -> Mapping[int, float]:
    """When video and audio end; the packets are read if the header says nothing or contradicts them.

    A file in which every stream is shorter than declared was cut off: then the declared length is kept, so that this is
    noticed.
    """
    told = {stream["index"]: end for stream in used if (end := told_end_s(stream, container)) is not None}
    if len(told) < len(used):
        return _scan(path, container, cancel)
    last_s = max(told.values())
    tail = _scan(path, container, cancel, from_s=max(0.0, last_s - _TAIL_S)) if container.demuxer == "matroska" else {}
    if container.demuxer != "matroska" or abs(max(tail.values(), default=0.0) - last_s) <= _NEAR_S:
        return told
    found = _scan(path, container, cancel)
    reached = any(found.get(index, 0.0) >= end - _NEAR_S for index, end in told.items())
    return found if reached else told


def _start_s(container: Container, used: Sequence[Mapping[str, Any]], whole: Mapping[str, Any]) -> float:
    starts = [start for stream in used if (start := number_of(stream.get("start_time"))) is not None]
    if container.demuxer in JUMPING and starts:
        return min(starts)
    return number_of(whole.get("start_time")) or 0.0


def _scan(path: Path, container: Container, cancel: CancelToken, from_s: float | None = None) -> dict[int, float]:
    """When every stream ends, by its packets; the whole file is read, or only what is after `from_s`."""
    ends: dict[int, float] = {}

    def on_line(line: str) -> None:
        index, *times = line.split(",")
        present, decoded, lasts = (*(number_of(time) for time in times[:3]), None, None, None)[:3]
        moment = present if present is not None else decoded
        if moment is not None and index.isdigit():
            ends[int(index)] = max(ends.get(int(index), moment), moment + (lasts or 0.0))

    command = ["ffprobe", "-v", "error", *_options(container)]
    command += ["-read_intervals", f"{from_s:.3f}%"] if from_s else []
    command += ["-show_entries", "packet=stream_index,pts_time,dts_time,duration_time", "-of", "csv=p=0"]
    try:
        run_tool([*command, f"file:{path}"], cancel, _SCAN_LIMITS, on_line=on_line)
    except PermanentError as error:
        if error.code is not ErrorCode.TOOL_FAILED:
            raise
        if not ends and from_s is None:
            raise PermanentError(ErrorCode.MEDIA_UNREADABLE, _damaged(error.message)) from error
    return ends
