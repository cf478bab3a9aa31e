"""The form of a take: 48 kHz, trimmed, level."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.audio import TAKE_LUFS, TAKE_RATE_HZ, as_take, loudness, trim
from services.cloner.engines import Audio, Sound


def tone(seconds: float, hz: float = 1000.0, level: float = 0.5, rate_hz: int = TAKE_RATE_HZ) -> Audio:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * TAKE_RATE_HZ), np.float32)


def test_loudness_is_that_of_the_standard() -> None:
    """EBU Tech 3341, case 1: a stereo tone of 1 kHz at -23 dBFS is -23 LUFS; one channel of it is 3 dB less."""
    assert loudness(tone(5.0, level=10 ** (-23 / 20))) == pytest.approx(-26.0, abs=0.1)


def test_pauses_do_not_count_in_loudness() -> None:
    """Silence between words is gated."""
    speech = np.concatenate([tone(2.0), silence(3.0), tone(2.0)])
    assert loudness(speech) == pytest.approx(loudness(tone(4.0)), abs=0.5)


@given(st.floats(0.0, 1.0), st.floats(0.1, 2.0), st.floats(0.0, 1.0))
def test_silence_around_speech_is_trimmed(before_s: float, speech_s: float, after_s: float) -> None:
    """What is left is the speech and at most 10 ms before and 50 ms after it, on frames of 10 ms."""
    trimmed = trim(np.concatenate([silence(before_s), tone(speech_s), silence(after_s)]))
    assert trimmed is not None
    assert speech_s - 0.021 <= len(trimmed) / TAKE_RATE_HZ <= speech_s + 0.081


@pytest.mark.parametrize("seconds", [0.0, 0.005, 1.0])
def test_silence_is_no_take(seconds: float) -> None:
    """Nothing audible is told apart from speech."""
    assert as_take(Sound(silence(seconds), TAKE_RATE_HZ)) is None


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 17_300, 22_050, 24_000, 44_100, 48_000])
def test_every_rate_becomes_48_khz_at_the_same_length(rate_hz: int) -> None:
    """Duration and pitch survive resampling."""
    take = as_take(Sound(tone(1.0, 440.0, rate_hz=rate_hz), rate_hz))
    assert take is not None
    assert take.dtype == np.float32
    assert len(take) == pytest.approx(TAKE_RATE_HZ, abs=480)
    spectrum = np.abs(np.fft.rfft(take * np.hanning(len(take))))
    assert spectrum.argmax() * TAKE_RATE_HZ / len(take) == pytest.approx(440.0, abs=2.0)


@given(st.floats(0.01, 1.0), st.floats(0.08, 3.0))
def test_takes_leave_at_one_loudness(level: float, seconds: float) -> None:
    """Whatever the engine's level and the length of the line."""
    take = as_take(Sound(tone(seconds, level=level), TAKE_RATE_HZ))
    assert take is not None
    assert loudness(take) == pytest.approx(TAKE_LUFS, abs=0.6)


def test_a_spiky_take_is_quieter_rather_than_clipped() -> None:
    """The peak ceiling wins over the loudness."""
    spiky = tone(1.0, level=0.002)
    spiky[::4800] = 0.9
    take = as_take(Sound(spiky, TAKE_RATE_HZ))
    assert take is not None
    assert np.abs(take).max() <= 10 ** (-1 / 20) + 1e-6


def test_edges_do_not_click() -> None:
    """The first and the last samples are faded."""
    take = as_take(Sound(np.full(TAKE_RATE_HZ, 0.5, np.float32) * np.sign(tone(1.0)), TAKE_RATE_HZ))
    assert take is not None
    assert abs(take[0]) < 0.01
    assert abs(take[-1]) < 0.01
