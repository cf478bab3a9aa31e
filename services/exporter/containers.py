"""Which container an export is written to, and what it accepts unchanged."""

from typing import Literal

from services.exporter.source import Source
from shared.pipeline import ErrorCode, PermanentError

ContainerName = Literal["mp4", "mkv", "m4a"]

MEDIA_TYPES: dict[ContainerName, str] = {"mp4": "video/mp4", "mkv": "video/x-matroska", "m4a": "audio/mp4"}

_MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_FORCED_VIDEO = _MP4_VIDEO | {"mpeg1video", "mpeg2video"}  # allowed, but few players show it
_AUDIO: dict[ContainerName, frozenset[str]] = {
    "m4a": frozenset({"aac", "mp3", "ac3", "eac3", "alac"}),
    "mp4": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"}),
    "mkv": frozenset(
        {"aac", "mp3", "mp2", "ac3", "eac3", "dts", "truehd", "flac", "opus", "vorbis", "alac", "wmav1", "wmav2"}
        | {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}
    ),
}
_TEXT = frozenset({"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"})
_DRAWN = frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"})
"""Subtitles that are pictures: Matroska accepts them, MP4 does not."""


def choose_container(
    source: Source, wanted: Literal["auto", "mp4", "mkv"], *, dubbed: bool, burned: bool = False
) -> ContainerName:
    """MP4 if the picture can be copied into it, else Matroska; a person's choice takes precedence. Audio alone is an
    M4A.

    If nothing was dubbed, the original audio is the product, so it must fit too; picture subtitles must always fit.

    Raises:
        PermanentError: `export_invalid` when MP4 was requested but cannot hold the picture.
    """
    if not source.has_picture and not burned:
        return "m4a"
    if wanted == "mp4" and not burned and source.video_codec not in _MP4_FORCED_VIDEO:
        raise PermanentError(
            ErrorCode.EXPORT_INVALID,
            f"MP4 cannot hold {source.video_codec} pictures as they are; export to MKV or leave the choice open",
        )
    if wanted != "auto":
        return wanted
    fits = (burned or source.video_codec in _MP4_VIDEO) and (dubbed or not any(must_encode(source, "mp4")))
    drawn = any(text.codec in _DRAWN for text in source.texts)
    return "mp4" if fits and not drawn else "mkv"


def must_encode(source: Source, container: ContainerName) -> tuple[bool, ...]:
    """For every audio track of `source`, whether it must be encoded for `container`."""
    return tuple(codec not in _AUDIO[container] for codec in source.audio_codecs)


def text_codec(codec: str, container: ContainerName) -> str:
    """The codec in which a subtitle track in `codec` is written to `container`."""
    if container != "mkv":
        return "mov_text"
    return "srt" if codec in ("mov_text", "text", "srt") else "copy"


def keeps_text(codec: str, container: ContainerName) -> bool:
    """Whether `container` can hold a subtitle track of the original in `codec`."""
    return container != "m4a" and (codec in _TEXT or (container == "mkv" and codec in _DRAWN))
