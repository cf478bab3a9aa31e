"""Where torch computes. It is imported on first use, since services without torch import this package too."""

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError


def torch_device(wanted: str) -> str:
    """`wanted`, or for `auto` the GPU if there is one.

    Raises:
        PermanentError: `engine_unavailable` when that device is missing.
    """
    import torch

    name = wanted
    if wanted == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=torch.device(name))
    except (RuntimeError, AssertionError) as error:
        raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"LOCALCLIP_DEVICE={wanted}: {error}") from error
    return name


def on_gpu(models: ModelSettings) -> bool:
    """Whether engines on torch compute on a GPU here; without torch they do not compute at all."""
    if models.device == "cpu" or find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def memory_release(device: str) -> Callable[[], None] | None:
    """The function that returns memory that torch has cached to the device."""
    import torch

    return torch.cuda.empty_cache if device.startswith("cuda") else None


def weights_digest(model: Any) -> str:
    """A digest that identifies the weights of a module."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
