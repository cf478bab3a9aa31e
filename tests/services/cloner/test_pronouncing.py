"""Words that are spoken otherwise than they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.pronouncing import pronounced
from shared.messaging import Pronunciation

ENTRIES = (
    Pronunciation(written="SQL", spoken="sequel"),
    Pronunciation(written="New York", spoken="Nu Iork"),
    Pronunciation(written="York", spoken="Jork"),
    Pronunciation(written="C++", spoken="C plus plus"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sql and Sql, SQL!", "sequel and sequel, sequel!"),
        ("MySQL and SQLite", "MySQL and SQLite"),  # whole words
        ("York is not New York.", "Jork is not Nu Iork."),  # the longest first
        ("I like C++.", "I like C plus plus."),
        ("nothing here", "nothing here"),
    ],
)
def test_whole_words_are_replaced(text: str, expected: str) -> None:
    """Capitals or not; what was put in is not looked at again."""
    assert pronounced(text, ENTRIES, spaces=True) == expected


def test_languages_without_spaces_have_no_whole_words() -> None:
    """There the letters count."""
    entries = (Pronunciation(written="東京", spoken="とうきょう"),)
    assert pronounced("東京に行く", entries, spaces=False) == "とうきょうに行く"
    assert pronounced("東京に行く", entries, spaces=True) == "東京に行く"


@given(st.text(max_size=40), st.booleans())
def test_without_entries_nothing_changes(text: str, spaces: bool) -> None:
    """Whatever the text."""
    assert pronounced(text, (), spaces=spaces) == text
