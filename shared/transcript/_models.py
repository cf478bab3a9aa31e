"""The transcript: what diarization found, written once and read by every later stage.

All times are seconds from the start of the media.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.transcript._picture import PictureWords
from shared.transcript._reading import Remark
from shared.transcript._timing import Timing


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Word(_Frozen):
    """One recognized word; its times are measured and never edited."""

    text: str
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    probability: float | None = Field(default=None, ge=0, le=1)


class Decision(StrEnum):
    """What a caption was taken for, so that it is not spoken as it was written."""

    LABEL = "label"
    DESCRIPTION = "description"
    DIALOGUE = "dialogue"
    CAPITALS = "capitals"
    SOUND = "sound"
    MUSIC = "music"
    SYMBOLS = "symbols"
    SIGN = "sign"
    CREDIT = "credit"

    @property
    def omits(self) -> bool:
        """Whether nobody says the whole caption."""
        return self in (Decision.SOUND, Decision.MUSIC, Decision.SYMBOLS, Decision.SIGN, Decision.CREDIT)

    @property
    def is_heard(self) -> bool:
        """Whether it tells of what is heard, which subtitles show on request only."""
        return self in (Decision.SOUND, Decision.MUSIC, Decision.SYMBOLS)


class Segment(_Frozen):
    """A source line. Ids are given once (`s0001`, ...) and keep their meaning through every edit."""

    id: str
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    speaker_id: str
    text: str
    words: tuple[Word, ...] = ()
    written: str | None = Field(default=None, description="the text of the file, where a decision changed it")
    decisions: tuple[Decision, ...] = Field(default=(), description="what the caption was taken for")
    language: str | None = Field(default=None, description="what it sounds like, where the recognizer can tell")
    language_confidence: float | None = Field(default=None, ge=0, le=1)


class Speaker(_Frozen):
    """A voice heard in the media and what is measured of it."""

    id: str
    name: str
    f0_hz: float | None = Field(default=None, description="median fundamental frequency of voiced speech")
    pace: float | None = Field(default=None, description="speaking rate ÷ that of ordinary speech in the language")
    speech_s: float = Field(default=0.0, description="seconds of speech given to this speaker")
    reference_key: str | None = Field(default=None, description="storage key of a clean clip of this voice")
    embedding: tuple[float, ...] | None = Field(default=None, description="the voice as a vector of unit length")
    embedding_model: str | None = Field(default=None, description="vectors of the same model can be compared")
    same_voice: float | None = Field(default=None, description="cosine from which on the model takes two for one voice")


class AudioTrackFacts(_Frozen):
    """One audio track of a file; `number` counts from 1, as people and players count."""

    number: int = Field(ge=1)
    codec: str | None = None
    channels: int | None = None
    language: str | None = Field(default=None, description="as the file says it, mostly ISO 639-2")
    title: str | None = None
    default: bool = False
    aside: Literal["commentary", "description"] | None = Field(
        default=None, description="what it is marked as, if it is not what the people in the file say"
    )
    speech_s: float | None = Field(default=None, description="seconds of speech on it; None: not measured")
    listened: bool = Field(default=False, description="what is said on it was recognized and is dubbed")


class TextTrackFacts(_Frozen):
    """One subtitle track of a file, or the closed captions in its picture."""

    number: int = Field(ge=1)
    codec: str | None = None
    language: str | None = Field(default=None, description="as the file says it, mostly ISO 639-2")
    title: str | None = None
    forced: bool = False
    captions: bool = Field(default=False, description="closed captions inside the picture")
    readable: bool = Field(default=True, description="text; what is drawn as pictures cannot be read")
    used: bool = Field(default=False, description="taken as the text that is spoken")


class MediaFacts(_Frozen):
    """What the probe says of a file; a codec is None where there is no such stream. Without a picture it is sound."""

    container: str = Field(description="ffmpeg demuxer name the file was opened with")
    duration_s: float = Field(ge=0, description="the end of the last of picture and sound")
    video_codec: str | None = None
    audio_codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    audio_channels: int | None = None
    sample_rate_hz: int | None = None
    hdr: Literal["pq", "hlg"] | None = Field(
        default=None, description="how the picture goes beyond ordinary brightness"
    )
    interlaced: bool = False
    audio_tracks: tuple[AudioTrackFacts, ...] = ()
    text_tracks: tuple[TextTrackFacts, ...] = ()

    @property
    def listened(self) -> tuple[int, ...]:
        """The audio tracks that are dubbed, counted from 0; the first one where nothing says otherwise."""
        return tuple(track.number - 1 for track in self.audio_tracks if track.listened) or (0,)


class Transcript(_Frozen):
    """Everything the base stage found out about a video."""

    source_language: str
    source_language_confidence: float | None = Field(
        default=None, ge=0, le=1, description="of a language that was found out; None for one that was given"
    )
    source_language_assumed: bool = Field(
        default=False, description="nobody said which language is spoken, and the recognizer knows no other"
    )
    media: MediaFacts
    speakers: tuple[Speaker, ...] = ()
    segments: tuple[Segment, ...] = ()
    remarks: tuple[Remark, ...] = Field(
        default=(), description="what was repaired, merged or left out of the subtitles that were brought"
    )
    speech: tuple[tuple[float, float], ...] | None = Field(
        default=None, description="when speech is heard, start and end in seconds; None: it was not listened for"
    )
    picture: PictureWords | None = Field(
        default=None, description="what is written in the picture; None: nobody looked"
    )
    timing: Timing | None = Field(
        default=None, description="what would put subtitles that were brought over the speech, where they lie beside it"
    )
