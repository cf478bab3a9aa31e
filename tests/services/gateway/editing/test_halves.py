"""Splitting and merging of words and texts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.editing.halves import are_neighbours, cut_source, cut_text, join_texts
from services.gateway.script.slots import is_crowded

WORDS = st.lists(st.text("abcé,.", min_size=1, max_size=8), min_size=2, max_size=30)


def timed(words: list[str]) -> list[dict[str, Any]]:
    return [{"text": word, "start_s": float(n), "end_s": n + 0.8} for n, word in enumerate(words)]


@given(WORDS, st.floats(0, 1))
def test_cutting_and_joining_gives_the_text_back(words: list[str], share: float) -> None:
    """Both halves have a word, and none is lost, doubled or cut."""
    first, second = cut_text(" ".join(words), share, spaces=True)
    assert first.split() + second.split() == words
    assert first
    assert second
    assert join_texts([first, second], spaces=True) == " ".join(words)


@given(st.text("日本語今天。、", min_size=2, max_size=40), st.floats(0, 1))
def test_a_script_without_spaces_is_cut_between_characters(text: str, share: float) -> None:
    """Never before a mark that ends something; joined without a space."""
    first, second = cut_text(text, share, spaces=False)
    assert join_texts([first, second], spaces=False) == text
    assert second[:1] not in ("。", "、")


@given(WORDS, st.data())
def test_words_decide_where_a_source_line_is_cut(words: list[str], data: st.DataObject) -> None:
    """Text and words are cut between the same two words, at the time asked for."""
    place = data.draw(st.integers(1, len(words) - 1))
    cut = cut_source(" ".join(words), timed(words), 0.0, float(len(words)), place - 0.1, spaces=True)
    assert [len(side) for side in cut.words] == [place, len(words) - place]
    assert cut.texts == (" ".join(words[:place]), " ".join(words[place:]))
    assert 0 < cut.share < 1


@given(WORDS, WORDS, st.floats(0.01, 0.99))
def test_an_edited_text_is_cut_in_proportion(said: list[str], text: list[str], share: float) -> None:
    """However many words were recognized, or none."""
    for words in (timed(said), []):
        cut = cut_source(" ".join(text), words, 0.0, float(len(said)), share * len(said), spaces=True)
        assert cut.texts[0].split() + cut.texts[1].split() == text
        assert all(cut.texts)
        assert [*cut.words[0], *cut.words[1]] == words


def test_a_person_says_where_the_text_is_cut() -> None:
    """Even inside a word; a place outside leaves a half empty."""
    assert cut_source("abcdef gh", [], 0, 2, 1, spaces=True, text_at=3).texts == ("abc", "def gh")
    assert cut_source("abcdef", [], 0, 2, 1, spaces=True, text_at=6).texts == ("abcdef", "")
    assert cut_source("abcdef", [], 0, 2, 1, spaces=True).texts == ("abcdef", "")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("ab", True), ("bcd", True), ("a", False), ("ac", False), ("ba", False), ("de", False), ("xa", False)],
)
def test_only_neighbours_are_merged(chosen: str, expected: bool) -> None:
    """In their order, at least two, all of them known."""
    assert are_neighbours("abcd", list(chosen)) is expected


def test_a_take_is_crowded_by_what_begins_in_the_silence_it_borrows() -> None:
    """Not by what overlaps its own line anyway, nor by what begins as it ends."""
    assert is_crowded(2.0, 3.0, [2.5])
    assert is_crowded(2.0, 3.0, [2.0])
    assert not is_crowded(2.0, 3.0, [1.5, 3.0])
