"""Cutting words into lines, as a pure function."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.segmentation import PAUSE_S, SpokenWord, cut_lines, join_text
from shared.pipeline import SOURCE_LANGUAGES, language
from shared.transcript import Word, wrap_text

TEXT = st.text("abcdefgh字は한", min_size=1, max_size=12)
MARK = st.sampled_from(["", "", "", "", ",", ".", "?", "。", "、"])


@st.composite
def speech(draw):
    """Words in time order, with pauses, marks and changing speakers."""
    words, at_s, speaker = [], 0.0, 0
    for _ in range(draw(st.integers(0, 60))):
        speaker = draw(st.sampled_from([speaker, speaker, speaker, 0, 1, 2]))
        at_s += draw(st.sampled_from([0.0, 0.0, 0.05, 0.3, 0.79, 0.8, 2.0]))
        end_s = at_s + draw(st.floats(0.05, 1.5))
        words.append(SpokenWord(Word(text=draw(TEXT) + draw(MARK), start_s=at_s, end_s=end_s), speaker))
        at_s = end_s
    return words


def spoken(text, pauses=(), speaker=0, length_s=0.3):
    words, at_s = [], 0.0
    for number, one in enumerate(text.split()):
        at_s += dict(pauses).get(number, 0.0)
        words.append(SpokenWord(Word(text=one, start_s=at_s, end_s=at_s + length_s), speaker))
        at_s += length_s
    return words


def texts(words, code="en"):
    info = language(code)
    return [join_text([one.word for one in line], info) for line in cut_lines(words, info)]


@pytest.mark.parametrize(
    ("code", "words", "text"),
    [
        ("zh", "我 喜欢 New York Times 。", "我喜欢New York Times。"),
        ("ja", "これは Windows 11 です", "これはWindows 11です"),
        ("en", "New York", "New York"),
    ],
)
def test_spaced_words_keep_their_spaces_in_any_language(code, words, text):
    """Names and figures in a script without spaces are written as they are everywhere."""
    assert join_text([one.word for one in spoken(words)], language(code)) == text


@given(speech(), st.sampled_from(SOURCE_LANGUAGES))
def test_every_word_comes_back_once_in_order(words, code):
    """Nothing is dropped, doubled, moved or changed."""
    assert [one for line in cut_lines(words, language(code)) for one in line] == words


@given(speech(), st.sampled_from(SOURCE_LANGUAGES))
def test_a_line_fits_the_screen(words, code):
    """A line of several words keeps the limits of its language: rows, characters, seconds."""
    info = language(code)
    for line in cut_lines(words, info):
        if len(line) == 1:
            continue
        rows = wrap_text(join_text([one.word for one in line], info), info.subtitles, spaces=info.spaces)
        assert len(rows) <= info.subtitles.rows
        assert all(len(row) <= info.subtitles.row_chars for row in rows)
        assert line[-1].word.end_s - line[0].word.start_s <= info.subtitles.max_duration_s


@given(speech())
def test_a_line_is_one_voice_without_a_long_pause(words):
    """Neither a change of speaker nor a long pause lies within a line."""
    for line in cut_lines(words, language("en")):
        assert len({one.speaker for one in line}) == 1
        for before, after in pairwise(line):
            assert after.word.start_s - before.word.end_s < PAUSE_S


@given(speech())
def test_cutting_what_was_cut_changes_nothing(words):
    """A line given again comes back whole."""
    info = language("en")
    for line in cut_lines(words, info):
        assert cut_lines(line, info) == [line]


@given(st.lists(st.floats(0.05, 0.9), min_size=6, max_size=60), st.lists(st.integers(0, 59), max_size=8))
def test_a_sentence_that_is_cut_leaves_no_crumbs(lengths, commas):
    """Three words at least in every line, however the pauses and commas lie."""
    words, at_s = [], 0.0
    for number, length_s in enumerate(lengths):
        text = "word," if number in commas else "word"
        words.append(SpokenWord(Word(text=text, start_s=at_s, end_s=at_s + length_s), 0))
        at_s += length_s + (0.4 if number in commas else 0.0)
    assert all(len(line) >= 3 for line in cut_lines(words, language("en")))


def test_a_quotation_mark_does_not_hide_the_end_of_a_sentence():
    """He said "go." Then he left."""
    assert texts(spoken("He said “go.” Then he left.")) == ["He said “go.”", "Then he left."]


def test_sentences_become_lines():
    """A sentence end is a cut, even without a pause."""
    assert texts(spoken("The house is old. Nobody lives there now.")) == [
        "The house is old.",
        "Nobody lives there now.",
    ]


def test_a_short_sentence_joins_its_neighbour():
    """A line too short to be read stays with what follows at once."""
    assert texts(spoken("Yes. I have seen it.", length_s=0.4)) == ["Yes. I have seen it."]
    assert texts(spoken("Yes. I have seen it.", pauses=[(1, 1.0)])) == ["Yes.", "I have seen it."]


def test_a_long_sentence_is_cut_at_its_pause():
    """The best pause wins over the exact middle."""
    words = spoken("one two three four five six seven eight nine ten eleven twelve", pauses=[(4, 0.4)], length_s=0.7)
    assert texts(words)[0] == "one two three four"


def test_a_long_sentence_without_pauses_is_cut_in_the_middle():
    """Both parts are alike when nothing else decides."""
    assert [len(line) for line in cut_lines(spoken("word " * 24), language("en"))] == [12, 12]


@pytest.mark.parametrize(("code", "joined"), [("en", "字 は"), ("ko", "字 は"), ("ja", "字は"), ("zh", "字は")])
def test_words_are_joined_as_the_language_writes(code, joined):
    """Japanese and Chinese have no spaces between words."""
    assert join_text([one.word for one in spoken("字 は")], language(code)) == joined
