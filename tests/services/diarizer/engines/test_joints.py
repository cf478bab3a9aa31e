"""Words are never cut apart nor glued together: what a real model writes is what becomes lines."""

from pathlib import Path

import pytest
import soundfile

from benchmarks.speech.scores import joints, passages
from services.cloner.engines import Sound, Speech, Voice, create_synthesizers
from services.cloner.settings import ClonerSettings
from services.diarizer.clips import as_recording
from services.diarizer.engines import Recognizer, create_recognizer
from services.diarizer.settings import DiarizerSettings
from shared.pipeline import CancelToken
from tests.support.real_weights import real_weights

SAID = {
    "en": "The well-known doctor wasn't cold-hearted: he paid $12,500 for her twenty-one books.",
    "fr": "C'est aujourd'hui qu'il a vendu l'appartement, n'est-ce pas ?",
    "de": "Ich hab's gesehen: die E-Mail kam um 9.30 Uhr aus Baden-Baden.",
    "zh": "我们一起去看 New York Times 的电影吧。",
    "ja": "この CD は 1500 円です。",
}


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """Whisper base."""
    settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model="whisper-base")
    return create_recognizer(settings, real_weights("whisper-base"))


@pytest.mark.parametrize("code", sorted(SAID))
def test_no_joint_is_wrong(recognizer: Recognizer, code: str, tmp_path: Path) -> None:
    """Spaces are where the model writes them, whatever it makes of the voice."""
    engine = next(one for one in create_synthesizers(ClonerSettings()) if code in one.abilities.languages)
    stock = next(one for one in engine.abilities.voices if one.speaks(code))
    speech = Speech(SAID[code], code, Voice(stock.name, stock.name, stock.f0_hz))
    ((_, sound),) = engine.synthesize([speech], CancelToken())
    assert isinstance(sound, Sound)
    soundfile.write(tmp_path / "said.wav", sound.samples, sound.sample_rate_hz)
    with passages() as heard:
        recognizer.recognize_each([as_recording(tmp_path / "said.wav", tmp_path / "said.pcm")], code, lambda _: None)
    found = [joints(language, passage) for language, passage in heard]
    assert sum(places for places, _ in found) > 0
    assert [wrong for _, wrong in found] == [0] * len(found), [passage.text for _, passage in heard]
