"""A speaker's lines never overlap, however long the takes turn out to be."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.fit import fit
from services.gateway.script.slots import LONGEST_DELAY_S, Place, Span, Take, arrange, rooms
from shared.pipeline import FitLimits
from tests.services.gateway.script.test_slots import CENTURY_S, dialogues


def test_a_take_that_runs_on_delays_the_next() -> None:
    """All words are kept, and both say what happened or nothing."""
    found = arrange([Take("a", "A", 0.0, 2.3), Take("b", "A", 2.0, 1.0), Take("c", "A", 4.0, 1.0)])
    assert found["a"] == Place(0.0, 2.3)
    assert (found["b"].start_s, found["b"].duration_s) == (2.3, pytest.approx(1.0))
    assert found["b"].note == "begins 0.30 s late, after the same speaker's line before it"
    assert found["c"] == Place(4.0, 1.0)


def test_what_would_delay_the_next_too_long_is_not_heard() -> None:
    """Half a second is the limit; the line says what is lost."""
    found = arrange([Take("a", "A", 0.0, 3.0), Take("b", "A", 2.0, 1.0)])
    assert (found["a"].duration_s, found["b"].start_s) == (2.5, 2.5)
    assert found["a"].note == "its last 0.50 s are not heard, because the same speaker goes on"


def test_a_few_milliseconds_too_long_are_not_heard_either() -> None:
    """Too little for a note, but nobody speaks over himself."""
    found = arrange([Take("a", "A", 5.2, 4.872), Take("b", "A", 9.57, 5.0)])
    assert found["a"].start_s + found["a"].duration_s == found["b"].start_s == pytest.approx(10.07)
    assert not found["a"].note


def test_original_audio_is_not_moved() -> None:
    """A take ends where its speaker is heard in the original."""
    found = arrange([Take("a", "A", 0.0, 2.4), Take("b", "A", 2.0, 1.0, fixed=True)])
    assert (found["a"].duration_s, found["b"]) == (2.0, Place(2.0, 1.0))


def test_other_speakers_do_not_matter() -> None:
    """Overlapping speech of different speakers keeps overlapping."""
    takes = [Take("a", "A", 0.0, 3.0), Take("b", "B", 1.0, 3.0)]
    assert arrange(takes) == {"a": Place(0.0, 3.0), "b": Place(1.0, 3.0)}


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0.1, 6.0), st.sampled_from("AB"), st.booleans()), max_size=25))
def test_takes_of_one_speaker_follow_each_other(rows: list[tuple[int, float, str, bool]]) -> None:
    """No take overlaps the next of its speaker, none is delayed by more than the limit, so no delay grows."""
    takes = [Take(f"s{n:03}", who, start / 10, length, fixed) for n, (start, length, who, fixed) in enumerate(rows)]
    found = arrange(takes)
    assert found.keys() == {take.segment_id for take in takes}
    for who in "AB":
        own = [take for take in takes if take.speaker_id == who]
        own.sort(key=lambda take: (take.start_s, take.segment_id))
        for take, after in pairwise(own):
            place, following = found[take.segment_id], found[after.segment_id]
            if not take.fixed and place.duration_s > 0:
                assert place.start_s + place.duration_s <= following.start_s + 1e-6
        for take in own:
            place = found[take.segment_id]
            assert take.start_s <= place.start_s <= take.start_s + LONGEST_DELAY_S + 1e-9
            assert 0.0 <= place.duration_s <= take.duration_s + 1e-9
            assert place.note or max(place.start_s - take.start_s, take.duration_s - place.duration_s) <= 0.005
            assert not take.fixed or place == Place(take.start_s, take.duration_s)


@given(dialogues(), st.data())
def test_from_slots_to_places(spans: list[Span], data: st.DataObject) -> None:
    """A speaker's lines never overlap, and a take that fits touches no line unless their originals touched."""
    limits, room = FitLimits(), rooms(spans, CENTURY_S)
    lengths = {one.segment_id: data.draw(st.floats(0.1, 8.0), one.segment_id) for one in spans}
    fits = {key: fit(lengths[key], where.slot_s, where.gap_s, limits, where.lead_s) for key, where in room.items()}
    takes = [
        Take(one.segment_id, one.speaker_id, room[one.segment_id].start_s - placed.early_s, placed.duration_s)
        for one, placed in ((one, fits[one.segment_id]) for one in spans)
    ]
    places = arrange(takes)
    for take, other in ((a, b) for a in takes for b in takes if a is not b):
        first, second = places[take.segment_id], places[other.segment_id]
        overlap_s = min(first.start_s + first.duration_s, second.start_s + second.duration_s) - max(
            first.start_s, second.start_s
        )
        if take.speaker_id == other.speaker_id:
            assert overlap_s <= 1e-6 or min(first.duration_s, second.duration_s) < 1e-6
            continue
        mine, yours = room[take.segment_id], room[other.segment_id]
        apart = mine.end_s <= yours.start_s or yours.end_s <= mine.start_s
        undisturbed = not (first.note or second.note)
        if apart and undisturbed and _ends_in_time(fits, take, other):
            assert overlap_s <= 1e-6


def _ends_in_time(fits: dict[str, Any], *takes: Take) -> bool:
    """Whether none of them was too long even for the highest tempo."""
    return all(fits[take.segment_id].tempo < FitLimits().maximum for take in takes)
