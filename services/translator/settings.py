"""Settings of the translator."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TranslatorSettings(BaseSettings):
    """Which engine translates."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Literal["embedded", "neural"] = Field(
        default="embedded", description="engines used where none is named: embedded needs no weights, neural does"
    )
    translator: str | None = Field(default=None, description="engine that translates; None: the profile's")
    apertium_data: Path | None = Field(
        default=None, description="folder with Apertium's modes/; None: beside the installed program"
    )
    apertium_timeout_s: float = Field(
        default=60.0, gt=0, description="seconds Apertium may take for one line, its start included"
    )
