"""The original goes down under speech, before it begins, and comes back fully between lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exporter.ducking import DuckCurve, plan_ducks
from shared.messaging import TimelineLine
from shared.pipeline import LineState
from shared.transcript import Decision

RATE_HZ = 1000
ATTACK_S, RELEASE_S, DUCK_DB = 0.15, 0.4, -14.0
LOW = 10 ** (DUCK_DB / 20)


def line(start_s: float, end_s: float, take: tuple[float, float] | None = None) -> TimelineLine:
    """A line with the time its take is heard, or without a take."""
    return TimelineLine(
        segment_id="s",
        speaker_id="a",
        start_s=start_s,
        end_s=end_s,
        source_text="",
        text="",
        state=LineState.DUBBED if take else LineState.FAILED,
        take_key="k" if take else None,
        take_start_s=take[0] if take else None,
        take_duration_s=take[1] - take[0] if take else None,
    )


def gains(lines: list[TimelineLine], length_s: float, block: int = 10**9) -> np.ndarray:
    """The whole curve, asked for in blocks."""
    curve = DuckCurve(plan_ducks(lines, ATTACK_S, RELEASE_S), DUCK_DB, RATE_HZ)
    total = round(length_s * RATE_HZ)
    parts = []
    for start in range(0, total, block):
        count = min(block, total - start)
        part = curve.gains(start, count)
        parts.append(np.ones(count, np.float32) if part is None else part)
    return np.concatenate(parts)


def test_the_original_is_down_when_speech_begins_and_full_between_lines() -> None:
    """Fully ducked from the first to the last sample of speech, untouched beyond the ramps."""
    found = gains([line(1, 2, (1, 2)), line(4, 5, (4, 5))], 7)
    for start_s in (1, 4):
        assert found[start_s * RATE_HZ : (start_s + 1) * RATE_HZ] == pytest.approx(LOW, rel=1e-5)
    full = np.r_[found[: int((1 - ATTACK_S) * RATE_HZ)], found[int((2 + RELEASE_S) * RATE_HZ) + 1 : 3840], found[5401:]]
    assert np.all(full == 1.0)


def test_original_speech_that_outlasts_its_take_stays_down() -> None:
    """The voice that was replaced is not heard at full level after the take."""
    found = gains([line(1, 4, (1, 2))], 6)
    assert found[1000:4000] == pytest.approx(LOW, rel=1e-5)


def test_a_line_without_a_take_keeps_the_full_level_next_to_dubbed_lines() -> None:
    """Ramps of close neighbours move into the neighbours."""
    found = gains([line(1, 2, (1, 2)), line(2.05, 3), line(3.02, 4, (3.02, 4))], 6)
    assert np.all(found[2050:3000] == 1.0)
    assert found[1500] == pytest.approx(LOW, rel=1e-5)
    assert found[3500] == pytest.approx(LOW, rel=1e-5)


def test_a_take_heard_over_a_line_without_one_ducks_it() -> None:
    """A take that runs into a failed line must still be understood."""
    found = gains([line(1, 2, (1, 2.5)), line(2, 4)], 5)
    assert found[1000:2400].max() < 1.0
    assert np.all(found[2501:4000] == 1.0)


def test_what_is_only_read_keeps_no_original() -> None:
    """Nor does a sound beside a line that is dubbed; one in a pause does."""
    dubbed = line(1.0, 3.0, (1.0, 2.0))
    sign, sound = (line(0.5, 4.0).model_copy(update={"omitted": kind}) for kind in (Decision.SIGN, Decision.SOUND))
    assert np.array_equal(gains([dubbed, sign], 5.0), gains([dubbed], 5.0))
    beside = gains([dubbed, sound], 5.0)
    assert (beside[int(2.5 * RATE_HZ)], beside[int(3.5 * RATE_HZ)]) == (gains([dubbed], 5.0).min(), 1.0)


def test_pauses_too_short_to_come_back_stay_down() -> None:
    """No pumping between lines that follow closely."""
    found = gains([line(1, 2, (1, 2)), line(2.3, 3, (2.3, 3))], 5)
    assert found[1000:3000] == pytest.approx(LOW, rel=1e-5)


TIMES = st.integers(min_value=0, max_value=300).map(lambda tenth: tenth / 10)
LINES = st.lists(
    st.tuples(TIMES, st.floats(0.05, 4), st.booleans(), st.floats(0.05, 5)).map(
        lambda t: line(t[0], t[0] + t[1], (t[0], t[0] + t[3]) if t[2] else None)
    ),
    max_size=8,
)


@given(LINES, st.integers(min_value=700, max_value=5000))
def test_any_lines_give_a_smooth_curve_that_does_not_depend_on_the_blocks(
    lines: list[TimelineLine], block: int
) -> None:
    """Gains stay between ducked and full, and asking piecewise changes nothing."""
    found = gains(lines, 40)
    assert found.min() >= LOW * 0.999
    assert found.max() <= 1.0
    assert np.array_equal(found, gains(lines, 40, block))


@given(LINES)
def test_failed_lines_are_untouched_wherever_no_take_is_heard(lines: list[TimelineLine]) -> None:
    """The original audio of a line without a take is bit for bit what it was."""
    found, times = gains(lines, 40), np.arange(40 * RATE_HZ) / RATE_HZ
    kept, spoken = np.zeros(len(times), bool), np.zeros(len(times), bool)
    for one in lines:
        if one.take_key is None:
            kept |= (times > one.start_s + 0.001) & (times < one.end_s - 0.001)
        else:
            end_s = (one.take_start_s or 0) + (one.take_duration_s or 0)
            spoken |= (times >= one.start_s - 0.001) & (times <= end_s + 0.001)
    assert np.all(found[kept & ~spoken] == 1.0)
