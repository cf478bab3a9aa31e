"""Which pieces of speech are whose, by made-up vectors of them."""

import numpy as np
import pytest

from services.diarizer.engines import Span
from services.diarizer.engines._counting import Voices, voices_of

SIZE = 256
LONG_S, SHORT_S = 6.0, 1.6
NOISE, LEANING, BRIEF = 0.4, 0.7, 9


def pieces(*spoken, seed=0):
    """Vectors, lengths and true voices of `(voice, number, length_s)`; voices have nothing in common.

    What is brief sounds a little like everything else that is.
    """
    random = np.random.default_rng(seed)
    vectors, lengths, truth = [], [], []
    for voice, number, length_s in spoken:
        for _ in range(number):
            vector = np.eye(SIZE)[voice] + NOISE * random.normal(0, 1 / np.sqrt(SIZE), SIZE)
            vector += LEANING * (length_s < LONG_S) * np.eye(SIZE)[BRIEF]
            vectors.append(vector / np.linalg.norm(vector))
            lengths.append(length_s)
            truth.append(voice)
    return np.array(vectors, np.float32), np.array(lengths), np.array(truth)


def heard(spoken):
    """As the encoder tells them, one after the other."""
    vectors, lengths, truth = pieces(*spoken)
    ends = np.cumsum(lengths)
    spans = tuple(Span(float(end_s - length_s), float(end_s)) for end_s, length_s in zip(ends, lengths, strict=True))
    return Voices(spans, vectors), truth


def owners(spoken):
    vectors, lengths, truth = pieces(*spoken)
    return [sorted(set(truth[own].tolist())) for own in voices_of(vectors, lengths)]


BOTH = [(0, 6, LONG_S), (1, 6, LONG_S), (0, 8, SHORT_S), (1, 8, SHORT_S)]


def test_short_pieces_that_are_hard_to_recognize_are_no_voices():
    """Where somebody's short pieces differ from the long ones as two people do, the longest pieces tell the voices."""
    vectors, lengths, truth = pieces(*BOTH)
    brief = lengths == SHORT_S
    own, other = (vectors[brief & (truth == 0)], vectors[~brief & (truth == 0)])
    assert np.mean(1 - own @ other.T) > 0.25  # beyond the distance of two voices
    found = voices_of(vectors, lengths)
    assert sorted(truth[own[0]] for own in found) == [0, 1]
    assert all((lengths[own] == LONG_S).all() for own in found)


@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_voice_says_the_short_pieces(seed):
    """Each is given to who says it."""
    vectors, lengths, truth = pieces(*BOTH, seed=seed)
    middles = Voices(tuple(Span(0.0, float(length_s)) for length_s in lengths), vectors).middles(None, 10)
    nearest = (vectors @ middles.T).argmax(axis=1)
    assert len(set(zip(nearest.tolist(), truth.tolist(), strict=True))) == 2


def test_short_questions_between_long_answers_are_a_voice():
    """Nothing of it is among the longest pieces, and yet somebody asks."""
    assert owners([(0, 10, LONG_S), (1, 10, SHORT_S)]) == [[0], [1]]


def test_a_noise_is_no_voice():
    """One short piece that resembles nothing does not make a speaker."""
    assert owners([(0, 10, LONG_S), (1, 1, 5.5)]) == [[0]]


def test_of_few_pieces_none_is_left_out():
    """Two sentences of one and a short one of another are two voices."""
    assert owners([(0, 2, LONG_S), (1, 1, SHORT_S)]) == [[0], [1]]


@pytest.mark.parametrize(("asked", "told"), [(None, 3), (2, 2), (3, 3), (4, 4), (5, 3)])
def test_a_given_number_is_kept_where_so_many_are_heard(asked, told):
    """Fewer: the nearest become one. More than are certain: those heard once count, too; never more than are heard."""
    spoken = [(voice, 3, LONG_S) for voice in range(3)]
    voices, _ = heard([*spoken, (3, 1, 5.5)])
    assert len(voices.middles(asked, 10)) == told


def test_there_are_never_more_than_allowed():
    """Nor is anybody heard where nobody speaks."""
    voices, _ = heard([(voice, 2, LONG_S) for voice in range(5)])
    assert len(voices.middles(None, 4)) == 4
    assert len(Voices((), np.zeros((0, 0), np.float32)).middles(None, 4)) == 0
