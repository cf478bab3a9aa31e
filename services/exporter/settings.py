"""Settings of the exporter."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.models import PROFILE, Profile


class ExporterSettings(BaseSettings):
    """How every export sounds, beside what a task chooses for itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_EXPORT_")

    engine: str = Field(default="ffmpeg", description="engine that decodes, encodes, measures and muxes")
    jobs: int = Field(
        default=2,
        ge=1,
        le=16,
        description="exports made at a time; with two or more, one slot is kept for those of under a minute's work",
    )
    audio_kbps: int = Field(
        default=192,
        ge=64,
        le=512,
        description="bit rate of a stereo dub track, AAC at 48 kHz; surround gets twice that",
    )
    video_encoder: Literal["auto", "libx264", "h264_nvenc", "h264_qsv", "h264_vaapi", "h264_videotoolbox"] = Field(
        default="auto", description="encoder of a picture with burned-in subtitles; auto: hardware that works"
    )
    duck_attack_s: float = Field(
        default=0.15, ge=0.01, le=2, description="seconds before speech over which the original is turned down"
    )
    duck_release_s: float = Field(
        default=0.4, ge=0.01, le=5, description="seconds after speech over which the original comes back"
    )


class SeparatorSettings(BaseSettings):
    """What takes the voices out of the original, so that the rest of it can lie under the dub."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Profile = PROFILE
    separator: str | None = Field(
        default=None, description="engine that separates voices: none, demucs or deepfilternet; None: the profile's"
    )
    separator_model: str | None = Field(
        default=None,
        description="a model of `localclip models list`, or the folder of one; None: htdemucs, or deepfilternet3",
    )
