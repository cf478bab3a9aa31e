"""Flite for English."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from services.cloner.engines import Audio, Fault, Speech, Voice
from services.cloner.engines.flite import ascii_text
from shared.pipeline import CancelToken


@pytest.fixture(scope="session")
def flite(installed: dict[str, Any]) -> Any:
    return installed["flite"]


def test_it_says_truly_what_it_can_do(flite: Any) -> None:
    """English, and the voices that are compiled in."""
    assert flite.info.languages == ("en",)
    assert {"flite-slt", "flite-rms", "flite-awb"} <= set(flite.info.voices)
    assert flite.info.version != "unknown"


def test_every_voice_is_tuned(
    flite: Any, sentences: dict[str, str], said: Any, median_f0: Callable[[Audio], float]
) -> None:
    """To within a semitone of the pitch wanted, at both ends of what is offered, at the same length."""
    for stock in flite.abilities.voices:
        lengths = []
        for f0_hz in (stock.low_hz * 1.02, stock.high_hz * 0.98):
            audio = said(flite, Speech(sentences["en"], "en", Voice(key="", name=stock.name, f0_hz=f0_hz)))
            assert 12 * abs(np.log2(median_f0(audio) / f0_hz)) < 1.5, stock.name
            lengths.append(len(audio))
        assert lengths[0] == pytest.approx(lengths[1], rel=0.03), stock.name


@pytest.mark.parametrize("name", ["flite-slt", "flite-rms"])
def test_tempo_is_native(name: str, flite: Any, sentences: dict[str, str], said: Any, voice_of: Any) -> None:
    """To within 3 %."""
    voice = voice_of(flite, name)
    natural, fast = (len(said(flite, Speech(sentences["en"], "en", voice, at))) for at in (1.0, 1.4))
    assert natural / fast == pytest.approx(1.4, rel=0.03)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("café, it’s “naïve” — really…", "cafe, it's naive , really..."),
        ("5 € is too much", "5 euros is too much"),
        ("안녕", ""),
    ],
)
def test_text_becomes_ascii(text: str, spoken: str) -> None:
    """Flite spells out the bytes of everything else."""
    assert ascii_text(text) == spoken


def test_another_script_fails_its_line(flite: Any, voice_of: Any) -> None:
    """Rather than being silent."""
    ((_, outcome),) = flite.synthesize((Speech("안녕", "en", voice_of(flite, "flite-slt")),), CancelToken())
    assert isinstance(outcome, Fault)


@pytest.mark.parametrize("text", ["-o /tmp/x.wav", "hello", "$(id)"])
def test_text_is_never_an_option_or_a_file(text: str, flite: Any, said: Any, voice_of: Any) -> None:
    """It is spoken, whatever it looks like."""
    assert len(said(flite, Speech(text, "en", voice_of(flite, "flite-slt")))) > 4800
