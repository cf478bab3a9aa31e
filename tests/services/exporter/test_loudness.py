"""Loudness is what an EBU R128 meter says, and misses are corrected by what was missed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.exporter.engines import Mixer
from services.exporter.layouts import STEREO
from services.exporter.loudness import (
    DUAL_MONO_LU,
    Levels,
    Loudness,
    LoudnessMeter,
    corrected,
    first_levels,
    on_target,
    spread_lu,
    voice_gain_db,
)
from shared.pipeline import CancelToken
from tests.services.exporter.conftest import RATE_HZ, tone


def measured(samples: np.ndarray, piece: int = 7777) -> float | None:
    """What the meter reads of samples that come in pieces."""
    meter = LoudnessMeter(RATE_HZ)
    for start in range(0, len(samples), piece):
        meter.add(samples[start : start + piece])
    return meter.lufs()


def test_a_full_scale_sine_measures_as_the_standard_says() -> None:
    """BS.1770: 0 dBFS at 997 Hz on one channel is -3.01 LKFS."""
    assert measured(tone(5, 997.0, 1.0)[:, None]) == pytest.approx(-3.01, abs=0.05)


def test_the_meter_agrees_with_ffmpeg(mixer: Mixer, tmp_path: Path) -> None:
    """Stereo noise with a loud and a silent part, within 0.2 LU."""
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.1, (8 * RATE_HZ, 2)).astype(np.float32)
    samples[: 2 * RATE_HZ] = 0
    samples[2 * RATE_HZ : 4 * RATE_HZ] *= 0.5
    samples.astype("<f4").tofile(tmp_path / "raw.f32")
    seen: list[float] = []
    meter = mixer.measure(tmp_path / "raw.f32", 8.0, CancelToken(), seen.append, STEREO)
    assert measured(samples) == pytest.approx(meter.integrated_lufs, abs=0.2)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0, abs=0.05)


def test_silence_has_no_loudness(mixer: Mixer, tmp_path: Path) -> None:
    """None, not minus infinity, from both meters."""
    silence = np.zeros((2 * RATE_HZ, 2), np.float32)
    soundfile.write(tmp_path / "raw.f32", silence, RATE_HZ, format="RAW", subtype="FLOAT")
    assert measured(silence) is None
    found = mixer.measure(tmp_path / "raw.f32", 2.0, CancelToken(), lambda _: None, STEREO)
    assert found.integrated_lufs is None


def test_a_take_shorter_than_a_block_is_measured_as_it_is() -> None:
    """A short yes is as loud as a long one."""
    assert measured(tone(0.2, 997.0)[:, None]) == pytest.approx(measured(tone(2, 997.0)[:, None]), abs=0.5)


def test_spread_needs_two_lines_that_can_be_heard() -> None:
    """None says that there is nothing to compare."""
    assert spread_lu([-20.0, None]) is None
    assert spread_lu([-20.0] * 10 + [-18.0] * 10) == pytest.approx(2.0)


def test_voices_become_as_loud_as_the_speech_they_replace_within_bounds() -> None:
    """Unknown on either side: as they are."""
    assert voice_gain_db(-18.0, -20.0) == 2.0
    assert voice_gain_db(-50.0, -20.0) == -12.0
    assert voice_gain_db(None, -20.0) == 0.0
    assert pytest.approx(3.01, abs=0.01) == DUAL_MONO_LU


def test_the_second_try_undoes_the_miss_of_the_first() -> None:
    """Gain by what loudness missed, ceiling by what peaks were too high, and not otherwise."""
    levels = first_levels(-30.0, -16.0, -1.0)
    assert levels.gain_db == 14.0
    assert levels.ceiling_dbtp < -1.0
    assert corrected(levels, Loudness(-17.0, -1.5), -16.0, -1.0) == Levels(15.0, levels.ceiling_dbtp)
    lowered = corrected(levels, Loudness(-16.0, -0.5), -16.0, -1.0)
    assert lowered.ceiling_dbtp <= levels.ceiling_dbtp - 0.5


@pytest.mark.parametrize(
    ("loudness", "good"),
    [
        (Loudness(-16.4, -1.2), True),
        (Loudness(-16.6, -1.2), False),
        (Loudness(-16.0, -0.9), False),
        (Loudness(None, None), True),
    ],
)
def test_targets_are_half_a_unit_of_loudness_and_the_peak(loudness: Loudness, good: bool) -> None:
    """A silent track breaks no promise."""
    assert on_target(loudness, -16.0, -1.0) is good
