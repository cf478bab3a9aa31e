"""Giving words and cues to speakers, as pure functions."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.attribution import TurnIndex, attribute
from services.diarizer.engines import Span, Turn
from shared.transcript import Word

TURNS = [Turn(1.0, 3.0, 0), Turn(3.0, 5.0, 1), Turn(7.0, 8.0, 0)]


def words(*times):
    return [Word(text=str(number), start_s=start_s, end_s=end_s) for number, (start_s, end_s) in enumerate(times)]


@pytest.mark.parametrize(
    ("start_s", "end_s", "speaker"),
    [
        (1.5, 2.0, 0),
        (2.5, 3.4, 0),
        (2.8, 3.4, 1),
        (0.0, 0.5, 0),
        (5.2, 5.5, 1),
        (6.6, 6.9, 0),
        (9.0, 9.5, 0),
        (4, 7.9, 1),
    ],
)
def test_the_longest_overlap_decides_else_the_nearest_turn(start_s, end_s, speaker):
    """A span outside all turns goes to the closest one."""
    assert TurnIndex(TURNS).speaker(Span(start_s, end_s)) == speaker


def test_without_turns_there_is_one_speaker():
    """Where nobody was found, everything is the first speaker's."""
    assert TurnIndex([]).speaker(Span(1.0, 2.0)) == 0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.05, 2), st.integers(0, 3)), min_size=1, max_size=12),
    st.floats(0, 20),
    st.floats(0.01, 5),
)
def test_no_turn_overlaps_longer(pieces, start_s, length_s):
    """The index finds what a search through all turns finds."""
    turns, at_s = [], 0.0
    for gap_s, turn_s, speaker in pieces:
        turns.append(Turn(at_s + gap_s, at_s + gap_s + turn_s, speaker))
        at_s += gap_s + turn_s
    span = Span(start_s, start_s + length_s)
    shares = dict.fromkeys((turn.speaker for turn in turns), 0.0)
    for turn in turns:
        shares[turn.speaker] += max(0.0, min(turn.end_s, span.end_s) - max(turn.start_s, span.start_s))
    found = TurnIndex(turns).speaker(span)
    assert shares[found] == pytest.approx(max(shares.values()))


def test_a_word_at_the_edge_goes_where_the_pause_is():
    """The last word before a pause belongs to what came before, even if the turn's edge is a word early."""
    said = words((1.0, 1.9), (1.9, 2.7), (2.7, 3.2), (3.8, 4.4), (4.4, 5.0))
    turns = [Turn(1.0, 2.7, 0), Turn(2.7, 5.0, 1)]
    assert [spoken.speaker for spoken in attribute(said, turns, punctuated=False)] == [0, 0, 0, 1, 1]


def test_a_word_at_the_edge_goes_back_where_the_pause_is():
    """And the first word after a pause to what follows."""
    said = words((1.0, 1.6), (1.6, 2.2), (2.8, 3.2), (3.2, 3.8), (3.8, 4.4))
    turns = [Turn(1.0, 3.2, 0), Turn(3.2, 5.0, 1)]
    assert [spoken.speaker for spoken in attribute(said, turns, punctuated=False)] == [0, 0, 1, 1, 1]


def test_an_answer_of_one_word_keeps_its_speaker():
    """A word between two pauses is nobody else's."""
    said = words((1.0, 2.0), (2.5, 2.8), (3.3, 4.0))
    turns = [Turn(1.0, 2.2, 0), Turn(2.4, 2.9, 1), Turn(3.2, 4.0, 0)]
    assert [spoken.speaker for spoken in attribute(said, turns, punctuated=False)] == [0, 1, 0]


def said_in_one_go(*lengths_s, marks=()):
    """Words without pauses; those in `marks` end a sentence."""
    found, at_s = [], 1.0
    for number, length_s in enumerate(lengths_s):
        text = "word." if number in marks else "word"
        found.append(Word(text=text, start_s=at_s, end_s=at_s + length_s))
        at_s += length_s
    return found


def test_a_sentence_has_one_speaker():
    """Its first word is not another's, nor are two in its middle."""
    said = said_in_one_go(*[0.4] * 8, marks=(7,))
    for turns in ([Turn(1.0, 1.8, 0), Turn(1.8, 4.2, 1)], [Turn(1.0, 2.0, 1), Turn(2.0, 2.8, 0), Turn(2.8, 4.2, 1)]):
        assert {spoken.speaker for spoken in attribute(said, turns, punctuated=True)} == {1}


def test_a_sure_change_within_a_sentence_is_kept():
    """Three words and a second on each side."""
    said = said_in_one_go(*[0.4] * 8, marks=(7,))
    turns = [Turn(1.0, 2.6, 0), Turn(2.6, 4.2, 1)]
    assert [spoken.speaker for spoken in attribute(said, turns, punctuated=True)] == [0] * 4 + [1] * 4


def test_a_sentence_of_one_word_has_a_speaker_of_its_own():
    """An answer in the middle of a conversation without pauses."""
    said = said_in_one_go(*[0.4] * 9, marks=(3, 4, 8))
    turns = [Turn(1.0, 2.6, 0), Turn(2.6, 3.0, 1), Turn(3.0, 4.6, 0)]
    assert [spoken.speaker for spoken in attribute(said, turns, punctuated=True)] == [0] * 4 + [1] + [0] * 4


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.1, 0.8), st.sampled_from([0, 0, 0.1, 0.5, 1.0]))))
def test_no_run_inside_a_sentence_is_short(said):
    """Whatever the turns are: a word or two alone are all that lies between two pauses."""
    said_words, turns, at_s = [], [], 0.0
    for speaker, length_s, pause_s in said:
        said_words.append(Word(text="word", start_s=at_s, end_s=at_s + length_s))
        turns.append(Turn(at_s, at_s + length_s, speaker))
        at_s += length_s + pause_s
    spoken = attribute(said_words, turns, punctuated=False)
    assert [one.word for one in spoken] == said_words
    for _, own in groupby(_parts(spoken), key=lambda part: part[0]):
        runs = [list(run) for _, run in groupby((one for _, one in own), key=lambda one: one.speaker)]
        assert len(runs) == 1 or all(len(run) >= 3 for run in runs)


def _parts(spoken):
    """Each word with the number of its stretch between pauses."""
    number = 0
    for at, one in enumerate(spoken):
        if at and one.word.start_s - spoken[at - 1].word.end_s >= 0.3:
            number += 1
        yield number, one
