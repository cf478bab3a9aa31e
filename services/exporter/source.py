"""What the exporter must know of a video file: its streams, and when they begin and end.

Times are counted as ffmpeg counts them when it reads the file, from the earliest start of any stream; in formats whose
time may jump, from the earliest start of the streams in use.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.exporter.layouts import Layout, dub_layout
from shared.media import SNIFF_BYTES, Container, ToolLimits, input_options, run_tool, sniff
from shared.pipeline import CancelToken, ErrorCode, PermanentError

JUMPING = frozenset({"mpegts", "mpeg", "ogg"})
_EXACT = frozenset({"mov", "matroska", "avi"})
"""Containers that keep the length of every stream; in others it is estimated, or that of the longest stream."""
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=2 * 1024**3)
_SCAN_LIMITS = ToolLimits(timeout_s=1800.0, memory_bytes=2 * 1024**3)
_USUAL_ASPECT = 16 / 9
_USUAL_FRAME_S, _SHORTEST_FRAME_S, _LONGEST_FRAME_S = 0.04, 1 / 240, 1.0


@dataclass(frozen=True)
class Source:
    """A video file. `picture_end_s` is when the picture ends, `length_s` when picture and first audio track have."""

    path: Path
    container: Container
    video_codec: str
    audio_codecs: tuple[str, ...]
    audio_channels: int
    audio_layout: str
    picture_end_s: float
    length_s: float
    frame_s: float
    subtitle_tracks: int = 0
    aspect: float = 16 / 9
    """Width ÷ height of the picture as it is shown."""

    @property
    def layout(self) -> Layout:
        """The loudspeakers of a dub of it."""
        return dub_layout(self.audio_channels, self.audio_layout)

    @property
    def has_audio(self) -> bool:
        """Whether there is anything to hear."""
        return bool(self.audio_codecs)


def inspect(path: Path, cancel: CancelToken) -> Source:
    """Look into the video at `path` without trusting its name.

    Raises:
        PermanentError: `media_unsupported` for an unknown container, `media_no_video`, `media_unreadable`.
    """
    with path.open("rb") as file:
        container = sniff(file.read(SNIFF_BYTES))
    if container is None:
        raise PermanentError(ErrorCode.MEDIA_UNSUPPORTED, "not a video file LocalClip reads; upload it as MP4 or MKV")
    options = [part for name, value in input_options(container).items() for part in (f"-{name}", value)]
    command = ["ffprobe", "-v", "error", *options, "-show_format", "-show_streams", "-of", "json", f"file:{path}"]
    found = json.loads(run_tool(command, cancel, _LIMITS))
    streams = found.get("streams", [])
    video = next((s for s in streams if s.get("codec_type") == "video" and not _is_cover(s)), None)
    audio = [s for s in streams if s.get("codec_type") == "audio"]
    if video is None:
        raise PermanentError(ErrorCode.MEDIA_NO_VIDEO, "the file holds no moving picture")
    used = [video, *audio[:1]]
    ends = [told_end_s(stream, container) for stream in used]
    if None in ends:
        scanned = _scan(path, options, cancel)
        ends = [scanned.get(stream["index"]) for stream in used]
    if ends[0] is None:
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, "the picture has no length; the video is damaged or cut off")
    origin_s = _origin_s(container, used, found.get("format", {}))
    return Source(
        path=path,
        container=container,
        video_codec=video.get("codec_name", "unknown"),
        audio_codecs=tuple(stream.get("codec_name", "unknown") for stream in audio),
        audio_channels=int(audio[0].get("channels") or 0) if audio else 0,
        audio_layout=str(audio[0].get("channel_layout", "")) if audio else "",
        picture_end_s=ends[0] - origin_s,
        length_s=max(end for end in ends if end is not None) - origin_s,
        frame_s=frame_s(video),
        aspect=aspect(video),
        subtitle_tracks=sum(stream.get("codec_type") == "subtitle" for stream in streams),
    )


def told_end_s(stream: dict[str, Any], container: Container) -> float | None:
    """When a stream ends on the clock of its file, if the container tells: Matroska in its statistics, as a tag."""
    if container.demuxer not in _EXACT:
        return None
    for name, text in stream.get("tags", {}).items():
        if name.upper().startswith("DURATION") and (found := _CLOCK.fullmatch(str(text))):
            return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    duration_s = _number(stream.get("duration"))
    return (_number(stream.get("start_time")) or 0.0) + duration_s if duration_s else None


def aspect(video: dict[str, Any]) -> float:
    """Width ÷ height as a player shows it: pixels need not be square, and a telephone turns the picture."""
    width, height = _number(video.get("width")) or 0.0, _number(video.get("height")) or 0.0
    if not width or not height:
        return _USUAL_ASPECT
    wide, _, high = str(video.get("sample_aspect_ratio", "")).partition(":")
    pixel = (_number(wide) or 1.0) / (_number(high) or 1.0)
    turned = any(abs(int(side.get("rotation", 0))) % 180 == 90 for side in video.get("side_data_list", ()))
    return height / (width * pixel) if turned else width * pixel / height


def frame_s(video: dict[str, Any]) -> float:
    """How long a frame is shown, on average."""
    for name in ("avg_frame_rate", "r_frame_rate"):
        top, _, bottom = str(video.get(name, "")).partition("/")
        frames, seconds = _number(top), _number(bottom or "1")
        if frames and seconds:
            return min(_LONGEST_FRAME_S, max(_SHORTEST_FRAME_S, seconds / frames))
    return _USUAL_FRAME_S


def _origin_s(container: Container, used: Sequence[dict[str, Any]], whole: dict[str, Any]) -> float:
    starts = [start for stream in used if (start := _number(stream.get("start_time"))) is not None]
    if container.demuxer in JUMPING and starts:
        return min(starts)
    return _number(whole.get("start_time")) or 0.0


def _scan(path: Path, options: Sequence[str], cancel: CancelToken) -> dict[int, float]:
    """When every stream ends, by its packets: for containers that do not tell; the whole file is read."""
    ends: dict[int, float] = {}

    def on_line(line: str) -> None:
        index, *times = line.split(",")
        present, decoded, lasts = (*(_number(time) for time in times[:3]), None, None, None)[:3]
        moment = present if present is not None else decoded
        if moment is not None and index.isdigit():
            ends[int(index)] = max(ends.get(int(index), moment), moment + (lasts or 0.0))

    command = [
        "ffprobe",
        "-v",
        "error",
        *options,
        "-show_entries",
        "packet=stream_index,pts_time,dts_time,duration_time",
    ]
    run_tool([*command, "-of", "csv=p=0", f"file:{path}"], cancel, _SCAN_LIMITS, on_line=on_line)
    return ends


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
