"""The voice embedding that comes with the code: the same voice is alike, different voices are not."""

import numpy as np
import pytest

from services.diarizer.engines import Span
from services.gateway.script.cast import similarity

TEXTS = (
    "The train to the coast leaves at nine in the morning. I buy my ticket the day before, and sit by the window. "
    "Many people go to the beach in summer. In winter the village is almost empty, and only the bakery stays open.",
    "My grandfather worked as a carpenter for forty years. He built the table in our kitchen, and all of the chairs. "
    "He taught me how to use his tools when I was a child. I still have all of them, and I use them every day.",
)
VOICES = ("slt", "rms", "awb", "kal16")


def ignore(part):
    """A report nobody reads."""


@pytest.fixture(scope="module")
def vectors(engines, say, tmp_path_factory):
    """Each voice with each text."""
    from services.diarizer.recording import Recording

    found = {}
    for voice in VOICES:
        for number, text in enumerate(TEXTS):
            path = tmp_path_factory.mktemp("voice") / "speech.pcm"
            path.write_bytes((np.clip(say(voice, text), -1, 1) * 32767).astype("<i2").tobytes())
            recording = Recording(path)
            found[voice, number] = engines.embedder.embed(recording, [Span(0.0, recording.duration_s)], ignore)
    return found


@pytest.mark.parametrize("voice", VOICES)
def test_a_voice_is_most_like_itself(vectors, voice):
    """With another text; vectors have unit length."""
    assert max(VOICES, key=lambda other: similarity(vectors[voice, 0], vectors[other, 1])) == voice
    assert np.linalg.norm(vectors[voice, 0]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_is_known_again(engines, vectors, voice):
    """By far: with another text, in ten seconds of it."""
    assert similarity(vectors[voice, 0], vectors[voice, 1]) > engines.embedder.same_voice + 0.05


@pytest.mark.parametrize("voice", VOICES)
def test_another_voice_is_not_taken_for_it(engines, vectors, voice):
    """With whatever text."""
    others = [vectors[other, number] for other in VOICES if other != voice for number in range(2)]
    assert max(similarity(vectors[voice, 0], other) for other in others) < engines.embedder.same_voice


def test_too_little_voice_is_not_described(engines, record):
    """Silence, noise, nothing."""
    noise = np.random.default_rng(1).standard_normal(32000).astype(np.float32) / 10
    for samples in (np.zeros(32000, np.float32), noise):
        assert engines.embedder.embed(record(samples), [Span(0.0, 2.0)], ignore) is None
    assert engines.embedder.embed(record(noise), [], ignore) is None


def test_it_does_not_judge_imitations(engines):
    """It says so, and no take is compared with it."""
    assert not engines.embedder.info.judges_takes
