"""Fixed terms survive any engine, or it is noticed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.translator.protection import Terms, clean, cut, mask, piecewise, unmask
from shared.messaging import GlossaryTerm

STAND_INS = ("Kennedy", "Clinton", "Reagan", "Mozart")
WORDS = ["cat", "Cat", "CAT", "catalog", "New York", "Kennedy", "3.50", "10:30", "dog,", "(cat)", "¿qué?", "a", "24"]
TERMS = Terms(
    "en",
    (
        GlossaryTerm(source="cat", target="gato"),
        GlossaryTerm(source="dog"),
        GlossaryTerm(source="US", target="EE. UU."),
    ),
    frozenset({"New York"}),
)
sentences = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def restored(text: str, terms: Terms = TERMS) -> str | None:
    masked = mask(cut(text, terms), STAND_INS)
    return None if masked is None else unmask(masked.text, masked)


@given(st.one_of(sentences, st.text(max_size=60)), st.booleans())
def test_pieces_join_to_the_line_again(text: str, numbers: bool) -> None:
    """Cutting loses nothing."""
    assert "".join(piece.text for piece in cut(text, TERMS, numbers=numbers)) == text


@given(sentences)
def test_an_engine_that_changes_nothing_gives_the_line_with_its_terms_replaced(text: str) -> None:
    """Masking and unmasking is exactly the glossary's replacement, with every space and mark in its place."""
    replaced = re.sub(
        r"(?<!\w)cat(?!\w)",
        lambda found: {"cat": "gato", "Cat": "Gato", "CAT": "GATO"}[found[0]],
        text,
        flags=re.IGNORECASE,
    )
    assert restored(text) in (replaced, None)
    assert piecewise(cut(text, TERMS), lambda part: part) == replaced


@given(sentences, st.permutations(STAND_INS))
def test_stand_ins_may_change_places(text: str, order: list[str]) -> None:
    """An engine may order the words of a sentence as it likes."""
    masked = mask(cut(text, TERMS), STAND_INS)
    if masked is None or not masked.kept:
        return
    numbers = " ".join(re.findall(r"\d+", masked.text))
    used = [word for word in order if word in dict(masked.kept)]
    found = unmask(f"{numbers} {' o '.join(used)}", masked)
    assert found == f"{numbers} {' o '.join(dict(masked.kept)[word] for word in used)}"


@pytest.mark.parametrize("answer", ["no está", "Kennedy y Kennedy", "kennedy", "Kennedys", "Kennedy 5"])
def test_a_lost_doubled_or_changed_stand_in_is_noticed(answer: str) -> None:
    """So is a number that was not there."""
    masked = mask(cut("the cat", TERMS), STAND_INS)
    assert masked is not None
    assert unmask(answer, masked) is None


def test_a_changed_number_is_noticed() -> None:
    """Numbers need no stand-in, but they have to be the same."""
    masked = mask(cut("it costs $3.50 at 10:30", TERMS), STAND_INS)
    assert masked is not None
    assert unmask("a las 10:30 cuesta $3,50", masked) == "a las 10:30 cuesta $3,50"
    assert unmask("a las 10:30 cuesta $3", masked) is None


def test_a_number_may_be_spelled_out_in_one_language_only() -> None:
    """Where the line has no digits and no terms, a figure in the translation is no loss."""
    masked = mask(cut("two horses", TERMS), STAND_INS)
    assert masked is not None
    assert unmask("말 2마리", masked) == "말 2마리"


def test_a_word_of_the_line_is_never_its_stand_in() -> None:
    """Else two different things could not be told apart."""
    masked = mask(cut("Kennedy's cat", TERMS), STAND_INS)
    assert masked is not None
    assert masked.kept == (("Clinton", "gato"),)


def test_more_terms_than_stand_ins_are_not_masked() -> None:
    """They are translated around."""
    assert mask(cut("cat cat cat cat cat", TERMS), STAND_INS) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the catalog", "the catalog"),
        ("tell us of the US", "tell us of the EE. UU."),
        ("cat.", "gato."),
        ("Cats cat-like", "Cats gato-like"),
    ],
)
def test_terms_match_whole_words_and_capitals_where_they_have_them(text: str, expected: str) -> None:
    """A term in small letters also matches capitals; one with capitals only itself."""
    assert restored(text) == expected


def test_the_longer_of_two_overlapping_terms_wins() -> None:
    """ "machine learning" is not "machine" and "learning"."""
    glossary = (GlossaryTerm(source="machine", target="M"), GlossaryTerm(source="machine  learning", target="ML"))
    assert restored("a machine learning machine", Terms("en", glossary)) == "a ML machine".replace("machine", "M")


def test_scripts_without_spaces_have_no_word_boundaries() -> None:
    """A term is found between other characters."""
    assert restored("私は猫が好き", Terms("ja", (GlossaryTerm(source="猫", target="cat"),))) == "私はcatが好き"


def test_a_blank_term_matches_nothing() -> None:
    """A glossary may hold a row of spaces."""
    assert restored("a b", Terms("en", (GlossaryTerm(source="  ", target="x"),))) == "a b"


@given(st.text())
def test_a_clean_line_is_one_row_without_double_spaces(text: str) -> None:
    """Cleaning twice changes nothing more."""
    row = clean(text)
    assert row == clean(row)
    assert "\n" not in row
    assert "  " not in row
