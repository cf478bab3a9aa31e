"""Settings of the exporter."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ExporterSettings(BaseSettings):
    """How every export sounds, beside what a task chooses for itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_EXPORT_")

    engine: str = Field(default="ffmpeg", description="engine that decodes, encodes, measures and muxes")
    audio_kbps: int = Field(default=192, ge=64, le=512, description="bit rate of the dub track, AAC stereo at 48 kHz")
    duck_attack_s: float = Field(
        default=0.15, ge=0.01, le=2, description="seconds before speech in which the original goes down"
    )
    duck_release_s: float = Field(
        default=0.4, ge=0.01, le=5, description="seconds after speech in which the original comes back"
    )
