"""Engines of other packages are found by their entry points."""

from pathlib import Path

import pytest

from services.translator.engines import create_translator
from services.translator.settings import TranslatorSettings
from shared.pipeline import ErrorCode, PermanentError, create_from_package

MODULE = """
def create(settings):
    return ("made with", settings)
"""


def package(folder: Path, port: str, target: str) -> None:
    """A distribution that offers the engine `parrot`."""
    info = folder / "parrot_engine-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot-engine\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[localclip.engines.{port}]\nparrot = {target}\n")
    (folder / "parrot_module.py").write_text(MODULE)


def test_an_engine_of_another_package_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the service's settings, and counts for its own port only."""
    package(tmp_path, "voice", "parrot_module:create")
    monkeypatch.syspath_prepend(tmp_path)
    assert create_from_package("voice", "parrot", 7) == ("made with", 7)
    assert create_from_package("translator", "parrot", 7) is None
    assert create_from_package("voice", "cockatoo", 7) is None


def test_a_broken_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service says which engine of which module does not load, instead of 'unknown engine'."""
    package(tmp_path, "translator", "parrot_module:missing")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PermanentError, match="parrot_module:missing") as caught:
        create_translator(TranslatorSettings(translator="parrot"))
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
