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
    commercial_only: bool = Field(
        default=False, description="refuse engines whose licence forbids commercial use, weights included"
    )
    synthesizer: str | None = Field(
        default=None,
        description="voice engines in order of preference, separated by commas: coqui-xtts, voxcpm, flite, espeak-ng; "
        "None: the profile's (embedded: flite, espeak-ng; neural: coqui-xtts, voxcpm)",
    )
    xtts_model: str = Field(
        default="xtts-v2", description="XTTS weights: a name known to `localclip models`, or a folder"
    )
    voxcpm_model: str = Field(
        default="voxcpm2", description="VoxCPM2 weights: a name known to `localclip models`, or a folder"
    )
    voice_candidates: int | None = Field(
        default=None,
        ge=1,
        le=16,
        description="how many times a cloning engine speaks a line to choose what fits its slot best; "
        "None: 3 on a GPU, 1 on a CPU",
    )
    voice_batch: int | None = Field(
        default=None,
        ge=1,
        description="text and audio positions that XTTS decodes at once; None: 8192 on a GPU, one line on a CPU",
    )
    voice_jobs: int = Field(
        default=4, ge=1, le=64, description="jobs a worker with a cloning engine does at a time, sharing its batches"
    )
