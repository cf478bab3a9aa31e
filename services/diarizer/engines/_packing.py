"""Short recordings side by side in one window, and the assignment of its words to them.

A Whisper hears 30 s at a time, whatever they contain: two seconds alone cost as much as ten recordings with silences
between them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.diarizer.engines.base import Span
from services.diarizer.recording import Recording, Samples
from shared.transcript import Word

LONGEST_S = 14.0
"""A longer recording is heard by itself, since two of them do not fit."""
_SHORTEST_S = 0.1
_FULL_S = 28.0
_SILENCE_S = 1.0
_ENDS = tuple(".?!…。？！")
_CLOSING = "\"'”’»)」』"


@dataclass(frozen=True)
class Place:
    """Where in its window the recording with number `index` is."""

    index: int
    span: Span


def windows(lengths_s: Sequence[float]) -> list[tuple[Place, ...]]:
    """Pack recordings of `lengths_s` in order, at least two each; those too long or too short are in none."""
    packed: list[tuple[Place, ...]] = []
    waiting: list[Place] = []
    for index, length_s in enumerate(lengths_s):
        if not _SHORTEST_S <= length_s <= LONGEST_S:
            continue
        start_s = waiting[-1].span.end_s + _SILENCE_S if waiting else 0.0
        if start_s + length_s > _FULL_S:
            packed.append(tuple(waiting))
            waiting, start_s = [], 0.0
        waiting.append(Place(index, Span(start_s, start_s + length_s)))
    return [window for window in (*packed, tuple(waiting)) if len(window) > 1]


def sound(window: Sequence[Place], recordings: Sequence[Recording]) -> Samples:
    """The audio of `window`."""
    rate_hz = recordings[window[0].index].sample_rate_hz
    heard = np.zeros(round(window[-1].span.end_s * rate_hz), np.float32)
    for place in window:
        recording = recordings[place.index]
        samples = recording.read(0.0, recording.duration_s)[: len(heard) - round(place.span.start_s * rate_hz)]
        at = round(place.span.start_s * rate_hz)
        heard[at : at + len(samples)] = samples
    return heard


def laid_back(words: Iterable[Word], window: Sequence[Place]) -> dict[int, list[Word]]:
    """The words of each recording of `window` by its number, at their times in it, in the order they were heard.

    A recognizer knows the end of a word better than its beginning after a silence, so the end decides; a word in the
    silence between two recordings goes to the second if a sentence has ended before it, or if that is nearer.
    """
    found: dict[int, list[Word]] = {place.index: [] for place in window}
    number, ended = 0, False
    for word in words:
        while number + 1 < len(window) and _is_beyond(word, window[number], window[number + 1], ended=ended):
            number += 1
        place = window[number]
        start_s, end_s = (
            round(float(np.clip(at_s, place.span.start_s, place.span.end_s)) - place.span.start_s, 3)
            for at_s in (word.start_s, word.end_s)
        )
        found[place.index].append(word.model_copy(update={"start_s": start_s, "end_s": max(start_s, end_s)}))
        ended = word.text.rstrip(_CLOSING).endswith(_ENDS)
    return found


def _is_beyond(word: Word, here: Place, following: Place, *, ended: bool) -> bool:
    if word.end_s > following.span.start_s:
        return True
    nearer = word.start_s + word.end_s > here.span.end_s + following.span.start_s
    return word.end_s > here.span.end_s and (ended or nearer)
