"""Device and arithmetic on whatever this machine has."""

import ctypes
import sys

import pytest

from shared.inference import Placement, place_ctranslate2
from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError

ctranslate2 = pytest.importorskip("ctranslate2")
GPUS = ctranslate2.get_cuda_device_count()


def test_a_cpu_computes_with_bytes() -> None:
    """Unless something else is asked for."""
    assert place_ctranslate2(ModelSettings(device="cpu")) == Placement("cpu", 0, "int8")
    assert place_ctranslate2(ModelSettings(device="cpu", compute_type="float32")).compute_type == "float32"


def test_a_gpu_is_used_where_there_is_one() -> None:
    """`auto` never fails, and the name of the device is what the lease is kept under."""
    found = place_ctranslate2(ModelSettings(device="auto"))
    assert found.name == ("cuda:0" if GPUS else "cpu")
    assert found.compute_type in ctranslate2.get_supported_compute_types(found.device)


@pytest.mark.parametrize("device", [f"cuda:{GPUS}", "cuda:first", "tpu", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    """With the setting that asked for it."""
    with pytest.raises(PermanentError, match=f"LOCALCLIP_DEVICE={device}") as refused:
        place_ctranslate2(ModelSettings(device=device))
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_arithmetic_a_device_does_not_have_is_refused() -> None:
    """With what it has."""
    with pytest.raises(PermanentError, match=r"LOCALCLIP_COMPUTE_TYPE=int3: cpu here has only .*int8"):
        place_ctranslate2(ModelSettings(device="cpu", compute_type="int3"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux loads it by path")
def test_cublas_is_loaded_from_its_package(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order its parts need each other, from where pip puts it."""
    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    for library in ("libcublas.so.12", "libcublasLt.so.12"):
        (folder / library).touch()
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name == "nvidia" or name.startswith("nvidia.")]:
        monkeypatch.delitem(sys.modules, name)
    loaded = []
    monkeypatch.setattr(ctypes, "CDLL", lambda path, mode: loaded.append((path, mode)))
    place_ctranslate2(ModelSettings(device="auto"))
    expected = [str(folder / "libcublasLt.so.12"), str(folder / "libcublas.so.12")]
    assert loaded == [(path, ctypes.RTLD_GLOBAL) for path in expected]
