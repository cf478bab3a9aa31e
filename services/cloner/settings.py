"""Settings of the cloner."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.models import PROFILE, Profile


class ClonerSettings(BaseSettings):
    """Which engines speak."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Profile = PROFILE
    commercial_only: bool = Field(
        default=False, description="refuse engines whose licence forbids commercial use, weights included"
    )
    synthesizer: str | None = Field(
        default=None,
        description="voice engines in order of preference, separated by commas: kokoro, coqui-xtts, voxcpm, "
        "flite, open-jtalk, espeak-ng; None: the profile's (auto: the best that are here; embedded: flite, open-jtalk, "
        "espeak-ng; neural: coqui-xtts, voxcpm)",
    )
    kokoro_model: str = Field(
        default="kokoro", description="Kokoro weights: a name known to `localclip models`, or a folder"
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
