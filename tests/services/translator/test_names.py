"""Names are capitalized words inside sentences, and little else."""

import pytest

from services.translator.names import find_names, may_open_sentence, opens_sentence


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Yesterday Mary saw John Baker in New York.", {"Mary", "John Baker", "New York"}),
        ("that is Smith's house", {"Smith"}),
        ("we went with Jean-Luc, Ana and Bob", {"Jean-Luc", "Ana", "Bob"}),
        ("I think I'm right and I've won.", set()),
        ("Hello there. This is fine! Is it? Yes.", set()),
        ('He said "Hello" and left.', set()),
        ("- Really? - Of course he did.", set()),
        ("we met President Obama today", {"Obama"}),
        ("they work for NASA here", set()),
    ],
)
def test_capitals_inside_a_sentence_are_names(text: str, names: set[str]) -> None:
    """Starts of sentences, "I", titles and acronyms are not."""
    found = find_names([text], "en")
    assert found.certain | found.likely == names


def test_a_word_after_a_title_is_a_name_without_a_doubt() -> None:
    """The full stop of an abbreviated title ends no sentence."""
    assert find_names(["I met Mr. Baker and Dr Brown today."], "en").certain == {"Baker", "Brown"}
    assert not opens_sentence("Mr. Baker", 4)


@pytest.mark.parametrize("text", ["THE END OF IT", "The Lord of the Rings", "A Tale of Two Cities", "Smith", ""])
def test_headings_hold_no_names(text: str) -> None:
    """Where every word has a capital, a capital means nothing."""
    found = find_names([text], "en")
    assert not found.certain | found.likely


def test_languages_that_capitalize_differently_are_left_alone() -> None:
    """German writes every noun with a capital."""
    assert not find_names(["ich habe das Haus und den Hund gesehen"], "de").likely


def test_words_that_open_sentences_as_words_are_not_taken_for_names_there() -> None:
    """ "Will you come?" is no person."""
    assert may_open_sentence("Smith")
    assert not may_open_sentence("Will")
