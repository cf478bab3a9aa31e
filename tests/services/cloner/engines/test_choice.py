"""Which engines are made."""

import pytest

from services.cloner.engines import create_synthesizers
from services.cloner.settings import ClonerSettings
from shared.pipeline import ErrorCode, PermanentError


def names(**settings: str) -> list[str]:
    return [engine.info.name for engine in create_synthesizers(ClonerSettings(**settings))]  # type: ignore[arg-type]


def test_the_better_voice_comes_first() -> None:
    """Flite for English, eSpeak NG for everything else; either can be asked for alone."""
    assert names() == ["flite", "espeak-ng"]
    assert names(synthesizer="espeak-ng") == ["espeak-ng"]
    assert names(synthesizer="flite") == ["flite"]
    assert names(profile="neural", synthesizer="espeak-ng") == ["espeak-ng"]


@pytest.mark.parametrize("settings", [{"profile": "neural"}, {"synthesizer": "parrot"}])
def test_what_is_not_there_is_refused(settings: dict[str, str]) -> None:
    """Naming what is."""
    with pytest.raises(PermanentError, match="espeak-ng") as refused:
        names(**settings)
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_nothing_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that helps; with eSpeak NG alone English still speaks."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PermanentError, match="apt install"):
        names()
