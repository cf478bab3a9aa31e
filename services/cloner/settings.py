"""Settings of the cloner."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClonerSettings(BaseSettings):
    """Which engines speak."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Literal["embedded", "neural"] = Field(
        default="embedded", description="engines used where none is named: embedded needs no weights, neural does"
    )
    synthesizer: str | None = Field(
        default=None,
        description="voice engine, espeak-ng or flite; None: the profile's (embedded: flite for English, eSpeak NG)",
    )
