"""Which engines are made."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from services.cloner.engines import create_synthesizers
from services.cloner.settings import ClonerSettings
from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError


def names(models: ModelSettings | None = None, **settings: Any) -> list[str]:
    return [engine.info.name for engine in create_synthesizers(ClonerSettings(**settings), models)]


def test_the_better_voice_comes_first() -> None:
    """Flite for English, eSpeak NG for everything else; either can be asked for alone, or both in another order."""
    assert names() == ["flite", "espeak-ng"]
    assert names(synthesizer="espeak-ng") == ["espeak-ng"]
    assert names(synthesizer="flite") == ["flite"]
    assert names(synthesizer="espeak-ng, flite") == ["espeak-ng", "flite"]
    assert names(profile="neural", synthesizer="espeak-ng") == ["espeak-ng"]


def test_what_is_not_there_is_refused() -> None:
    """Naming what is."""
    with pytest.raises(PermanentError, match="'coqui-xtts', 'voxcpm', 'flite' and 'espeak-ng'") as refused:
        names(synthesizer="parrot")
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_weights_that_are_not_there_are_named_with_what_brings_them(tmp_path: Path) -> None:
    """The neural profile speaks with XTTS; where only commercial use counts, with VoxCPM2."""
    models = ModelSettings(models_dir=tmp_path)
    with pytest.raises(PermanentError, match="localclip models pull xtts-v2") as refused:
        names(models, profile="neural")
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE
    with pytest.raises(PermanentError, match="localclip models pull voxcpm2"):
        names(models, profile="neural", commercial_only=True)


@pytest.mark.parametrize(("engine", "package"), [("coqui-xtts", "TTS"), ("voxcpm", "voxcpm")])
def test_a_package_that_is_not_installed_is_named_with_what_installs_it(
    engine: str, package: str, tmp_path: Path
) -> None:
    """At the start of the worker, not at the first job."""
    if find_spec(package):
        pytest.skip(f"{package} is installed")
    folder = {"xtts_model": str(tmp_path), "voxcpm_model": str(tmp_path)}
    with pytest.raises(PermanentError, match=r"pip install 'localclip\[(xtts|voxcpm)\]'"):
        names(synthesizer=engine, **folder)


def test_nothing_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that helps; with eSpeak NG alone English still speaks."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PermanentError, match="apt install"):
        names()
