"""Which engines are made."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from services.cloner.engines import create_synthesizers
from services.cloner.engines.kokoro import KokoroSynthesizer
from services.cloner.settings import ClonerSettings
from shared.models import ModelSettings, catalogued
from shared.pipeline import ErrorCode, PermanentError
from tests.support.real_weights import real_weights


def names(models: ModelSettings | None = None, **settings: Any) -> list[str]:
    return [engine.info.name for engine in create_synthesizers(ClonerSettings(**settings), models)]


def test_the_better_voice_comes_first() -> None:
    """Flite for English, Open JTalk for Japanese, eSpeak NG for everything else; each can be asked for by name."""
    assert names() == ["flite", "open-jtalk", "espeak-ng"]
    assert names(synthesizer="espeak-ng") == ["espeak-ng"]
    assert names(synthesizer="flite") == ["flite"]
    assert names(synthesizer="espeak-ng, flite") == ["espeak-ng", "flite"]
    assert names(profile="neural", synthesizer="espeak-ng") == ["espeak-ng"]


def test_what_is_not_there_is_refused() -> None:
    """Naming what is."""
    with pytest.raises(
        PermanentError, match="'kokoro', 'coqui-xtts', 'voxcpm', 'flite', 'open-jtalk' and 'espeak-ng'"
    ) as refused:
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
    assert names() == ["open-jtalk"]  # a Python package, which needs no program
    with pytest.raises(PermanentError, match="apt install"):
        names(synthesizer="flite,espeak-ng")


def test_without_weights_auto_is_what_needs_none(tmp_path: Path) -> None:
    """Nothing is fetched, and nothing is missed."""
    assert names(ModelSettings(models_dir=tmp_path), profile="auto") == ["flite", "open-jtalk", "espeak-ng"]


def test_auto_takes_kokoro_where_its_weights_are() -> None:
    """First of all on a machine that is quick enough; the others stay for what it does not speak."""
    models = real_weights("kokoro")
    assert names(models, profile="auto") == ["kokoro", "flite", "open-jtalk", "espeak-ng"]


def test_a_slow_machine_speaks_with_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """English and Japanese by engines that are understood too; Kokoro for what only it says clearly."""
    monkeypatch.setattr(KokoroSynthesizer, "seconds_per_second", lambda self: 1.5)
    models = real_weights("kokoro")
    assert names(models, profile="auto") == ["flite", "open-jtalk", "kokoro", "espeak-ng"]


def test_a_small_machine_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte is not enough for Kokoro and for everything else that runs here."""
    monkeypatch.setattr("shared.models._machine.memory_bytes", lambda: 1_000_000_000)
    assert names(real_weights("kokoro"), profile="auto")[0] == "flite"


def test_broken_weights_are_left_out_by_auto(tmp_path: Path) -> None:
    """Work goes on with what is whole; who asked for Kokoro by name is told what is wrong."""
    kokoro = catalogued("kokoro")
    assert kokoro is not None
    for file in kokoro.contents:
        path = tmp_path / "kokoro" / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not a network")
    models = ModelSettings(models_dir=tmp_path)
    assert names(models, profile="auto") == ["flite", "open-jtalk", "espeak-ng"]
    with pytest.raises(PermanentError, match=r"cannot be loaded from .* `localclip models check`"):
        names(models, synthesizer="kokoro")
