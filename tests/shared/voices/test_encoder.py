"""The speaker encoder with its own weights, on voices of flite."""

import subprocess

import numpy as np
import pytest
import soundfile

from shared.voices import RATE_HZ, VoiceEncoder

VOICES = ("slt", "rms", "awb")
TEXTS = ("The train to the coast leaves at nine in the morning.", "We sell vegetables from our own garden there.")


@pytest.fixture(scope="module")
def encoder():
    """Loaded once."""
    return VoiceEncoder()


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Two sentences of each of three voices."""
    path = tmp_path_factory.mktemp("flite") / "said.wav"
    found = []
    for voice in VOICES:
        for text in TEXTS:
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True, capture_output=True)
            found.append(soundfile.read(path, dtype="float32")[0])
    return found


def test_a_voice_is_most_like_itself(encoder, sounds):
    """Cosines of one voice are above .85, of two below .75, whatever they say."""
    voices = encoder.embed(sounds)
    alike = voices @ voices.T
    own = np.repeat(range(len(VOICES)), len(TEXTS))
    same = own[:, None] == own
    assert alike[same].min() > 0.85
    assert alike[~same].max() < 0.75


def test_vectors_have_unit_length(encoder, sounds):
    """Also that of a syllable; silence has none, and no sounds have no vectors."""
    voices = encoder.embed([sounds[0], sounds[0][RATE_HZ // 2 : RATE_HZ], np.zeros(RATE_HZ, np.float32)])
    assert np.linalg.norm(voices, axis=1) == pytest.approx([1, 1, 0], abs=1e-5)
    assert encoder.embed([np.zeros(0, np.float32)]).shape == (1, 256)
    assert encoder.embed([]).shape == (0, 256)


def test_a_voice_is_the_same_in_company(encoder, sounds):
    """Batches change nothing, however many sounds there are, nor does the level of a quiet recording."""
    many = encoder.embed(sounds * 12)
    assert many[:6] == pytest.approx(encoder.embed(sounds), abs=1e-4)
    quiet = encoder.embed([0.002 * sounds[0], 0.01 * sounds[0]])
    assert float(quiet[0] @ quiet[1]) == pytest.approx(1, abs=1e-3)


def test_progress_is_told(encoder, sounds):
    """Batch by batch, so that work can be stopped."""
    told = []
    encoder.embed(sounds * 12, told.append)
    assert told == sorted(told)
    assert len(told) > 1
