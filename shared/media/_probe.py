"""What is in a video file."""

import json
from pathlib import Path
from typing import Any

from shared.media._sniff import SNIFF_BYTES, Container, sniff
from shared.media._tools import ToolLimits, input_options, run_tool
from shared.pipeline import CancelToken, ErrorCode, PermanentError
from shared.transcript import MediaFacts

_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=2 * 1024**3)


def probe(path: Path, cancel: CancelToken) -> tuple[Container, MediaFacts]:
    """Describe the video at `path` without trusting its name.

    Raises:
        PermanentError: `media_unsupported` for anything but a known container, `media_unreadable` for a damaged
            one, `media_no_video` where there is no moving picture.
    """
    with path.open("rb") as file:
        container = sniff(file.read(SNIFF_BYTES))
    if container is None:
        raise PermanentError(
            ErrorCode.MEDIA_UNSUPPORTED,
            "not a video file LocalClip reads (MP4, MOV, MKV, WebM, AVI, TS, FLV, WMV, MPEG, OGG)",
        )
    options = [part for name, value in input_options(container).items() for part in (f"-{name}", value)]
    command = ["ffprobe", "-v", "error", *options, "-show_format", "-show_streams", "-of", "json", f"file:{path}"]
    try:
        found = json.loads(run_tool(command, cancel, _LIMITS))
    except PermanentError as error:
        if error.code is ErrorCode.ENGINE_UNAVAILABLE:
            raise
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, f"the video is damaged or cut off: {error.message}") from error
    return container, _facts(container, found)


def _facts(container: Container, found: dict[str, Any]) -> MediaFacts:
    streams = found.get("streams", [])
    video = next((s for s in streams if s.get("codec_type") == "video" and not _is_cover(s)), None)
    audio = next((s for s in streams if s.get("codec_type") == "audio"), None)
    if video is None:
        raise PermanentError(ErrorCode.MEDIA_NO_VIDEO, "the file holds no moving picture")
    duration = _number(video.get("duration")) or _number(found.get("format", {}).get("duration"))
    if not duration:
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, "the video has no length; it is damaged or cut off")
    return MediaFacts(
        container=container.demuxer,
        duration_s=duration,
        video_codec=video.get("codec_name"),
        audio_codec=audio.get("codec_name") if audio else None,
        width=video.get("width"),
        height=video.get("height"),
        fps=_ratio(video.get("avg_frame_rate")) or _ratio(video.get("r_frame_rate")),
        audio_channels=audio.get("channels") if audio else None,
        sample_rate_hz=int(audio["sample_rate"]) if audio and audio.get("sample_rate") else None,
    )


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if value > 0 else None


def _ratio(text: Any) -> float | None:
    top, _, bottom = str(text or "").partition("/")
    numerator, denominator = _number(top), _number(bottom or "1")
    return numerator / denominator if numerator and denominator else None
