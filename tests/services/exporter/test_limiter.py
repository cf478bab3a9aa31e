"""True peaks stay below the ceiling, and nothing else changes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.exporter.limiter import CELL, MARGIN, limited

RATE_HZ = 48_000


def true_peak(samples: np.ndarray) -> float:
    """The highest level between the samples: the spectrum padded to 8 times the rate."""
    spectrum = np.fft.rfft(samples, axis=0)
    padded = np.zeros((len(samples) * 4 + 1, samples.shape[1]), complex)
    padded[: len(spectrum)] = spectrum
    return float(np.abs(np.fft.irfft(padded, len(samples) * 8, axis=0) * 8).max())


def padded(samples: np.ndarray) -> np.ndarray:
    """Silence on both sides."""
    return np.pad(samples.astype(np.float32), ((MARGIN, MARGIN), (0, 0)))


def noise(seed: int, seconds: float = 0.5, level: float = 0.5) -> np.ndarray:
    """Stereo noise, band limited so that peaks lie between samples too."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(0, level, (round(seconds * RATE_HZ), 2))
    spectrum = np.fft.rfft(raw, axis=0)
    spectrum[int(len(spectrum) * 0.8) :] = 0
    return np.fft.irfft(spectrum, len(raw), axis=0)


def test_peaks_between_the_samples_are_limited() -> None:
    """A sine at a quarter of the rate whose samples miss its peaks by 3 dB."""
    times = np.arange(RATE_HZ)
    edges = np.minimum(1, np.minimum(times, len(times) - times) / 2400)
    sine = (edges * np.sin(2 * np.pi * times / 4 + np.pi / 4))[:, None] * np.ones((1, 2))
    assert np.abs(sine).max() < 0.75
    assert true_peak(limited(padded(sine), 0.8)) <= 0.8 * 1.005


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**16), st.floats(0.1, 0.9))
def test_no_true_peak_passes_the_ceiling(seed: int, ceiling: float) -> None:
    """Whatever comes in, within 0.3 dB: less than what is left for the encoder."""
    assert true_peak(limited(padded(noise(seed)), ceiling)) <= ceiling * 1.035


def test_what_is_below_the_ceiling_passes_untouched() -> None:
    """Bit for bit, also far from a peak in the same block."""
    quiet = noise(1, level=0.01)
    assert np.array_equal(limited(padded(quiet), 0.8), quiet.astype(np.float32))
    quiet[12_000] = 0.95
    after = limited(padded(quiet), 0.8)
    far = np.abs(np.arange(len(quiet)) - 12_000) > MARGIN
    assert np.array_equal(after[far], quiet.astype(np.float32)[far])
    assert np.abs(after).max() <= 0.8


def test_blocks_join_without_a_seam() -> None:
    """Limiting in pieces gives the same samples as limiting at once."""
    whole = padded(noise(3, 1.0))
    cut = 250 * CELL
    first = limited(whole[: cut + 2 * MARGIN], 0.5)
    second = limited(whole[cut:], 0.5)
    np.testing.assert_allclose(np.concatenate([first, second]), limited(whole, 0.5), atol=1e-6)
