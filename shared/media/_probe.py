"""What is in a video or audio file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from shared.media._sniff import Container
from shared.media._streams import Opened, number_of, open_media
from shared.media._tools import ToolLimits, input_options, run_tool
from shared.pipeline import CancelToken, ErrorCode, PermanentError
from shared.transcript import AudioTrackFacts, MediaFacts, TextTrackFacts

_TEXT_CODECS = frozenset({"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text", "eia_608"})
_HDR: Mapping[str, Literal["pq", "hlg"]] = {"smpte2084": "pq", "arib-std-b67": "hlg"}
_CAPTIONED = frozenset({"h264", "hevc", "mpeg2video"})
_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=2 * 1024**3)
_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})


def probe(path: Path, cancel: CancelToken) -> tuple[Container, MediaFacts]:
    """Describe the file at `path` without trusting its name.

    Raises:
        PermanentError: `media_unsupported` for anything but a known container, `media_unreadable` for a damaged
            one, `media_no_video` if there is neither video nor audio.
    """
    opened = open_media(path, cancel)
    facts = described(opened)
    if facts.video_codec in _CAPTIONED and _has_captions(opened, cancel):
        captions = TextTrackFacts(number=len(facts.text_tracks) + 1, codec="eia_608", captions=True)
        facts = facts.model_copy(update={"text_tracks": (*facts.text_tracks, captions)})
    return opened.container, facts


def _has_captions(opened: Opened, cancel: CancelToken) -> bool:
    """Whether the first frames carry closed captions; no container's header says so."""
    options = [part for name, value in input_options(opened.container).items() for part in (f"-{name}", value)]
    command = ["ffprobe", "-v", "error", *options, "-select_streams", "V:0", "-read_intervals", "%+#5", "-show_frames"]
    command += ["-show_entries", "frame=side_data_list", "-of", "json", f"file:{opened.path}"]
    try:
        return b"Closed Captions" in run_tool(command, cancel, _LIMITS)
    except PermanentError:  # video that cannot be decoded here can still be copied
        return False


def described(opened: Opened) -> MediaFacts:
    """What an opened file is. Raises: PermanentError `media_unreadable`, if its streams are empty."""
    video, audio = opened.picture or {}, next(iter(opened.sounds), {})
    if not opened.length_s or opened.length_s <= 0:
        raise PermanentError(
            ErrorCode.MEDIA_UNREADABLE, "the file is damaged or cut off: it holds neither pictures nor sound"
        )
    return MediaFacts(
        container=opened.container.demuxer,
        duration_s=opened.length_s,
        video_codec=video.get("codec_name"),
        audio_codec=audio.get("codec_name"),
        width=video.get("width"),
        height=video.get("height"),
        fps=_ratio(video.get("avg_frame_rate")) or _ratio(video.get("r_frame_rate")),
        audio_channels=audio.get("channels"),
        sample_rate_hz=int(audio["sample_rate"]) if audio.get("sample_rate") else None,
        hdr=_HDR.get(str(video.get("color_transfer"))),
        interlaced=video.get("field_order") in _INTERLACED,
        audio_tracks=tuple(_audio_track(number, stream) for number, stream in enumerate(opened.sounds, 1)),
        text_tracks=tuple(_text_tracks(opened)),
    )


def _audio_track(number: int, stream: Mapping[str, Any]) -> AudioTrackFacts:
    return AudioTrackFacts(
        number=number,
        codec=stream.get("codec_name"),
        channels=stream.get("channels"),
        language=tag(stream, "language"),
        title=title_of(stream),
        default=bool(stream.get("disposition", {}).get("default")),
        aside=_aside(stream),
    )


def _aside(stream: Mapping[str, Any]) -> Literal["commentary", "description"] | None:
    marks, title = stream.get("disposition", {}), (tag(stream, "title") or "").lower()
    if marks.get("comment") or "commentary" in title:
        return "commentary"
    if marks.get("visual_impaired") or marks.get("descriptions") or "audio description" in title:
        return "description"
    return None


def _text_tracks(opened: Opened) -> list[TextTrackFacts]:
    return [
        TextTrackFacts(
            number=number,
            codec=stream.get("codec_name"),
            language=tag(stream, "language"),
            title=title_of(stream),
            forced=bool(stream.get("disposition", {}).get("forced")),
            readable=stream.get("codec_name") in _TEXT_CODECS,
        )
        for number, stream in enumerate(opened.texts, 1)
    ]


def tag(stream: Mapping[str, Any], name: str) -> str | None:
    """A tag of a stream, unless it means unknown; it may contain anything, so it is shortened."""
    found = {key.lower(): str(value) for key, value in stream.get("tags", {}).items()}.get(name, "")
    said = "".join(filter(str.isprintable, found)).strip()[:80]
    return said if said and said != "und" else None


def title_of(stream: Mapping[str, Any]) -> str | None:
    """The name a person gave a track. In MP4 it is in a field where programs often write their own names."""
    if title := tag(stream, "title"):
        return title
    name = tag(stream, "handler_name")
    return None if name is None or name.lower().replace(" ", "").startswith(_PROGRAMS) else name


_PROGRAMS = (
    "soundhandler", "videohandler", "subtitlehandler", "coremedia", "applesound", "isomedia", "gpac", "mainconcept",
    "\x1fmainconcept", "l-smash", "#mainconcept", "stereo", "mono", "alias",
)  # fmt: skip


def _ratio(text: Any) -> float | None:
    top, _, bottom = str(text or "").partition("/")
    numerator, denominator = number_of(top), number_of(bottom or "1")
    return numerator / denominator if numerator and denominator and numerator > 0 and denominator > 0 else None
