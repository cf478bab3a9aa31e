"""What the exporter must know about a file: its streams, and when they begin and end.

Times are counted as ffmpeg counts them when it reads the file; see `shared.media`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from services.exporter.layouts import Layout, dub_layout
from shared.media import Container, described, number_of, open_media, tag, title_of
from shared.pipeline import CancelToken, ErrorCode, PermanentError

_USUAL_ASPECT = 16 / 9
_USUAL_FRAME_S, _SHORTEST_FRAME_S, _LONGEST_FRAME_S = 0.04, 1 / 240, 1.0
COVER_CODECS = frozenset({"png", "mjpeg"})
STILL_FPS = 10
"""The frame rate of a still picture for an audio file: subtitles can change this often."""
_CODE = re.compile("[a-z]{3}")
_WHOLE_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
_USUAL_RATES = (*map(Fraction, _WHOLE_RATES), *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)))
_HIGHEST_RATE = 240


@dataclass(frozen=True)
class KeptSound:
    """An audio track of the original, and how it is labelled there."""

    codec: str
    channels: int = 2
    layout: str = ""
    language: str = "und"
    title: str = ""


@dataclass(frozen=True)
class KeptText:
    """A subtitle track of the original."""

    codec: str
    language: str = "und"
    title: str = ""
    forced: bool = False


@dataclass(frozen=True)
class Source:
    """A file with video and audio, or with one of them; `picture_end_s` is 0 without video.

    `length_s` is the later end of video and audio. The tracks `listened` (from 0 on) are dubbed together;
    `audio_channels` and `audio_layout` are those of the one with the most channels.
    """

    path: Path
    container: Container
    video_codec: str
    audio_codecs: tuple[str, ...]
    audio_channels: int
    audio_layout: str
    picture_end_s: float
    length_s: float
    frame_s: float
    rate: Fraction | None = None
    """Frames a second, the unit of cuts; None without a picture."""
    subtitle_tracks: int = 0
    aspect: float = 16 / 9
    """Width ÷ height of the picture as it is shown."""
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels, after rotation for display."""
    sounds: tuple[KeptSound, ...] = ()
    listened: tuple[int, ...] = (0,)
    texts: tuple[KeptText, ...] = ()
    covers: tuple[int, ...] = ()
    """Indexes of attached still pictures."""
    cover_codecs: tuple[str, ...] = ()
    attachments: int = 0
    """How many files, such as fonts, are attached."""
    hdr: Literal["pq", "hlg"] | None = None
    interlaced: bool = False

    @property
    def layout(self) -> Layout:
        """The channel layout of a dub of it."""
        return dub_layout(self.audio_channels, self.audio_layout)

    @property
    def has_audio(self) -> bool:
        """Whether there is anything to hear."""
        return bool(self.audio_codecs)

    @property
    def has_picture(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.video_codec)

    @property
    def others(self) -> tuple[int, ...]:
        """The audio tracks that are not listened to."""
        return tuple(number for number in range(len(self.audio_codecs)) if number not in self.listened)


def inspect(path: Path, cancel: CancelToken, listened: Sequence[int] = (0,)) -> Source:
    """Examine the file at `path` without trusting its name; `listened` are the audio tracks that are dubbed.

    Raises:
        PermanentError: `media_unsupported` for an unknown container, `media_no_video`, `media_unreadable`.
    """
    opened = open_media(path, cancel)
    facts, video, length_s = described(opened), opened.picture or {}, opened.length_s
    picture_end_s = opened.end_s([opened.picture])
    if length_s is None or (opened.picture and picture_end_s is None):
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, "the picture has no length; the video is damaged or cut off")
    covers = [stream for stream in opened.covers if stream.get("codec_name") in COVER_CODECS]
    sounds = tuple(_sound(stream) for stream in opened.sounds)
    heard = tuple(number for number in listened if number < len(sounds)) or (0,)
    widest = max((sounds[number] for number in heard), key=lambda sound: sound.channels) if sounds else KeptSound("", 0)
    return Source(
        path=path,
        container=opened.container,
        video_codec=video.get("codec_name", "unknown") if opened.picture else "",
        audio_codecs=tuple(sound.codec for sound in sounds),
        audio_channels=widest.channels,
        audio_layout=widest.layout,
        picture_end_s=picture_end_s or 0.0,
        length_s=length_s,
        frame_s=frame_s(video) if opened.picture else 1 / STILL_FPS,
        rate=frame_rate(video) if opened.picture else None,
        aspect=aspect(video),
        size=size(video),
        subtitle_tracks=len(opened.texts),
        sounds=sounds,
        listened=heard,
        texts=tuple(_text(stream) for stream in opened.texts),
        covers=tuple(stream["index"] for stream in covers),
        cover_codecs=tuple(str(stream["codec_name"]) for stream in covers),
        hdr=facts.hdr,
        interlaced=facts.interlaced,
        attachments=sum(stream.get("codec_type") == "attachment" for stream in opened.streams),
    )


def _sound(stream: Mapping[str, Any]) -> KeptSound:
    return KeptSound(
        codec=stream.get("codec_name", "unknown"),
        channels=int(stream.get("channels") or 0),
        layout=str(stream.get("channel_layout", "")),
        language=_language(stream),
        title=title_of(stream) or "",
    )


def _text(stream: Mapping[str, Any]) -> KeptText:
    forced = bool(stream.get("disposition", {}).get("forced"))
    return KeptText(stream.get("codec_name", "unknown"), _language(stream), title_of(stream) or "", forced)


def _language(stream: Mapping[str, Any]) -> str:
    """The language in the form of a container."""
    found = (tag(stream, "language") or "").lower()
    return found if _CODE.fullmatch(found) else "und"


def aspect(video: Mapping[str, Any]) -> float:
    """Width ÷ height as a player shows it: pixels need not be square, and phones rotate the picture."""
    width, height = number_of(video.get("width")) or 0.0, number_of(video.get("height")) or 0.0
    if not width or not height:
        return _USUAL_ASPECT
    wide, _, high = str(video.get("sample_aspect_ratio", "")).partition(":")
    pixel = (number_of(wide) or 1.0) / (number_of(high) or 1.0)
    return height / (width * pixel) if _is_turned(video) else width * pixel / height


def size(video: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height in pixels, after the rotation that a player applies."""
    width, height = int(number_of(video.get("width")) or 0), int(number_of(video.get("height")) or 0)
    return (height, width) if _is_turned(video) else (width, height)


def _is_turned(video: Mapping[str, Any]) -> bool:
    return any(abs(int(side.get("rotation", 0))) % 180 == 90 for side in video.get("side_data_list", ()))


def frame_s(video: Mapping[str, Any]) -> float:
    """How long a frame is shown, on average."""
    for name in ("avg_frame_rate", "r_frame_rate"):
        top, _, bottom = str(video.get(name, "")).partition("/")
        frames, seconds = number_of(top), number_of(bottom or "1")
        if frames and seconds:
            return min(_LONGEST_FRAME_S, max(_SHORTEST_FRAME_S, seconds / frames))
    return _USUAL_FRAME_S


def frame_rate(video: Mapping[str, Any]) -> Fraction:
    """Frames a second, exactly; if they vary, or their times are rounded, the nearest usual rate."""
    average, highest = (_rate(video.get(name)) for name in ("avg_frame_rate", "r_frame_rate"))
    if average is not None and average == highest and average <= _HIGHEST_RATE:
        return average
    about = average or highest or Fraction(25)
    return min(_USUAL_RATES, key=lambda rate: abs(rate / about - 1))


def _rate(written: object) -> Fraction | None:
    try:
        found = Fraction(str(written))
    except (ValueError, ZeroDivisionError):
        return None
    return found if found > 0 else None
