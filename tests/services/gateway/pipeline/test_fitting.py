"""From a measured take to the next text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pipeline.fitting import MAX_ROUNDS, Ask, Keep, Speak, Spoken, best, decide, explain, misfit
from services.gateway.script.pace import Budget
from services.gateway.script.slots import Room
from shared.pipeline import FitLimits

LIMITS = FitLimits()
ROOM = Room(0.0, 2.0, 0.0, 0.0)


def text(chars: int) -> str:
    return "x" * chars


def spoken(*chars: int, rate: float = 10.0) -> list[Spoken]:
    return [Spoken(text(count), count / rate) for count in chars]


@pytest.mark.parametrize(
    ("natural_s", "off"),
    [(2.0, 0.0), (2.4, 0.0), (3.0, 0.3), (1.9, 0.0), (1.81, 0.0), (1.6, -0.1), (1.0, -0.4)],
)
def test_what_nobody_notices_fits(natural_s: float, off: float) -> None:
    """Up to a fifth faster, a tenth slower, or a hole of a syllable."""
    assert misfit(natural_s, ROOM, LIMITS) == pytest.approx(off)


def test_a_short_slot_may_have_a_short_hole() -> None:
    """A fifth of a second is not noticed, however large a part of the slot it is."""
    assert misfit(0.5, Room(0.0, 0.7, 0.0, 0.0), LIMITS) == 0.0


def test_a_line_that_fits_is_kept() -> None:
    """Whatever else there would be."""
    assert decide(spoken(22), [text(20)], ROOM, LIMITS, may_ask=True) == Keep()


def test_the_nearest_text_that_is_foretold_to_fit_is_spoken() -> None:
    """Not the shortest: the translator's order is that of the meaning."""
    assert decide(spoken(40), [text(30), text(23), text(12)], ROOM, LIMITS, may_ask=True) == Speak(text(23))


def test_a_line_that_is_too_short_is_given_a_longer_text() -> None:
    """Within the same window."""
    assert decide(spoken(10), [text(12), text(19)], ROOM, LIMITS, may_ask=True) == Speak(text(19))


def test_the_translator_is_asked_when_nothing_it_offered_fits() -> None:
    """With the length that would, by the tempo of this take."""
    assert decide(spoken(40, rate=20.0), [text(40)], Room(0.0, 1.5, 0.0, 0.0), LIMITS, may_ask=True) == Ask(
        Budget(27, 36)
    )


def test_what_helps_a_little_is_better_than_nothing() -> None:
    """After the translator was asked, or when it cannot be."""
    assert decide(spoken(40), [text(39), text(30)], ROOM, LIMITS, may_ask=False) == Speak(text(30))
    assert decide(spoken(40), [text(40)], ROOM, LIMITS, may_ask=False) == Keep("no shorter translation is known")


def test_a_hole_is_no_fault() -> None:
    """A line that is too short and stays so needs no excuse."""
    assert decide(spoken(10), [], ROOM, LIMITS, may_ask=False) == Keep()


def test_the_loop_ends_after_three_rounds() -> None:
    """The best of them is kept, though more could be tried."""
    takes = spoken(60, 50, 40, 45)
    assert decide(takes, [text(20)], ROOM, LIMITS, may_ask=True) == Keep("no shorter translation fits better (3 tried)")
    assert best(takes, ROOM, LIMITS).text == text(40)


def test_a_text_that_could_not_be_spoken_is_not_tried_again() -> None:
    """And never counts as the best."""
    takes = [*spoken(40), Spoken(text(23), None)]
    assert decide(takes, [text(23), text(22)], ROOM, LIMITS, may_ask=False) == Speak(text(22))
    assert best(takes, ROOM, LIMITS).text == text(40)


@given(
    st.integers(1, 120),
    st.lists(st.integers(1, 120), max_size=8),
    st.floats(0.1, 10),
    st.floats(0, 3),
    st.lists(st.floats(0.5, 2.0), min_size=8, max_size=8),
)
def test_the_loop_always_ends_and_never_makes_a_line_worse(
    first: int, offered: list[int], slot_s: float, gap_s: float, errors: list[float]
) -> None:
    """However wrong the foretold lengths are, and though the translator offers one more text whenever it is asked."""
    room, takes = Room(0.0, slot_s, gap_s, 0.0), spoken(first)
    texts, asked = [text(count) for count in offered], 0
    may_ask = True
    for _ in range(20):
        match decide(takes, texts, room, LIMITS, may_ask=may_ask):
            case Keep():
                break
            case Speak(chosen):
                assert chosen in texts
                assert chosen not in {take.text for take in takes}
                takes.append(Spoken(chosen, len(chosen) / 10 * errors[len(takes)]))
                may_ask = True
            case Ask(wanted):
                assert may_ask
                texts.append("y" * max(1, wanted.max_chars - asked))
                asked, may_ask = asked + 1, False
    else:
        pytest.fail("no end after 20 steps")
    assert len(takes) <= 1 + MAX_ROUNDS
    assert asked <= 1 + MAX_ROUNDS
    kept = best(takes, room, LIMITS).natural_s or 0.0
    assert abs(misfit(kept, room, LIMITS)) <= abs(misfit(first / 10, room, LIMITS))


def test_a_decision_tells_round_and_lengths() -> None:
    """In the words a person reads."""
    assert explain(text(41), text(33), 2, "natural speed") == (
        "round 2: shorter translation chosen (41 → 33 characters), natural speed"
    )
