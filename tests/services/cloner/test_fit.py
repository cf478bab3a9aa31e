"""How a line is placed in its slot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.fit import fit
from shared.pipeline import FitLimits

LIMITS = FitLimits()
SECONDS = st.floats(0.05, 60.0)


@pytest.mark.parametrize(
    ("speech_s", "slot_s", "gap_s", "kind", "tempo"),
    [
        (2.0, 2.0, 0.0, "natural", 1.0),  # fits
        (2.4, 2.0, 0.5, "natural", 1.0),  # borrows 0.4 of 0.45 s
        (2.4, 2.0, 0.0, "natural", 1.2),
        (2.7, 2.0, 0.03, "tight", 1.35),  # a gap below the guard lends nothing
        (3.0, 2.0, 0.55, "natural", 1.2),
        (2.9, 2.0, 0.0, "overflow", 1.45),
        (4.0, 2.0, 0.0, "overflow", 1.5),
        (3.7, 4.0, 0.0, "natural", 0.925),  # a hole of 0.3 s can be closed
        (3.85, 4.0, 0.0, "natural", 1.0),  # a hole of 0.15 s is not noticed
        (3.4, 4.0, 0.0, "natural", 0.9),  # most of the hole can be closed
        (2.0, 4.0, 0.0, "natural", 1.0),  # most of it cannot
        (1.0, 0.0, 0.0, "overflow", 1.5),
    ],
)
def test_the_ladder(speech_s: float, slot_s: float, gap_s: float, kind: str, tempo: float) -> None:
    """Natural speed, borrowed silence, unmarked tempo, tight, overflow; short lines are slowed where it helps."""
    placed = fit(speech_s, slot_s, gap_s, LIMITS)
    assert (placed.fit, placed.tempo) == (kind, pytest.approx(tempo))


@given(SECONDS, st.floats(0.0, 60.0), st.floats(0.0, 20.0))
def test_tempo_stays_within_the_limits(speech_s: float, slot_s: float, gap_s: float) -> None:
    """Never below 0.9 or above 1.5, and the length follows from the tempo."""
    placed = fit(speech_s, slot_s, gap_s, LIMITS)
    assert LIMITS.slowest <= placed.tempo <= LIMITS.maximum
    assert placed.duration_s == pytest.approx(speech_s / placed.tempo)


@given(SECONDS, st.floats(0.0, 60.0), st.floats(0.0, 20.0))
def test_a_line_that_fits_never_reaches_the_next(speech_s: float, slot_s: float, gap_s: float) -> None:
    """It ends before the next speech, the guard kept where silence is borrowed; only the fastest overflow may not."""
    placed = fit(speech_s, slot_s, gap_s, LIMITS)
    if placed.fit != "overflow" or placed.tempo < LIMITS.maximum:
        assert placed.duration_s <= slot_s + max(0.0, gap_s - LIMITS.guard_s) + 1e-9


@given(SECONDS, st.floats(0.0, 60.0), st.floats(0.0, 20.0))
def test_the_mark_follows_from_the_tempo(speech_s: float, slot_s: float, gap_s: float) -> None:
    """Unmarked up to 1.2, tight up to 1.35, overflow beyond."""
    placed = fit(speech_s, slot_s, gap_s, LIMITS)
    expected = "natural" if placed.tempo <= 1.2 else "tight" if placed.tempo <= 1.35 else "overflow"
    assert placed.fit == expected


@given(SECONDS, SECONDS, st.floats(0.0, 20.0))
def test_slowing_halves_the_hole_and_stays_in_the_slot(speech_s: float, slot_s: float, gap_s: float) -> None:
    """Natural rhythm is given up only for a hole that is noticed and gets at least half as long."""
    placed = fit(speech_s, slot_s, gap_s, LIMITS)
    if placed.tempo < 1.0:
        hole_s, left_s = slot_s - speech_s, slot_s - placed.duration_s
        assert hole_s > LIMITS.hole_s
        assert -1e-9 <= left_s <= hole_s / 2 + 1e-9


@given(SECONDS, st.floats(0.0, 60.0), st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_more_room_is_never_worse(speech_s: float, slot_s: float, gap_s: float, more_s: float) -> None:
    """A longer silence after a line cannot make it faster."""
    assert fit(speech_s, slot_s, gap_s + more_s, LIMITS).tempo <= fit(speech_s, slot_s, gap_s, LIMITS).tempo


def test_an_overflow_begins_early_where_silence_is_free() -> None:
    """As early as needed to be no faster than tight, and no earlier; a line that is in time begins in time."""
    placed = fit(2.9, 2.0, 0.0, LIMITS, lead_s=0.3)
    assert (placed.fit, placed.tempo) == ("tight", pytest.approx(1.35))
    assert placed.early_s == pytest.approx(2.9 / 1.35 - 2.0)
    assert placed.decision == "begins 0.15 s early, 1.35 times natural speed to fit, which a listener may notice"
    assert fit(2.7, 2.0, 0.0, LIMITS, lead_s=0.3).early_s == 0.0
    most = fit(4.0, 2.0, 0.0, LIMITS, lead_s=0.3)
    assert (most.fit, most.tempo, most.early_s) == ("overflow", 1.5, 0.3)
    assert "still 0.37 s too long" in most.decision


@given(SECONDS, st.floats(0.0, 60.0), st.floats(0.0, 20.0), st.floats(0.0, 0.3))
def test_an_early_start_only_ever_helps(speech_s: float, slot_s: float, gap_s: float, lead_s: float) -> None:
    """It is never faster, stays inside the lead, and is used by lines that would overflow alone."""
    alone, placed = fit(speech_s, slot_s, gap_s, LIMITS), fit(speech_s, slot_s, gap_s, LIMITS, lead_s)
    assert placed.tempo <= alone.tempo
    assert 0.0 <= placed.early_s <= lead_s
    assert placed.early_s == 0.0 or alone.fit == "overflow"
