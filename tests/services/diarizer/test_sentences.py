"""Restoring case and punctuation from pauses and English word order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.sentences import restore_sentences
from shared.transcript import Word

SCRAPS = ("i", "you", "the", "house", "is", "/", "//", "///", "and", "they", "don't", "a")


def run(text):
    """`/` is a breath, `//` a pause, `///` a long hesitation."""
    lengths = {"/": 0.05, "//": 0.5, "///": 1.2}
    words, at_s = [], 0.0
    for one in text.split():
        if one in lengths:
            at_s += lengths[one]
            continue
        words.append(Word(text=one, start_s=at_s, end_s=at_s + 0.3))
        at_s += 0.3
    return words


def restored(text):
    return " ".join(word.text for word in restore_sentences([run(text)])[0])


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("good morning", "Good morning."),
        ("my sister wants to buy it / she has been looking", "My sister wants to buy it. She has been looking."),
        ("the red / door is open", "The red door is open."),
        ("he bought it from the // man", "He bought it from the man."),
        ("he bought it from the /// man", "He bought it from the. Man."),
        ("that is all // people say so", "That is all. People say so."),
        ("i think i'm right", "I think I'm right."),
        ("because / he was late", "Because he was late."),
        ("where is the station", "Where is the station?"),
        ("are you coming with us", "Are you coming with us?"),
        ("don't you know her", "Don't you know her?"),
        ("what a day", "What a day."),
        ("have a seat", "Have a seat."),
        ("when i was young / we lived here", "When I was young. We lived here."),
        ("no", "No."),
    ],
)
def test_what_is_written_for_what_is_heard(heard, written):
    """A pause or a breath before a clause ends a sentence; only word order makes a question."""
    assert restored(heard) == written


def test_every_run_is_sentences_of_its_own():
    """Nobody finishes another speaker's sentence."""
    runs = restore_sentences([run("the house is"), run("is it big")])
    assert [" ".join(word.text for word in words) for words in runs] == ["The house is.", "Is it big?"]


@given(st.lists(st.lists(st.sampled_from(SCRAPS), max_size=20), max_size=5))
def test_only_texts_change(scripts):
    """Number, order and times of words are kept; a text differs by case and a final mark alone."""
    runs = [run(" ".join(script)) for script in scripts]
    for before, after in zip(runs, restore_sentences(runs), strict=True):
        assert [(word.start_s, word.end_s) for word in before] == [(word.start_s, word.end_s) for word in after]
        assert [word.text for word in before] == [word.text.rstrip(".?").lower() for word in after]
        assert not before or after[-1].text.endswith((".", "?"))
