"""What a recognizer made up, and which language most of a recording is in."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.engines import Span
from services.diarizer.engines._doubt import Passage, believed, better, unheard, within_speech, without_loops
from services.diarizer.engines._votes import Guess, elect
from shared.transcript import Word


def words_of(text, probability=0.9):
    return tuple(
        Word(text=one, start_s=number, end_s=number + 0.5, probability=probability)
        for number, one in enumerate(text.split())
    )


def word_at(start_s, end_s):
    return Word(text="word", start_s=start_s, end_s=end_s)


def passage(text, **facts):
    return Passage(words_of(text), text, **facts)


def test_loops_are_said_once():
    """The shortest phrase that is repeated; three times in a row are ordinary speech."""
    heard = words_of("no no no I said " + "go away now " * 6 + "then la La la LA la end")
    assert " ".join(word.text for word in without_loops(heard)) == "no no no I said go away now then la end"


@pytest.mark.parametrize(
    ("facts", "doubtful"),
    [
        ({}, False),
        ({"avg_logprob": -1.1}, True),
        ({"no_speech_prob": 0.7, "avg_logprob": -0.4}, False),
        ({"no_speech_prob": 0.7, "avg_logprob": -0.6}, True),
    ],
)
def test_doubt_is_about_what_was_said(facts, doubtful):
    """By the model's own figures; a repetition is doubtful whatever they say, nothing said never is."""
    assert passage("some ordinary words here", **facts).is_doubtful is doubtful
    assert passage("again and again " * 30, **facts).is_doubtful
    assert not Passage((), "", **facts).is_doubtful


def test_the_less_doubtful_of_two_is_believed():
    """Silence found the second time wins, then what is not repeated, then what is surer."""
    unsure, surer, looping = passage("a b", avg_logprob=-1.5), passage("c d", avg_logprob=-1.2), passage("x " * 99)
    assert better(unsure, Passage(())) == Passage(())
    assert better(looping, unsure) == unsure
    assert better(unsure, looping) == unsure
    assert better(unsure, surer) == surer
    assert better(surer, unsure) == surer


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Subtitles by the Amara.org community",
        "Untertitelung des ZDF, 2020",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "¡Gracias por ver el video!",
        "Terima kasih telah menonton!",
        "ご視聴ありがとうございました",
        "시청해주셔서 감사합니다.",
        "字幕由Amara.org社区提供",
    ],
)
def test_phantoms_are_left_out_in_silence_only(text):
    """As all there is; people do say such things."""
    silent = Passage(words_of(text), text, no_speech_prob=0.9)
    assert believed(silent) == ()
    assert believed(Passage(words_of(text), text, no_speech_prob=0.1)) == words_of(text)
    longer = f"He said: {text} And left."
    assert believed(Passage(words_of(longer), longer, no_speech_prob=0.9)) == words_of(longer)


def test_words_where_nobody_speaks_need_to_be_sure():
    """A little beside speech is within it."""
    heard = (*words_of("zero one two three", 0.2), *words_of("sure"))
    found = within_speech(sorted(heard, key=lambda word: word.start_s), [Span(0.9, 1.3), Span(2.7, 2.9)])
    assert [word.text for word in found] == ["sure", "one", "two", "three"]


def test_a_language_is_elected_by_time():
    """A long stretch outweighs short ones that sound otherwise."""
    votes = [(20, [("fr", 0.9), ("en", 0.1)]), (2, [("en", 1.0)]), (2, [("en", 0.8), ("fr", 0.2)])]
    assert elect(votes) == Guess("fr", round((18 + 0.4) / 24, 3))


def test_speech_in_which_nothing_was_heard():
    """Between words and beside them, a second and more of it in all; a word may lie a little beside its own."""
    words = [word_at(0.5, 0.7), word_at(5.8, 6.2), word_at(8.9, 12), word_at(13.3, 14)]
    speech = [Span(0, 3), Span(3.5, 4.4), Span(4.6, 5.8), Span(7, 9), Span(10, 14), Span(15, 15.9), Span(16, 16.5)]
    missed = [tuple((part.start_s, part.end_s) for part in parts) for parts in unheard(speech, words)]
    assert missed == [((1, 3), (3.5, 4.4), (4.6, 5.5)), ((7, 8.6),), ((15, 15.9), (16, 16.5))]
    assert unheard([Span(4.6, 5.8), Span(7, 7.9), Span(20, 20.9), Span(21.9, 22.8)], words) == []
    assert unheard(speech[:4], []) == [tuple(speech[:3]), (speech[3],)]


def spans_of(steps):
    """Stretches and pauses of these lengths in turn."""
    edges = list(accumulate(steps))
    return [Span(*ends) for ends in zip(edges[::2], edges[1::2], strict=False)]


SPANS = st.lists(st.floats(0.01, 5), max_size=20).map(spans_of)


@given(SPANS, SPANS)
def test_what_was_not_heard_is_speech_without_words(speech, placed):
    """Of each gap a second and more, in order; and without it nothing of a second and more is left."""
    words = [word_at(span.start_s, span.end_s) for span in placed]
    found = unheard(speech, words)
    parts = [part for gap in found for part in gap]
    assert all(sum(part.duration_s for part in gap) >= 1 for gap in found)
    assert all(before.end_s <= after.start_s for before, after in pairwise(parts))
    assert all(any(span.start_s <= part.start_s and part.end_s <= span.end_s for span in speech) for part in parts)
    assert not any(part.start_s < word.end_s and word.start_s < part.end_s for part in parts for word in words)
    assert unheard(speech, [*words, *(word_at(part.start_s, part.end_s) for part in parts)]) == []
