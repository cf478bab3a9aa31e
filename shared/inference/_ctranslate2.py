"""Where CTranslate2 computes and with which arithmetic, for both recognizer and translator."""

import ctypes
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError

_ARITHMETIC = {"cpu": ("int8", "float32"), "cuda": ("float16", "int8_float16", "int8", "float32")}
"""Best first; a GPU older than Volta has no fast float16."""
_CUBLAS = ("libcublasLt.so.12", "libcublas.so.12")  # the second needs the first


@dataclass(frozen=True)
class Placement:
    """A device and the arithmetic used on it."""

    device: str
    index: int
    compute_type: str

    @property
    def name(self) -> str:
        """The device as settings name it."""
        return self.device if self.device == "cpu" else f"{self.device}:{self.index}"


def place_ctranslate2(settings: ModelSettings) -> Placement:
    """The device and arithmetic that `settings` ask for; loads cuBLAS into this process if a GPU may be used.

    Raises:
        PermanentError: `engine_unavailable` for a missing device or an unsupported arithmetic.
    """
    import ctranslate2

    device, _, number = settings.device.partition(":")
    if device != "cpu":
        preload_cublas()
    gpus = ctranslate2.get_cuda_device_count()
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    index = int(number) if number.isdigit() else 0
    if device not in _ARITHMETIC or (number and not number.isdigit()) or (device == "cuda" and index >= gpus):
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"LOCALCLIP_DEVICE={settings.device}: no such device; this machine has cpu and {gpus} usable CUDA GPUs",
        )
    offered = ctranslate2.get_supported_compute_types(device, index)
    return Placement(device, index, _arithmetic(settings.compute_type, device, offered))


def preload_cublas() -> None:
    """Load cuBLAS 12 from the package nvidia-cublas-cu12, where the dynamic linker does not look.

    Without the package, the system's is used. CTranslate2 finds a library that is already loaded by its name.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        package = find_spec("nvidia.cublas")
    except ModuleNotFoundError:
        return
    folders = [Path(place) / "lib" for place in (package.submodule_search_locations or ())] if package else []
    for folder in folders:
        for library in _CUBLAS:
            if (folder / library).is_file():
                ctypes.CDLL(str(folder / library), mode=ctypes.RTLD_GLOBAL)


def _arithmetic(asked: str, device: str, offered: set[str]) -> str:
    if asked == "auto":
        return next(kind for kind in _ARITHMETIC[device] if kind in offered)
    if asked not in offered:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"LOCALCLIP_COMPUTE_TYPE={asked}: {device} here has only {', '.join(sorted(offered))}, or auto",
        )
    return asked
