"""eSpeak NG and its three traps."""

import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from services.cloner.engines import Audio, Fault, Speech, Voice
from services.cloner.engines.espeak import tuning
from shared.pipeline import SOURCE_LANGUAGES, CancelToken


@pytest.fixture(scope="session")
def espeak(installed: dict[str, Any]) -> Any:
    return installed["espeak-ng"]


def phonemes(voice: str, text: str) -> str:
    command = ["espeak-ng", "-q", "-x", "-b", "1", "-v", voice, "--stdin"]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout.decode()


def test_it_says_truly_what_it_can_do(espeak: Any) -> None:
    """All languages on this machine, its version and its voices."""
    assert espeak.info.languages == espeak.abilities.languages
    assert set(espeak.info.languages) == set(SOURCE_LANGUAGES)
    assert espeak.info.version[0].isdigit()
    assert espeak.info.hint == ""
    assert espeak.info.voices == tuple(stock.name for stock in espeak.abilities.voices)


def test_chinese_is_read_as_words(espeak: Any, sentences: dict[str, str], said: Any, voice_of: Any) -> None:
    """The plain voice spells each character in English, which takes much longer."""
    speech = Speech(sentences["zh"], "zh", voice_of(espeak, "espeak-male-1"))
    voice = tuning(speech)[1]
    assert "Tr'i:" not in phonemes(voice, "你好")
    assert "Tr'i:" in phonemes("cmn", "你好")
    assert len(said(espeak, speech)) < 48_000 * 6.5


def test_japanese_is_read_in_kana(espeak: Any, sentences: dict[str, str], said: Any, voice_of: Any) -> None:
    """No kanji reaches eSpeak NG, which would call it "Chinese letter": both writings sound the same."""
    voice = voice_of(espeak, "espeak-female-1")
    kanji = said(espeak, Speech("東京へ行きます。", "ja", voice))
    kana = said(espeak, Speech("トーキョーエ イキマス。", "ja", voice))
    assert len(kanji) == pytest.approx(len(kana), rel=0.05)


def test_a_kanji_without_reading_fails_its_line(espeak: Any, voice_of: Any) -> None:
    """With the character in the message."""
    ((_, outcome),) = espeak.synthesize((Speech("々を見た", "ja", voice_of(espeak, "espeak-male-1")),), CancelToken())
    assert outcome == Fault("no reading is known for '々': write it in kana")


@pytest.mark.parametrize("language", SOURCE_LANGUAGES)
def test_variants_are_heard_in_every_language(
    language: str, espeak: Any, sentences: dict[str, str], said: Any, voice_of: Any
) -> None:
    """A variant that is ignored sounds like the voice without it at the same pitch setting."""
    male, female = (
        said(espeak, Speech(sentences[language], language, Voice(key=name, name=name)))
        for name in ("espeak-male-1", "espeak-female-1")
    )
    size = min(len(male), len(female))
    assert not np.allclose(male[:size], female[:size], atol=0.01)


@pytest.mark.parametrize("name", ["espeak-male-2", "espeak-male-5", "espeak-female-1", "espeak-female-4"])
@pytest.mark.parametrize("semitones", [-2, 3])
def test_voices_are_tuned(
    name: str,
    semitones: int,
    espeak: Any,
    sentences: dict[str, str],
    said: Any,
    median_f0: Callable[[Audio], float],
) -> None:
    """To within a semitone and a half of the pitch wanted."""
    stock = next(stock for stock in espeak.abilities.voices if stock.name == name)
    f0_hz = stock.f0_hz * 2 ** (semitones / 12)
    audio = said(espeak, Speech(sentences["fr"], "fr", Voice(key=name, name=name, f0_hz=f0_hz)))
    assert 12 * abs(np.log2(median_f0(audio) / f0_hz)) < 1.5


@pytest.mark.parametrize("rate", [0.75, 1.4])
def test_tempo_is_native(rate: float, espeak: Any, sentences: dict[str, str], said: Any, voice_of: Any) -> None:
    """To within 8 %; what is left is corrected by measuring."""
    voice = voice_of(espeak, "espeak-male-1")
    natural, other = (len(said(espeak, Speech(sentences["de"], "de", voice, at))) for at in (1.0, rate))
    assert natural / other == pytest.approx(rate, rel=0.08)


@pytest.mark.parametrize("text", ["--version", "-w /tmp/x.wav", "$(id)", "a\tb", "½ & 3 > 2"])
def test_text_is_never_an_option(text: str, espeak: Any, said: Any, voice_of: Any) -> None:
    """It is spoken, whatever it looks like."""
    assert len(said(espeak, Speech(text, "en", voice_of(espeak, "espeak-male-1")))) > 4800


@pytest.mark.parametrize("pace", [0.8, 1.25])
def test_a_voice_has_the_pace_of_its_speaker(pace: float, espeak: Any, sentences: dict[str, str], said: Any) -> None:
    """At natural speed already, so nothing has to be stretched."""
    ordinary, own = (
        len(said(espeak, Speech(sentences["fr"], "fr", Voice(key="k", name="espeak-male-1", pace=at))))
        for at in (1.0, pace)
    )
    assert ordinary / own == pytest.approx(pace, rel=0.08)
