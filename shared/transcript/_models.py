"""The transcript: what diarization found, written once and read by every later stage.

All times are seconds from the start of the media.
"""

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Word(_Frozen):
    """One recognized word; its times are measured and never edited."""

    text: str
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    probability: float | None = Field(default=None, ge=0, le=1)


class Segment(_Frozen):
    """A source line. Ids are given once (`s0001`, ...) and keep their meaning through every edit."""

    id: str
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    speaker_id: str
    text: str
    words: tuple[Word, ...] = ()
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


class MediaFacts(_Frozen):
    """What the probe says of a video; a codec is None where there is no such stream."""

    container: str = Field(description="ffmpeg demuxer name the file was opened with")
    duration_s: float = Field(ge=0)
    video_codec: str | None = None
    audio_codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    audio_channels: int | None = None
    sample_rate_hz: int | None = None


class Transcript(_Frozen):
    """Everything the base stage found out about a video."""

    source_language: str
    source_language_confidence: float | None = Field(
        default=None, ge=0, le=1, description="of a language that was found out; None for one that was given"
    )
    media: MediaFacts
    speakers: tuple[Speaker, ...] = ()
    segments: tuple[Segment, ...] = ()
