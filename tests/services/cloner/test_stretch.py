"""Changing the tempo of a take."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cloner.audio import TAKE_LUFS, TAKE_RATE_HZ, loudness
from services.cloner.engines import Audio
from services.cloner.stretch import pad, stretch
from shared.pipeline import Canceled, CancelToken


def pulses(samples: int) -> Audio:
    """A buzz at 120 Hz, in syllables."""
    at = np.arange(samples) / TAKE_RATE_HZ
    return (0.2 * np.sign(np.sin(2 * np.pi * 120 * at)) * (np.sin(2 * np.pi * 4 * at) > -0.5)).astype(np.float32)


@settings(max_examples=12, deadline=None)
@given(st.integers(5000, 100_000), st.floats(0.9, 1.5))
def test_the_length_is_exact_to_the_sample(samples: int, tempo: float) -> None:
    """Whatever the length and the tempo."""
    wanted = round(samples / tempo)
    assert len(stretch(pulses(samples), wanted, CancelToken())) == wanted


def test_pitch_and_loudness_stay(median_f0: Callable[[Audio], float]) -> None:
    """Only the tempo changes, and the whole take is still there."""
    faster = stretch(pulses(96_000), 70_000, CancelToken())
    assert median_f0(faster) == pytest.approx(120, rel=0.03)
    assert loudness(faster) == pytest.approx(TAKE_LUFS, abs=0.3)
    assert np.abs(faster[-6000:]).max() > 0.02


def test_a_canceled_stretch_stops() -> None:
    """Before it begins."""
    cancel = CancelToken()
    cancel.cancel("enough")
    with pytest.raises(Canceled):
        stretch(pulses(48_000), 40_000, cancel)


def test_padding_adds_silence_at_the_end() -> None:
    """And changes nothing before it."""
    audio = pulses(1000)
    padded = pad(audio, 1010)
    assert np.array_equal(padded[:1000], audio)
    assert not padded[1000:].any()
