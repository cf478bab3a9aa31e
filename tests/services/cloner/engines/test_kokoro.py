"""Kokoro on its real weights: understood, in time, and by the right person."""

import dataclasses
import re
import unicodedata
from typing import Any

import numpy as np
import pytest
from scipy.signal import resample_poly

from services.cloner.audio import TAKE_RATE_HZ, as_take
from services.cloner.casting import Part, cast
from services.cloner.engines import Fault, Sound, Speech, Synthesizer, Voice, create_synthesizers
from services.cloner.engines._kokoro_model import MOST_SOUNDS
from services.cloner.engines._phonemes import kana_sounds, phonemes
from services.cloner.settings import ClonerSettings
from shared.messaging import SpeakerVoice
from shared.pipeline import CancelToken
from tests.support.real_weights import real_weights

ENGLISH = "He forgot his keys on the kitchen table."


@pytest.fixture(scope="module")
def kokoro() -> Synthesizer:
    models = real_weights("kokoro")
    (engine,) = create_synthesizers(ClonerSettings(synthesizer="kokoro"), models)
    return engine


@pytest.fixture(scope="module")
def listener() -> Any:
    """What writes down what it hears, of another make than what speaks."""
    models = real_weights("whisper-base")
    from faster_whisper import WhisperModel

    return WhisperModel(str(models.models_dir / "whisper-base"), device="cpu", compute_type="int8")


def said(engine: Synthesizer, text: str, code: str, voice: str, **more: Any) -> Sound:
    speech = Speech(text, code, Voice(key=voice, name=voice), **more)
    ((_, sound),) = engine.synthesize((speech,), CancelToken())
    assert isinstance(sound, Sound), sound
    return sound


def heard(listener: Any, sound: Sound, code: str) -> str:
    rate = np.gcd(sound.sample_rate_hz, 16_000)
    samples = resample_poly(sound.samples, 16_000 // rate, sound.sample_rate_hz // rate).astype(np.float32)
    segments, _ = listener.transcribe(samples, language=code, temperature=0.0)
    text = unicodedata.normalize("NFKC", "".join(segment.text for segment in segments)).lower()
    return " ".join(re.sub(r"[^\w\s]", " ", text).split())


def test_spanish_takes_begin_with_their_first_sound(kokoro: Synthesizer, listener: Any) -> None:
    """Cut to what is heard of them: "es aparecido" was what was left of it."""
    take = as_take(said(kokoro, "desaparecido detrás de la cortina a la izquierda.", "es", "kokoro-em_alex"))
    assert take is not None
    quiet = np.zeros(TAKE_RATE_HZ // 5, np.float32)
    padded = Sound(np.concatenate([quiet, take, quiet]), TAKE_RATE_HZ)
    assert heard(listener, padded, "es").startswith("desaparecido")


def test_the_network_breathes_before_spanish_alone(kokoro: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part begins with a pause, so that it swallows no first sound; French is worse with one."""
    asked: list[str] = []

    def speak(sounds: str, style: str, speed: float) -> Any:
        asked.append(sounds)
        return np.full(2_400, 0.1, np.float32)

    monkeypatch.setattr(kokoro._model, "speak", speak)
    said(kokoro, "Desaparecido.", "es", "kokoro-em_alex")
    said(kokoro, "Disparu.", "fr", "kokoro-ff_siwis")
    assert [sounds[:2] == ", " for sounds in asked] == [True, False]


@pytest.mark.parametrize(
    ("code", "voice", "text", "expected"),
    [
        ("en", "kokoro-am_michael", ENGLISH, "he forgot his keys on the kitchen table"),
        ("es", "kokoro-ef_dora", "Olvidó las llaves sobre la mesa.", "olvidó las llaves sobre la mesa"),
        ("fr", "kokoro-ff_siwis", "Il a oublié ses clés sur la table.", "il a oublié ses clés sur la table"),
        ("fr", "kokoro-fm_lewis", "Nous voulons visiter les montagnes.", "nous voulons visiter les montagnes"),
    ],
)
def test_it_is_understood(kokoro: Synthesizer, listener: Any, code: str, voice: str, text: str, expected: str) -> None:
    """Word for word, by a recognizer that knows nothing of it."""
    assert heard(listener, said(kokoro, text, code, voice), code) == expected


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("ja", "明日の朝、電車で海を見に行きます。", ("電車", "海")),
        ("zh", "明天早上我们坐火车去北京。", ("北京", "火")),
    ],
)
def test_what_has_no_spaces_is_understood(
    kokoro: Synthesizer, listener: Any, code: str, text: str, words: tuple[str, ...]
) -> None:
    """The words that carry the sentence; small models write the rest in many ways."""
    voice = next(one.name for one in kokoro.abilities.voices if one.speaks(code))
    text_heard = heard(listener, said(kokoro, text, code, voice), code)
    assert all(word in text_heard for word in words), text_heard


def test_tempo_is_its_own(kokoro: Synthesizer) -> None:
    """A quarter faster is a fifth shorter, and at the pitch of the voice."""
    usual = said(kokoro, ENGLISH, "en", "kokoro-af_heart")
    faster = said(kokoro, ENGLISH, "en", "kokoro-af_heart", rate=1.25)
    assert 0.72 <= len(faster.samples) / len(usual.samples) <= 0.9
    assert faster.sample_rate_hz == usual.sample_rate_hz == 24_000


def test_speakers_differ(kokoro: Synthesizer) -> None:
    """A man and a woman get voices of their language near their pitch; two of one pitch get two voices."""
    people = [("S1", 110.0), ("S2", 200.0), ("S3", 205.0)]
    for code in ("en", "fr", "es", "ja", "zh"):
        speakers = [SpeakerVoice(speaker_id=who, f0_hz=hz) for who, hz in people]
        parts = cast(speakers, (kokoro,), {}, code)
        found = {who: part.voice for who, part in parts.items() if isinstance(part, Part)}
        assert len({voice.key for voice in found.values()}) == len(people), code
        stock = {voice.name: voice for voice in kokoro.abilities.voices}
        assert all(stock[voice.name or ""].speaks(code) for voice in found.values())
        assert (found["S1"].f0_hz or 0) < (found["S2"].f0_hz or 0)


@pytest.mark.parametrize("f0_hz", [None, 190.0, 215.0, 225.0, 230.0, 235.0])
def test_nobody_gets_the_chinese_voice_that_is_not_understood(kokoro: Synthesizer, f0_hz: float | None) -> None:
    """However near its pitch is, and also where three speakers have it; a person may still choose it, and is told."""
    speakers = [SpeakerVoice(speaker_id=f"S{number}", f0_hz=f0_hz) for number in range(3)]
    parts = cast(speakers, (kokoro,), {}, "zh")
    names = {part.voice.name for part in parts.values() if isinstance(part, Part)}
    assert len(names) == len(speakers)
    assert "kokoro-zf_xiaoni" not in names
    (chosen,) = cast([SpeakerVoice(speaker_id="S1", voice="kokoro-zf_xiaoni")], (kokoro,), {}, "zh").values()
    assert isinstance(chosen, Part)
    told = {voice.name: voice.told.misheard for voice in kokoro.abilities.voices}
    assert (told["kokoro-zf_xiaoni"], told["kokoro-zf_xiaoxiao"]) == (0.4, 0.05)


def test_a_long_text_is_spoken_in_parts(kokoro: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network knows so many sounds at once; all of it is said."""
    asked: list[str] = []

    def speak(sounds: str, style: str, speed: float) -> Any:
        asked.append(sounds)
        return np.full(2_400, 0.1, np.float32)

    monkeypatch.setattr(kokoro._model, "speak", speak)
    said(kokoro, " ".join([ENGLISH] * 12), "en", "kokoro-af_heart")
    assert len(asked) == 2
    assert max(len(sounds) for sounds in asked) <= MOST_SOUNDS
    assert sum(sounds.count("kˈiz") for sounds in asked) == 12


def test_what_nobody_can_read_fails_its_line(kokoro: Synthesizer) -> None:
    """With a sentence for a person."""
    ((_, outcome),) = kokoro.synthesize((Speech("…!", "fr", Voice(key="v")),), CancelToken())
    assert isinstance(outcome, Fault)


def test_it_says_truly_what_it_is(kokoro: Synthesizer) -> None:
    """The version names the bytes: other weights are another engine."""
    assert re.fullmatch(r"1\.0 int8 [0-9a-f]{12}", kokoro.info.version)
    assert kokoro.info.languages == ("en", "fr", "es", "ja", "zh")
    assert kokoro.info.commercial_use
    assert set(kokoro.info.voices) == {voice.name for voice in kokoro.abilities.voices}
    assert dataclasses.is_dataclass(kokoro.abilities)


def test_japanese_sounds() -> None:
    """Long vowels, doubled consonants, and ん as what follows makes it."""
    assert kana_sounds("トーキョー") == "toːkʲoː"
    assert kana_sounds("シンブン") == "ɕimbɯɴ"
    assert kana_sounds("マッテ") == "maʔte"


def test_punctuation_stays() -> None:
    """And the full stop of a title ends no sentence."""
    token = CancelToken()
    assert phonemes("Mr. Smith, really?", "en", token) == "mˈɪstəɹ smˈɪθ, ɹˈiəli?"
    assert phonemes("¿Cómo estás?", "es", token) == "kˈomo estˈas?"
    assert phonemes("私は学生です。", "ja", token).endswith(".")
    assert phonemes("你好，北京！", "zh", token) == "ni↗xau↓, pei↓ʨi→ŋ!"
