"""Characters per second, and how long a text may be."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.script.pace import Budget, Pace, Spoken, budget, measure
from services.gateway.script.slots import Room
from shared.pipeline import FitLimits, language

LIMITS = FitLimits()


def takes(speaker: str, rate: float, count: int) -> list[Spoken]:
    return [Spoken(speaker, round(rate * seconds), float(seconds)) for seconds in range(2, 2 + count)]


def test_before_any_take_a_table_is_used() -> None:
    """And as long as there are only two."""
    assert measure("es", []) == Pace(language("es").spoken_chars_per_s)
    assert measure("ko", takes("A", 11.0, 2)) == Pace(language("ko").spoken_chars_per_s)


def test_three_takes_make_a_pace() -> None:
    """That of the speaker where he was heard often enough, else that of the language."""
    pace = measure("es", [*takes("A", 20.0, 5), *takes("B", 10.0, 2)])
    assert pace == Pace(20.0, {"A": 20.0})
    assert (pace.of("A"), pace.of("B"), pace.of("new")) == (20.0, 20.0, 20.0)


def test_an_odd_take_does_not_move_the_pace() -> None:
    """The median; takes too short to measure by are left out."""
    odd = [Spoken("A", 90, 1.0), Spoken("A", 1, 0.4), Spoken("A", 2, 0.5)]
    assert measure("es", [*takes("A", 15.0, 4), *odd]).of("A") == 15.0


def test_a_budget_holds_what_fits_unnoticed() -> None:
    """From -10 % of the slot to +20 % of the slot and the silence after it."""
    assert budget(Room(0.0, 2.0, 1.05, 0.0), 10.0, LIMITS) == Budget(18, 36)
    assert budget(Room(0.0, 0.1, 0.0, 0.0), 10.0, LIMITS) == Budget(1, 8)


@given(st.floats(0.05, 60), st.floats(0, 10), st.floats(0, 10), st.floats(2, 30))
def test_more_room_is_more_budget(slot_s: float, gap_s: float, more_s: float, rate: float) -> None:
    """Silence is worth characters, and the least never passes the most."""
    narrow, wide = (budget(Room(0.0, slot_s, gap, 0.0), rate, LIMITS) for gap in (gap_s, gap_s + more_s))
    assert narrow.max_chars <= wide.max_chars
    assert 1 <= narrow.min_chars <= narrow.max_chars
