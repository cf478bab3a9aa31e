"""Settings of the diarizer."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DiarizerSettings(BaseSettings):
    """Which engines listen, and what they are asked when a task does not say."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Literal["embedded", "neural"] = Field(
        default="embedded", description="engines used where none is named: embedded needs no weights, neural does"
    )
    recognizer: str | None = Field(default=None, description="speech recognizer; None: the profile's")
    diarizer: str | None = Field(default=None, description="engine that tells speakers apart; None: the profile's")
    voice_activity: str | None = Field(default=None, description="engine that finds speech; None: the profile's")
    embedder: str | None = Field(default=None, description="engine that recognizes voices again; None: the profile's")
    source_language: str | None = Field(
        default=None, description="spoken language of tasks that name none; None: the recognizer decides (embedded: en)"
    )
    max_duration_s: float = Field(
        default=6 * 3600.0, gt=0, description="longest video accepted, in seconds; temporary files take 80 kB a second"
    )
