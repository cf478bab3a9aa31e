"""When each word of a text is said, by what was heard meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.engines import Span
from services.diarizer.picture.laying import spoken_span, spoken_times
from shared.transcript import Word

SHOWN = Span(1.0, 5.0)


def words(*said):
    return [Word(text=text, start_s=start_s, end_s=end_s) for text, start_s, end_s in said]


def times(spans):
    return [(round(span.start_s, 3), round(span.end_s, 3)) for span in spans]


def test_words_have_the_times_they_were_heard_at():
    """Pauses between them are theirs to keep, marks and capitals are not heard."""
    heard = words(("good", 2.0, 2.3), ("morning", 2.3, 2.8), ("everybody", 3.6, 4.4))
    found = spoken_times(["Good ", "morning, ", "everybody!"], SHOWN, heard, [])
    assert times(found) == [(2.0, 2.3), (2.3, 2.8), (3.6, 4.4)]
    assert spoken_span(found, SHOWN) == Span(2.0, 4.4)


def test_chinese_is_compared_letter_by_letter():
    """The recognizer cuts elsewhere than the text, and has one letter wrong, which lies between the others."""
    heard = words(("今天我", 1.0, 1.6), ("们去山", 1.6, 2.2), ("上砍", 3.0, 3.4), ("日出", 3.4, 3.8))
    found = spoken_times(["今天", "我们去", "山上", "看日出。"], SHOWN, heard, [])
    assert times(found) == [(1.0, 1.4), (1.4, 2.0), (2.0, 3.2), (3.2, 3.8)]


def test_what_was_not_heard_is_spread_over_the_speech_between_what_was():
    """Here a name nobody could make out, said after a pause."""
    heard = words(("my", 1.2, 1.4), ("name", 1.4, 1.8), ("is", 1.8, 2.0), ("yes", 4.0, 4.5))
    speech = [Span(1.2, 2.0), Span(2.6, 3.4), Span(4.0, 4.5)]
    found = spoken_times(["My ", "name ", "is ", "Zoe. ", "Yes."], SHOWN, heard, speech)
    assert times(found) == [(1.2, 1.4), (1.4, 1.8), (1.8, 2.0), (2.6, 3.4), (4.0, 4.5)]


def test_a_letter_more_than_was_heard_shares_the_time_of_its_neighbours():
    """No word has no time at all."""
    heard = words(("我们", 1.0, 2.0), ("好", 2.0, 2.5))
    found = spoken_times(["我们", "都", "好"], SHOWN, heard, [])
    assert all(span.duration_s > 0.1 for span in found)
    assert times(found)[0][0] == 1.0
    assert times(found)[-1][1] == 2.5


def test_another_text_than_was_heard_is_spread_over_the_speech():
    """As where nothing here understands the language; without any speech, or far too little, over all of the time."""
    heard, speech = words(("house", 2.0, 2.5)), [Span(0.0, 0.5), Span(2.0, 3.0), Span(4.0, 6.0)]
    assert times(spoken_times(["你好", "朋友"], SHOWN, heard, speech)) == [(2.0, 3.0), (4.0, 5.0)]
    assert times(spoken_times(["你好", "朋友"], SHOWN, heard, [])) == [(1.0, 3.0), (3.0, 5.0)]
    assert times(spoken_times(["你好", "朋友"], SHOWN, heard, [Span(4.9, 5.0)])) == [(1.0, 3.0), (3.0, 5.0)]


def test_marks_alone_take_no_time():
    """They come where what is before them ends; a text of marks alone is said when it is shown."""
    found = spoken_times(["“", "Go", "…"], SHOWN, words(("go", 2.0, 2.4)), [])
    assert times(found) == [(2.0, 2.0), (2.0, 2.4), (2.4, 2.4)]
    assert spoken_span(spoken_times(["…"], SHOWN, [], []), SHOWN) == SHOWN
    assert spoken_span([], SHOWN) == SHOWN


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"), [(1.05, 4.95, SHOWN), (1.2, 4.95, Span(1.2, 5.0)), (1.0, 3.0, Span(1.0, 3.0))]
)
def test_a_line_is_as_long_as_it_is_spoken(start_s, end_s, expected):
    """But for what nobody measures."""
    assert spoken_span([Span(start_s, end_s)], SHOWN) == expected


texts = st.lists(st.text("ab你好看, …", max_size=6), max_size=8)
moments = st.floats(0, 8, allow_nan=False)
spoken = st.lists(st.tuples(st.text("ab你好看,", max_size=5), moments, st.floats(0, 2, allow_nan=False)), max_size=8)
stretches = st.lists(st.tuples(st.floats(0, 2, allow_nan=False), st.floats(0.01, 2, allow_nan=False)), max_size=4)


@given(texts, spoken, stretches)
def test_times_are_in_order_and_within_what_is_shown(pieces, said, voiced):
    """Whatever was heard, in whatever order: one for each piece."""
    heard = words(*((text, start_s, start_s + length_s) for text, start_s, length_s in said))
    speech, at_s = [], 0.0
    for pause_s, length_s in voiced:
        speech.append(Span(at_s + pause_s, at_s + pause_s + length_s))
        at_s += pause_s + length_s
    found = spoken_times(pieces, SHOWN, heard, speech)
    assert len(found) == len(pieces)
    edges = [edge for span in found for edge in (span.start_s, span.end_s)]
    assert edges == sorted(edges)
    assert all(SHOWN.start_s - 1e-6 <= edge <= SHOWN.end_s + 1e-6 for edge in edges)
    assert spoken_span(found, SHOWN).duration_s > 0


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=8))
def test_words_heard_as_they_are_written_keep_their_times(said):
    """All of them."""
    step_s = 4.0 / len(said)
    heard = words(*((text, 1.0 + at * step_s, 1.0 + (at + 0.8) * step_s) for at, text in enumerate(said)))
    found = spoken_times([f"{text} " for text in said], SHOWN, heard, [])
    assert times(found) == times(Span(word.start_s, word.end_s) for word in heard)
