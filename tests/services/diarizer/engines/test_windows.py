"""Long recordings in windows, and the same speaker in several of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.engines import Span
from services.diarizer.engines._windows import Bounds, same_speakers, windows_of

ANY = Bounds()


@given(st.lists(st.tuples(st.floats(0.2, 60), st.floats(0.1, 300)), min_size=1, max_size=60), st.floats(60, 1800))
def test_windows_cover_the_recording(pieces, longest_s):
    """None longer than allowed, one after the other."""
    speech, at_s = [], 0.0
    for gap_s, length_s in pieces:
        speech.append(Span(at_s + gap_s, at_s + gap_s + length_s))
        at_s += gap_s + length_s
    windows = windows_of(speech, at_s, longest_s)
    assert windows[0].start_s == 0
    assert windows[-1].end_s == at_s
    assert all(before.end_s == after.start_s for before, after in pairwise(windows))
    assert all(0 < window.duration_s <= longest_s + 1e-6 for window in windows)


def test_hours_are_cut_at_their_pauses():
    """Five hours of talk with a pause in every minute: no window ends within speech, none is short."""
    speech = [Span(60 * minute + 3, 60 * minute + 58) for minute in range(300)]
    windows = windows_of(speech, 18_000, 1800)
    assert len(windows) == 13
    assert all(1200 < window.duration_s <= 1800 for window in windows)
    for window in windows[:-1]:
        assert not any(span.start_s < window.end_s < span.end_s for span in speech)


def test_a_short_recording_is_one_window():
    """And so is one without a pause that is short enough."""
    assert windows_of([Span(1, 1700)], 1800, 1800) == [Span(0, 1800)]


def voice(angle, seconds=10.0):
    return np.array([np.cos(angle), np.sin(angle)]), seconds


def test_the_same_voice_is_one_speaker():
    """Numbered in order of appearance; who is alike within a window stays two."""
    voices = {(0, 0): voice(0.0), (0, 1): voice(1.5), (1, 0): voice(1.45), (1, 1): voice(0.05), (2, 0): voice(0.02)}
    assert same_speakers(voices, 0.75, ANY) == {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0, (2, 0): 0}
    twins = {(0, 0): voice(0.0), (0, 1): voice(0.01), (1, 0): voice(0.0)}
    found = same_speakers(twins, 0.75, ANY)
    assert found[0, 0] != found[0, 1]
    assert found[1, 0] == found[0, 0]


def test_the_number_of_speakers_is_kept():
    """Unlike voices are joined until there are no more than asked for, alike ones no further than that."""
    voices = {(number, 0): voice(number * 0.9) for number in range(4)}
    assert set(same_speakers(voices, 0.75, ANY).values()) == {0, 1, 2, 3}
    assert set(same_speakers(voices, 0.75, Bounds.exactly(2)).values()) == {0, 1}
    alike = {(number, 0): voice(number * 0.01) for number in range(4)}
    assert set(same_speakers(alike, 0.75, Bounds(3)).values()) == {0, 1, 2}
    crowd = {(0, number): voice(0.0) for number in range(3)}
    assert len(set(same_speakers(crowd, 0.75, Bounds.exactly(2)).values())) == 3


@pytest.mark.parametrize("nothing", [np.zeros(2), np.full(2, np.nan)])
def test_a_voice_of_which_nothing_is_known_is_like_no_other(nothing):
    """It is a speaker of its own."""
    found = same_speakers({(0, 0): voice(0.0), (1, 0): (nothing, 5.0), (2, 0): voice(0.1)}, 0.75, ANY)
    assert found == {(0, 0): 0, (1, 0): 1, (2, 0): 0}


def test_who_speaks_longer_counts_for_more():
    """The voice of joined speakers is nearer to the one heard longer."""
    found = same_speakers({(0, 0): voice(0.0, 100), (1, 0): voice(0.6, 1), (2, 0): voice(0.65, 100)}, 0.78, ANY)
    assert found[1, 0] == found[2, 0]
    assert found[0, 0] == found[2, 0]
