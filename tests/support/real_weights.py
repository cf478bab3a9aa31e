"""Real weights for tests: fetched once by their checksum into a cache that outlives the checkout."""

import os
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from localclip import model_commands, weights
from localclip.errors import LocalClipError
from shared.models import ModelSettings

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localclip" / "models"
_WAIT_S = 900.0


def real_weights(name: str) -> ModelSettings:
    """Settings whose folder holds the model `name`, whole.

    Where no source answers the test is skipped with the reason, or fails with it when LOCALCLIP_REQUIRE_WEIGHTS is set.
    """
    reason = _fetched(name)
    if reason:
        text = f"the weights of {name} are not here: {reason}"
        if os.environ.get("LOCALCLIP_REQUIRE_WEIGHTS", "") not in ("", "0"):
            pytest.fail(text)
        pytest.skip(text)
    return ModelSettings(models_dir=CACHE, device="cpu")


@cache
def _fetched(name: str) -> str:
    """Why it is not there; empty when it is. Asked once in a process, however many tests want it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(CACHE / f".tests-{name}.lock", timeout=_WAIT_S):  # other processes of the same run fetch it, too
            model_commands.pull(weights.find(name), ModelSettings(models_dir=CACHE))
    except (LocalClipError, TimeoutError) as error:
        return str(error)
    return ""
