"""Which of the installed models this machine can run."""

from collections.abc import Iterable
from pathlib import Path

import psutil

from shared.models._catalogue import Model, catalogued
from shared.models._find import is_here
from shared.models._settings import ModelSettings

_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_SPARE = 2.0  # of what a model takes; other services and the system need memory too


def memory_bytes() -> int:
    """The most memory this process may use: the machine's, or its container's."""
    return min([int(psutil.virtual_memory().total), *_limits()])


def _limits() -> Iterable[int]:
    for path in _LIMITS:
        try:
            told = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if told.isdigit():
            yield int(told)


def has_room(model: Model) -> bool:
    """Whether there is enough memory for it; an unmeasured model is assumed to fit."""
    return model.memory_mb is None or model.memory_mb * 1e6 * _SPARE <= memory_bytes()


def usable(name: str, settings: ModelSettings, *, commercial_only: bool = False) -> bool:
    """Whether a catalogued model is installed, this machine has room for it, and its licence allows the intended
    use."""
    model = catalogued(name)
    if model is None or (commercial_only and not model.commercial_use):
        return False
    return is_here(model, settings) and has_room(model)


def best_here(names: Iterable[str], settings: ModelSettings, *, commercial_only: bool = False) -> str | None:
    """The first of `names` that is usable."""
    return next((name for name in names if usable(name, settings, commercial_only=commercial_only)), None)
