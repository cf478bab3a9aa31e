"""The time a line may take."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.script.slots import KEPT_S, LEAD_S, Room, Span, apart, rooms
from shared.pipeline import FitLimits

CENTURY_S = 200.0


def span(number: int, start: float, end: float, speaker: str = "A") -> Span:
    return Span(f"s{number:04}", start, end, speaker, f"text {number}")


@st.composite
def dialogues(draw: st.DrawFn) -> list[Span]:
    """Lines of up to three speakers, overlapping, touching and nested as they come."""
    tenths = st.integers(0, 300)
    times = draw(st.lists(st.tuples(tenths, st.integers(1, 60), st.sampled_from("ABC")), min_size=1, max_size=20))
    return [span(n, start / 10, (start + length) / 10, who) for n, (start, length, who) in enumerate(times)]


def test_a_gap_ends_at_the_next_speech_of_anyone() -> None:
    """The last line may use the time to the end of the video."""
    found = rooms([span(1, 0.0, 2.0), span(2, 2.5, 4.0, "B"), span(3, 4.0, 5.0)], 8.0)
    assert {key: room.gap_s for key, room in found.items()} == {"s0001": 0.5, "s0002": 0.0, "s0003": 3.0}


def test_no_gap_while_somebody_else_speaks() -> None:
    """Line 2 ends inside line 1, so there is no silence after it; line 1 goes on to its own end and beyond."""
    found = rooms([span(1, 0.0, 5.0), span(2, 1.0, 2.0, "B")], 9.0)
    assert found == {"s0001": Room(0.0, 5.0, 4.0, 0.0), "s0002": Room(1.0, 2.0, 0.0, 0.0)}


def test_the_end_of_a_long_silence_belongs_to_the_line_after_it() -> None:
    """And a short silence to the line before it alone."""
    long = rooms([span(1, 1.0, 2.0), span(2, 4.0, 5.0, "B")], 9.0)
    assert (long["s0001"].lead_s, long["s0001"].gap_s, long["s0002"].lead_s) == (0.3, pytest.approx(1.7), 0.3)
    short = rooms([span(1, 0.1, 2.0), span(2, 2.6, 5.0)], 9.0)
    assert (short["s0001"].lead_s, short["s0001"].gap_s, short["s0002"].lead_s) == (0.1, pytest.approx(0.6), 0.0)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([(0, 2), (2, 4)], [(0, 2), (2, 4)]),  # touching is not overlapping
        ([(0, 3), (2, 4)], [(0, 2), (2, 4)]),  # ends where the next begins
        ([(0, 4), (1, 5)], [(0, 2), (2, 5)]),  # but keeps its first half
        ([(0, 10), (2, 3)], [(0, 5), (5, 5.5)]),  # nested
        ([(0, 1), (0, 1), (0, 1)], [(0, 0.5), (0.5, 0.75), (0.75, 1.25)]),
    ],
)
def test_one_speaker_is_set_apart(times: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    """In the order the lines begin."""
    found = apart([span(n, start, end) for n, (start, end) in enumerate(times)])
    assert [(one.start_s, one.end_s) for one in found] == expected


@given(dialogues())
def test_slots_of_one_speaker_never_overlap(spans: list[Span]) -> None:
    """None is empty, none begins before its original; who does not overlap himself keeps his times."""
    found = rooms(spans, CENTURY_S)
    for speaker in "ABC":
        own = [one for one in spans if one.speaker_id == speaker]
        slots = sorted((found[one.segment_id].start_s, found[one.segment_id].end_s) for one in own)
        assert all(first[1] <= second[0] + 1e-9 for first, second in pairwise(slots))
        assert all(end > start for start, end in slots)
        assert all(found[one.segment_id].start_s >= one.start_s for one in own)
        originals = sorted((one.start_s, one.end_s) for one in own)
        if all(first[1] <= second[0] for first, second in pairwise(originals)):
            assert slots == originals


@given(dialogues())
def test_what_is_borrowed_is_silent_and_lent_once(spans: list[Span]) -> None:
    """Nobody speaks in a gap or a lead, and no two lines that follow each other may use the same silence."""
    found = rooms(spans, CENTURY_S)
    for one in found.values():
        borrowed = [(one.start_s - one.lead_s, one.start_s), (one.end_s, one.end_s + one.gap_s)]
        assert one.start_s - one.lead_s >= 0
        assert one.lead_s <= LEAD_S
        for start, end in borrowed:
            if end - start < 1e-6:
                continue
            for other in found.values():
                assert other.end_s <= start + 1e-9 or other.start_s >= end - 1e-9
                if other.start_s > one.end_s:
                    assert one.end_s + one.gap_s <= other.start_s - other.lead_s + 1e-9


@given(dialogues())
def test_a_line_keeps_most_of_the_silence_after_it(spans: list[Span]) -> None:
    """What the next line may begin in comes off the end of a long silence only."""
    found = rooms(spans, CENTURY_S)
    ordered = sorted(found.values(), key=lambda room: room.start_s)
    for room in ordered:
        following = [other for other in ordered if other.start_s >= room.end_s and other is not room]
        covered = any(other.start_s < room.end_s < other.end_s for other in ordered)
        if following and not covered:
            silence_s = following[0].start_s - room.end_s
            assert min(silence_s, KEPT_S) - 1e-9 <= room.gap_s <= silence_s + 1e-9


def test_the_guard_is_kept_before_the_next_line() -> None:
    """A gap of less than the guard lends nothing."""
    assert Room(0.0, 2.0, 0.03, 0.0).with_gap_s(FitLimits()) == 2.0
    assert Room(0.0, 2.0, 1.0, 0.0).with_gap_s(FitLimits()) == pytest.approx(2.95)
