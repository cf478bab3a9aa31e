"""Settings of the translator."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.models import PROFILE, Profile


class TranslatorSettings(BaseSettings):
    """Which engine translates."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    profile: Profile = PROFILE
    translator: str | None = Field(
        default=None, description="engine that translates, apertium, ctranslate2 or openai; None: the profile's"
    )
    translation_model: str | None = Field(
        default=None,
        description="model of the engine ctranslate2: a name of `localclip models list`, or a folder; None: the best "
        "that is here, for the profile neural nllb-200-600m",
    )
    commercial_only: bool = Field(
        default=False, description="refuse engines whose licence forbids commercial use, weights included"
    )
    translation_beam: int = Field(
        default=4, ge=1, le=16, description="beams of that model; up to four of them become candidates of a line"
    )
    translation_batch_tokens: int = Field(
        default=2048, ge=64, description="tokens of one batch of that model, padding included"
    )
    translation_jobs: int = Field(
        default=4, ge=1, le=64, description="jobs a worker with that model does at a time, sharing its batches"
    )
    apertium_data: Path | None = Field(
        default=None, description="folder with Apertium's modes/; None: beside the installed program"
    )
    apertium_timeout_s: float = Field(
        default=60.0, gt=0, description="seconds Apertium may take for one line, its start included"
    )
    openai_url: str = Field(
        default="",
        description="base URL of an OpenAI-compatible service for LOCALCLIP_TRANSLATOR=openai, up to and with /v1",
    )
    openai_model: str = Field(default="", description="model of that service that translates")
    openai_api_key: SecretStr = Field(default=SecretStr(""), description="key of that service, where it wants one")
    openai_timeout_s: float = Field(default=120.0, gt=0, description="seconds that service may take for one answer")
    openai_line_timeout_s: float = Field(
        default=60.0,
        gt=0,
        description="seconds the answer to a line that is asked again may take; then it fails by itself",
    )
    openai_concurrency: int = Field(default=4, ge=1, description="requests to that service at a time, per worker")
    openai_price_in: float = Field(
        default=0.0, ge=0, description="US dollars for a million tokens read by that service; reports tell the cost"
    )
    openai_price_out: float = Field(
        default=0.0, ge=0, description="US dollars for a million tokens written by that service"
    )
