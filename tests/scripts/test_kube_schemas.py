"""scripts/kube_schemas.py leaves all schemas or none: an empty folder would be taken for the real one ever after."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "kube_schemas.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kube_schemas", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_its_packages_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come from an index that may be away."""
    monkeypatch.setitem(sys.modules, "cloudcoil", None)
    with pytest.raises(ImportError):
        script().main(tmp_path / "schemas")
    assert list(tmp_path.iterdir()) == []
