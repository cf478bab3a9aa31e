"""What an engine says is set as a line is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.translator.typography import finish


@pytest.mark.parametrize(
    ("translated", "source", "target", "expected"),
    [
        (" Cumplí  a Ana ,  ayer .", "I met Ana, yesterday.", "es", "Cumplí a Ana, ayer."),
        ("la maison est grande", "The house is big", "fr", "La maison est grande"),
        ("Y fue", "and he went", "es", "y fue"),
        ("I go", "yo voy", "en", "I go"),
        ("USA gana", "they win", "es", "USA gana"),
        ("Dónde estás ?", "Where are you?", "es", "¿Dónde estás?"),
        ("Où es-tu ?", "Where are you?", "fr", "Où es-tu ?"),
        ("Para! Cuesta $3.50. Vale?", "Stop! It is $3.50. OK?", "es", "¡Para! Cuesta $3.50. ¿Vale?"),
        ("- Quién? - Yo.", "- Who? - Me.", "es", "- ¿Quién? - Yo."),
        ("¿Quién?", "Who?", "es", "¿Quién?"),
        ("", "", "es", ""),
    ],
)
def test_spaces_capitals_and_marks(translated: str, source: str, target: str, expected: str) -> None:
    """The first letter follows the source, Spanish opens its questions, numbers keep their points."""
    assert finish(translated, source, target) == expected


def test_a_fixed_term_keeps_its_case_at_the_start() -> None:
    """ "iPhone" stays "iPhone"."""
    assert finish("iPhone es bueno", "The iPhone is good", "es", ("iPhone",)) == "iPhone es bueno"


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["es", "fr", "en"]))
def test_setting_a_line_twice_changes_nothing_more(translated: str, source: str, target: str) -> None:
    """And nothing is dropped but spaces."""
    once = finish(translated, source, target)
    assert len("".join(once.split())) >= len("".join(translated.split()))
    assert finish(once, once, target) == once
