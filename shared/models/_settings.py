"""Settings of every engine that has weights."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_CHECKOUT = Path(__file__).parents[2]
_FOLDER = Path("data/models")
Profile = Literal["auto", "embedded", "neural"]
"""Which engines are used if none is named."""

PROFILE: Any = Field(
    default="auto",
    description="engines used where none is named: auto takes the best whose weights are here and that this machine "
    "can run, embedded those that need no weights, neural those of a GPU",
)
"""The setting `profile` of every service with engines."""


class ModelSettings(BaseSettings):
    """Where weights are stored and what computes."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    models_dir: Path = Field(
        default_factory=lambda: _CHECKOUT / _FOLDER if (_CHECKOUT / "pyproject.toml").is_file() else _FOLDER,
        description="folder of the weights that `localclip models pull` fetches; `data/models` beside the code, "
        "wherever a command is run",
    )
    device: str = Field(
        default="auto", description="what neural engines compute on: auto, cpu, cuda, or one GPU as cuda:1"
    )
    compute_type: str = Field(
        default="auto",
        description="arithmetic of recognizer and translator: auto (int8 on a CPU, float16 on a GPU), int8, "
        "int8_float16, float16 or float32",
    )
    gpu_lease: Path | None = Field(
        default=None,
        description="folder shared by services that share a GPU, which then take turns batch by batch; None: each has "
        "its own",
    )
    offline: bool = Field(default=False, description="never touch the network for weights")
