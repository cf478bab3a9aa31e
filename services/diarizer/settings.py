"""Settings of the diarizer."""

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.models import PROFILE, Profile


class DiarizerSettings(BaseSettings):
    """Which engines listen, and what they are asked when a task does not say."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Profile = PROFILE
    recognizer: str | None = Field(default=None, description="speech recognizer; None: the profile's")
    diarizer: str | None = Field(default=None, description="engine that tells speakers apart; None: the profile's")
    voice_activity: str | None = Field(default=None, description="engine that finds speech; None: the profile's")
    embedder: str | None = Field(default=None, description="engine that compares voices; None: the profile's")
    speech_translator: str | None = Field(
        default=None,
        description="engine that translates into English from the sound, where no translator has the pair: none or "
        "faster-whisper, with the recognizer's model; None: faster-whisper where that model does it well, from "
        "whisper-small on",
    )
    picture_text: str | None = Field(
        default=None,
        description="engine that reads words in the picture: none or rapidocr; None: rapidocr where it is installed",
    )
    source_language: str | None = Field(
        default=None, description="spoken language of tasks that name none; None: the recognizer decides (embedded: en)"
    )
    recognizer_model: str | None = Field(
        default=None,
        description="model of faster-whisper, one of `localclip models list` or the path of its folder; None: the best "
        "that is here, for the profile neural whisper-large-v3-turbo",
    )
    recognizer_batch: int | None = Field(
        default=None,
        ge=1,
        description="stretches of 30 s that faster-whisper recognizes at a time; None: 16 on a GPU, 4 on a CPU",
    )
    recognition_job_s: float | None = Field(
        default=None,
        ge=5,
        description="seconds of speech that one job recognizes; longer recordings are cut at pauses and shared among "
        "the workers. None: what this worker recognizes in two minutes",
    )
    diarizer_model: str = Field(
        default="pyannote-community-1",
        description="pipeline of pyannote.audio, for diarizer and embedder: a name of `localclip models list` or the "
        "path of its folder",
    )
    diarizer_window_s: float = Field(
        default=1800.0,
        ge=60,
        description="seconds of sound that pyannote.audio looks at in one go, for which it needs memory; longer ones "
        "are cut at pauses",
    )
    min_speakers: int = Field(
        default=1, ge=1, description="fewest speakers pyannote.audio finds in a video whose task gives no number"
    )
    max_speakers: int | None = Field(
        default=None, ge=1, le=20, description="most speakers it finds there; None: it decides"
    )
    max_duration_s: float = Field(
        default=6 * 3600.0, gt=0, description="longest video accepted, in seconds; temporary files take 112 kB a second"
    )

    @model_validator(mode="after")
    def _bounds_make_sense(self) -> "DiarizerSettings":
        if self.max_speakers is not None and self.max_speakers < self.min_speakers:
            raise ValueError("LOCALCLIP_MAX_SPEAKERS is less than LOCALCLIP_MIN_SPEAKERS")
        return self
