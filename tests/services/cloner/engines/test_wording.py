"""Text brought to the form models of speech were trained on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.engines._wording import closed, pieces


@pytest.mark.parametrize(
    ("text", "code", "wanted"),
    [
        ("Well...", "en", "Well."),
        ("“No,” he said…", "en", "No, he said."),
        ("I don’t know", "en", "I don't know."),
        ("'Really?'", "en", "Really?"),
        ("So, what now -", "en", "So, what now."),
        ("Wait… what?", "en", "Wait what?"),
        ("「そうですか」", "ja", "そうですか。"),
        ("行きます、", "ja", "行きます。"),
        ("¿Por qué?", "es", "¿Por qué?"),
    ],
)
def test_a_text_is_closed(text: str, code: str, wanted: str) -> None:
    """No quotation marks, no ellipses, a stop at the end; apostrophes within words stay."""
    assert closed(text, code) == wanted


def test_a_text_is_parted_where_it_pauses() -> None:
    """Between sentences; where one is too long, between clauses, then words; Japanese anywhere if need be."""
    assert pieces("One two. Three four. Five six.", 20) == ["One two. Three four.", "Five six."]
    assert pieces("One, two three, four five six.", 16) == ["One, two three,", "four five six."]
    assert pieces("one two three four", 9) == ["one two", "three", "four"]
    assert pieces("今日は。明日は。", 5) == ["今日は。", "明日は。"]
    assert pieces("あいうえおかきくけこ", 4) == ["あいうえ", "おかきく", "けこ"]


@given(st.text(alphabet="ab ,.。、é", max_size=200), st.integers(1, 40))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, most: int) -> None:
    """Only white space at the seams goes."""
    parts = pieces(text, most)
    assert all(0 < len(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
