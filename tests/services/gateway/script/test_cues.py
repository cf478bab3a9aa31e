"""A translation that somebody brings belongs to lines by its times."""

from dataclasses import replace
from random import Random

import pytest

from services.gateway.script.cues import match_cues
from services.gateway.script.slots import Span
from shared.transcript import Cue, Decision


def spans(*times: tuple[float, float]) -> list[Span]:
    return [Span(f"s{n}", start, end, "A", f"Text {n}.") for n, (start, end) in enumerate(times)]


def cue(start_s: float, end_s: float, text: str) -> Cue:
    return Cue(start_s=start_s, end_s=end_s, text=text)


FOUR = spans((1.0, 3.6), (4.5, 6.2), (8.0, 10.2), (12.0, 14.2))


def test_as_many_cues_as_lines_are_matched_by_time_all_the_same() -> None:
    """One line is missing at the start, and a credit at the end is spoken over nobody."""
    cues = [cue(4.5, 6.2, "uno"), cue(8.0, 10.2, "dos"), cue(12.0, 14.2, "tres"), cue(15.0, 15.9, "Subtítulos: N")]
    found = match_cues(FOUR, cues, "es")
    assert found.texts == {"s1": "uno", "s2": "dos", "s3": "tres"}
    assert [one.text for one in found.unmatched] == ["Subtítulos: N"]
    assert found.without == ("s0",)


def test_a_credit_that_touches_the_last_line_is_not_joined_to_it() -> None:
    """It shares hardly any time with it."""
    found = match_cues(FOUR, [cue(12.0, 14.2, "tres"), cue(14.0, 16.0, "Subtítulos: N")], "es")
    assert found.texts == {"s3": "tres"}
    assert [one.text for one in found.unmatched] == ["Subtítulos: N"]


def test_a_translation_is_understood_like_its_source() -> None:
    """Labels, descriptions and credits are not said; two people in a cue find their two lines."""
    lines = spans((0, 2), (3, 5), (6, 7), (7, 8), (10, 12))
    cues = [
        cue(0, 2, "ANNA: Hola."),
        cue(3, 5, "(suspira) Pasa."),
        cue(6, 8, "- ¿Qué?\n- Nada."),
        cue(10, 12, "ANNA: Adiós."),
        cue(11, 12, "Subtítulos por Nadie"),
    ]
    found = match_cues(lines, cues, "es")
    assert found.texts == {"s0": "Hola.", "s1": "Pasa.", "s2": "¿Qué?", "s3": "Nada.", "s4": "Adiós."}
    assert [one.text for one in found.unmatched] == ["Subtítulos por Nadie"]
    assert match_cues(lines, cues[:1], "es", as_they_stand=True).texts == {"s0": "ANNA: Hola."}


def test_what_is_said_is_kept_from_lines_that_nobody_says() -> None:
    """A sign over a line takes nothing of its text; the translation of a sound goes to the sound."""
    lines = spans((0, 2), (1, 6), (7, 9))
    lines[1] = replace(lines[1], omission=Decision.SIGN)
    lines[2] = replace(lines[2], omission=Decision.MUSIC)
    found = match_cues(lines, [cue(0.5, 3.5, "Hola a todos."), cue(7, 9, "♪ música ♪")], "es")
    assert found.texts == {"s0": "Hola a todos.", "s2": "♪ música ♪"}
    assert (found.unmatched, found.without) == ((), ())
    assert match_cues(lines, [cue(7, 9, "Adiós.")], "es").texts == {}


def test_cues_of_one_line_are_joined_and_a_cue_close_by_finds_a_line_without() -> None:
    """No text is lost."""
    cues = [cue(0, 2, "a"), cue(2, 3.4, "b"), cue(6.5, 7.5, "c"), cue(60, 61, "far")]
    found = match_cues(FOUR, cues, "es")
    assert found.texts == {"s0": "a b", "s1": "c"}
    assert [one.text for one in found.unmatched] == ["far"]


def test_a_cue_over_several_lines_is_laid_over_them() -> None:
    """Otherwise an engine would translate the second line once more."""
    found = match_cues(spans((0, 2), (2.1, 4), (9, 10)), [cue(0, 4, "Queremos ir, porque hace sol.")], "es")
    assert found.texts == {"s0": "Queremos ir,", "s1": "porque hace sol."}
    assert found.without == ("s2",)


def test_cues_without_any_times_are_taken_in_order() -> None:
    """Nothing else can be told of them."""
    assert match_cues(spans((0, 1), (1, 2)), [cue(0, 0, "uno"), cue(0, 0, "dos\ntres")], "es").texts == {
        "s0": "uno",
        "s1": "dos tres",
    }


def test_nothing_to_match() -> None:
    """A video without lines, a file without cues."""
    assert match_cues([], [cue(0, 1, "a")], "es").unmatched
    assert match_cues(FOUR, [], "es").without == ("s0", "s1", "s2", "s3")


@pytest.mark.parametrize("seed", range(60))
def test_every_cue_is_in_a_line_or_told_of(seed: int) -> None:
    """Whatever the times are."""
    random = Random(seed)
    times = [(start, start + random.uniform(0.1, 15)) for start in (random.uniform(0, 100) for _ in range(30))]
    cues = [
        cue(start, start + random.uniform(0.1, 9), f"w{n}") for n in range(35) for start in [random.uniform(0, 120)]
    ]
    found = match_cues(spans(*times), cues, "es")
    placed = " ".join(found.texts.values()).split()
    assert sorted([*placed, *(one.text for one in found.unmatched)]) == sorted(one.text for one in cues)
    assert set(found.without) | set(found.texts) == {f"s{n}" for n in range(30)}
