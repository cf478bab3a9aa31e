"""How words sound."""

import shutil

import pytest

from services.diarizer.sounding import sounds_of
from services.diarizer.wording import error_rate, units
from shared.pipeline import CancelToken, language


@pytest.mark.parametrize(
    ("code", "text", "heard", "rate"),
    [
        ("fr", "Il n'a pas été assez pervers, là.", "il n'a pas été à ses pervers la", 0.0),
        ("fr", "Autres m'appeler.", "Autre m'appelait.", 0.0),
        ("fr", "Un malade-homme.", "Un maladome.", 0.0),
        ("fr", "La voix est bonne.", "La vie est bonne.", 0.25),
        ("es", "A ver quién.", "Haber quien.", 0.0),
        ("en", "They were there for two years.", "they were their for too years", 0.0),
        ("en", "They were here for two years.", "they were here for ten years", 0.1667),
        ("de", "Das Rad.", "Das Rat.", 0.0),
    ],
)
def test_what_is_spelled_otherwise_was_understood(code: str, text: str, heard: str, rate: float) -> None:
    """By the sounds of the language; what sounds otherwise is wrong as ever."""
    known = language(code)
    sounds = sounds_of([*units(text, known), *units(heard, known)], code, CancelToken())
    assert error_rate(text, heard, known, sounds) == rate


def test_without_espeak_ng_spelling_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails, and nothing is asked of a language that has no spaces."""
    assert sounds_of(["水"], "ja", CancelToken()) == {}
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert sounds_of(["two"], "en", CancelToken()) == {}
