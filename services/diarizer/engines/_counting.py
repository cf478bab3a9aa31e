"""How many speakers there are, and who says what, from a trained encoder's vectors of pieces of speech.

Pieces are the stretches between pauses, cut where the voice changes inside. They are clustered by average linkage of
their cosines. A short piece of a real recording may differ from others of the same speaker as much as from another
speaker: voices are those of the longest pieces. Thresholds were chosen on the conversations of `make bench
ARGS=speech`, which has the figures, and on excerpts of meetings.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import silhouette_score

from services.diarizer.engines.base import Report, Span, Turn
from services.diarizer.recording import Recording
from shared.voices import WINDOW_S, Vectors, VoiceEncoder, unit

_APART = 0.25  # cosine distance of two voices, on average
_SMALLEST_SHARE = 0.05  # of the speech: a smaller cluster is one of the others, heard badly
_CLEAR_SHARE, _PLAINLY_APART = 0.08, 0.32  # a smaller cluster must differ more: music and noise differ less
_LONG = 0.6  # share of the speech in the longest pieces; counts are the same with 0.65, and nearly with 0.5 and 0.7
_FEW = 8  # pieces: too few to leave some out
_SHORTEST_S = 1.2  # length of a piece in which a speaker can be recognized
_CHANGE = 0.35  # cosine distance of what is before and after
_STEP_S = 0.4
_STEPS = round(WINDOW_S / _STEP_S)
_NEAR = 2  # steps within which one change hides another
_MOST_PIECES = 1000  # the number of pairs is quadratic; long recordings are sampled evenly
_SHORTEST_TURN_S = 1.0
_AT_ONCE_S = 30.0  # of speech: about as many windows as the encoder hears in one batch
Pieces = NDArray[np.intp]
_Stretch = TypeVar("_Stretch", bound=Span)
_TWO = 0.3  # silhouette of two; halves of one speaker came to 0.2 at most, two speakers to 0.42 at least


@dataclass(frozen=True)
class Voices:
    """Pieces of speech long enough to recognize a speaker, and the encoder's vector of each."""

    spans: tuple[Span, ...]
    heard: Vectors

    def middles(self, count: int | None, at_most: int) -> Vectors:
        """The vector of each voice: of `count` voices if as many are heard at all, else of those that are certain."""
        lengths = np.array([span.duration_s for span in self.spans])
        voices = voices_of(self.heard, lengths)
        if count and count > len(voices):
            everything = _clusters(self.heard, lengths, np.arange(len(lengths)), lengths.sum())
            voices = everything if len(everything) >= count else voices
        return _merged(_middles(self.heard, voices), count or at_most)

    def turns(
        self, recording: Recording, speech: Sequence[Span], encoder: VoiceEncoder, middles: Vectors, report: Report
    ) -> list[Turn]:
        """Who says what of `speech`, by the nearest of the voices."""
        turns = []
        starts = [piece.start_s for piece in self.spans]
        for together in _together(speech, report):
            pieces = [range(bisect_left(starts, span.start_s), bisect_left(starts, span.end_s)) for span in together]
            unheard = [span for span, own in zip(together, pieces, strict=True) if not own]
            heard = iter(encoder.embed([recording.read(span.start_s, span.end_s) for span in unheard]))
            for span, own in zip(together, pieces, strict=True):
                edges = [span.start_s, *(starts[piece] for piece in own[1:]), span.end_s]
                voices = self.heard[own] if own else next(heard)[np.newaxis]
                nearest = (voices @ middles.T).argmax(axis=1)
                turns += [Turn(*ends, int(who)) for ends, who in zip(pairwise(edges), nearest, strict=True)]
        return turns


def voices_in(recording: Recording, speech: Sequence[Span], encoder: VoiceEncoder, report: Report) -> Voices:
    """The stretches between pauses, cut where the voice changes inside."""
    spans = _evenly([span for span in speech if span.duration_s >= _SHORTEST_S])
    pieces: list[Span] = []
    heard: list[Vectors] = []
    for together in _together(spans, report):
        windows = [_windows(span) for span in together]
        sounds = [recording.read(*window) for own in windows for window in own]
        voices = np.split(encoder.embed(sounds), np.cumsum([len(own) for own in windows])[:-1])
        for span, own, voice in zip(together, windows, voices, strict=True):
            for piece, vector in _pieces(span, [start_s for start_s, _ in own], voice):
                if vector.any():
                    pieces.append(piece)
                    heard.append(vector)
    return Voices(tuple(pieces), np.stack(heard) if heard else np.zeros((0, 0), np.float32))


def voices_of(heard: Vectors, lengths: NDArray[np.float64]) -> list[Pieces]:
    """The pieces that tell each voice: the longest of the recording, and shorter ones that resemble none of those.

    `lengths` are in seconds. Of a voice in short pieces alone (questions between long answers) there are at least two.
    """
    everything = np.arange(len(lengths))
    long = everything if len(lengths) < _FEW else _longest(lengths)
    voices = _clusters(heard, lengths, long, lengths[long].sum())
    if not voices:
        return []
    short = np.setdiff1d(everything, long)
    unlike = short[(1 - heard[short] @ _middles(heard, voices).T).min(axis=1) > _APART]
    more = _clusters(heard, lengths, unlike, lengths.sum(), voices)
    return voices + [own for own in more if len(own) > 1]


def _longest(lengths: NDArray[np.float64]) -> Pieces:
    order = np.argsort(-lengths, kind="stable")
    before_s = np.cumsum(lengths[order]) - lengths[order]
    return np.sort(order[before_s < _LONG * lengths.sum()])


def _clusters(
    heard: Vectors, lengths: NDArray[np.float64], pieces: Pieces, whole_s: float, known: Sequence[Pieces] = ()
) -> list[Pieces]:
    """Clusters that speak enough of `whole_s`, and of those that speak little, the ones that resemble no other."""
    if len(pieces) < 2:
        return [pieces] if len(pieces) else []
    numbers = fcluster(linkage(heard[pieces], "average", metric="cosine"), _APART, "distance")
    found = [pieces[numbers == number] for number in np.unique(numbers)]
    voices = []
    for own in found:
        share = lengths[own].sum() / whole_s
        others = (other for other in (*found, *known) if other is not own)
        nearest = min((float(np.mean(1 - heard[own] @ heard[other].T)) for other in others), default=2.0)
        if share >= _CLEAR_SHARE or (share >= _SMALLEST_SHARE and nearest >= _PLAINLY_APART):
            voices.append(own)
    return voices


def _middles(heard: Vectors, voices: Sequence[Pieces]) -> Vectors:
    return unit(np.stack([heard[own].mean(axis=0) for own in voices])) if voices else heard[:0]


def _merged(middles: Vectors, at_most: int) -> Vectors:
    """The nearest voices become one until there are no more than `at_most`."""
    if len(middles) <= at_most:
        return middles
    numbers = fcluster(linkage(middles, "average", metric="cosine"), at_most, "maxclust")
    return _middles(middles, [np.flatnonzero(numbers == number) for number in np.unique(numbers)])


def are_two(recording: Recording, turns: Sequence[Turn], encoder: VoiceEncoder, check: Callable[[], None]) -> bool:
    """Whether two speakers that another method separated are also two for the encoder.

    This finds speakers who talk without pauses and are mixed in the pieces between pauses; between halves of one
    speaker, the encoder sees no difference.
    """
    long = _evenly([turn for turn in turns if turn.duration_s >= _SHORTEST_TURN_S])
    speakers = [turn.speaker for turn in long]
    if len(set(speakers)) != 2 or len(long) < 3:
        return False
    check()
    voices = encoder.embed([recording.read(turn.start_s, turn.end_s) for turn in long], lambda _: check())
    return float(silhouette_score(voices, speakers, metric="cosine")) >= _TWO


def _evenly(pieces: Sequence[_Stretch]) -> Sequence[_Stretch]:
    if len(pieces) <= _MOST_PIECES:
        return pieces
    return [pieces[number] for number in np.linspace(0, len(pieces) - 1, _MOST_PIECES).astype(int)]


def _together(spans: Sequence[Span], report: Report) -> Iterator[Sequence[Span]]:
    """`spans` in groups that the encoder hears at once: a window alone costs more than twice as much as among many."""
    group: list[Span] = []
    for number, span in enumerate(spans, 1):
        group.append(span)
        if number == len(spans) or sum(one.duration_s for one in group) >= _AT_ONCE_S:
            report((number - len(group)) / len(spans))
            yield group
            group = []


def _windows(span: Span) -> list[tuple[float, float]]:
    """Where the windows over `span` start and end; the first is there however short it is."""
    starts = np.arange(span.start_s, max(span.start_s, span.end_s - WINDOW_S) + 1e-6, _STEP_S)
    return [(float(at_s), min(float(at_s) + WINDOW_S, span.end_s)) for at_s in starts]


def _pieces(span: Span, starts_s: Sequence[float], heard: Vectors) -> Iterator[tuple[Span, Vectors]]:
    """Each part of `span` between changes of voice, with its vector, from those of the windows that start at
    `starts_s`."""
    starts = np.array(starts_s)
    edges = [span.start_s, *(starts_s[at] + WINDOW_S for at in _changes(heard)), span.end_s]
    middles = starts + WINDOW_S / 2
    for start_s, end_s in pairwise(edges):
        if end_s - start_s < _SHORTEST_S:
            continue
        within = (starts >= start_s - 1e-6) & (starts + WINDOW_S <= end_s + 1e-6)
        if not within.any():
            within[np.abs(middles - (start_s + end_s) / 2).argmin()] = True
        yield Span(start_s, end_s), unit(heard[within].mean(axis=0))


def _changes(heard: Vectors) -> list[int]:
    """The windows at whose end the voice changes most, and enough."""
    if len(heard) <= _STEPS:
        return []
    distances = 1 - (heard[:-_STEPS] * heard[_STEPS:]).sum(axis=1)
    return [
        at
        for at, distance in enumerate(distances)
        if distance > _CHANGE and distance == distances[max(0, at - _NEAR) : at + _NEAR + 1].max()
    ]
