"""Where texts, words and times are cut when a line is split, and how they are joined when lines are merged."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from shared.transcript import join_words, phrases

Words = Sequence[dict[str, Any]]
"""Recognized words as they are stored: text, start_s, end_s."""

Interval = tuple[float, float]
"""Start and end in seconds."""

_SHORTEST_S = 0.1


@dataclass(frozen=True)
class SourceCut:
    """A source line in two parts."""

    texts: tuple[str, str]
    words: tuple[list[dict[str, Any]], list[dict[str, Any]]]

    @property
    def share(self) -> float:
        """How much of the text the first part has, 0 to 1."""
        first, second = map(len, self.texts)
        return first / (first + second) if first + second else 0.5


def cut_source(
    text: str, words: Words, start_s: float, end_s: float, at_s: float, *, spaces: bool, text_at: int | None = None
) -> SourceCut:
    """Cut a source line at the time `at_s`.

    Words go to the side their middle is on, and the text is cut accordingly: between the same words if the text still
    has as many as were recognized, else in proportion to them, else in proportion to the time. `text_at` is a position
    in the text that a person chose. A half is empty if the text cannot be cut.
    """
    before = [word for word in words if (word["start_s"] + word["end_s"]) / 2 < at_s]
    after = list(words[len(before) :])
    parts = _one_line(text)
    tokens = parts.split(" ")
    if text_at is not None:
        texts = _one_line(text[:text_at]), _one_line(text[text_at:])
    elif len(tokens) == len(words) and before and after:
        texts = " ".join(tokens[: len(before)]), " ".join(tokens[len(before) :])
    elif before and after:
        said, rest = (sum(len(word["text"]) for word in side) for side in (before, after))
        texts = cut_text(parts, said / max(1, said + rest), spaces=spaces)
    else:
        texts = cut_text(parts, (at_s - start_s) / (end_s - start_s), spaces=spaces)
    return SourceCut(texts, (before, after))


def cut_text(text: str, share: float, *, spaces: bool) -> tuple[str, str]:
    """Cut `text` at the word boundary nearest to `share` of its length; without one, the second half is empty.

    A script without spaces is cut between phrases.
    """
    whole = _one_line(text)
    wanted = share * len(whole)
    places = [place for place in range(1, len(whole)) if whole[place] == " "]
    if not places and not spaces:
        places = list(accumulate(len(phrase) for phrase in phrases(whole, spaces=False)))[:-1]
        # A single phrase is cut exactly where a person wants it: there is no better place.
        places = places or [place for place in range(1, len(whole)) if unicodedata.category(whole[place])[0] in "LN"]
    if not places:
        return whole, ""
    place = min(places, key=lambda place: abs(place - wanted))
    return whole[:place], whole[place:].strip()


def moved(start_s: float, end_s: float, *, shift_s: float, rate: float, until_s: float) -> Interval | None:
    """A line's times after a move, cut to the video, which ends at `until_s`; None if none of it is inside."""
    start_s, end_s = max(0.0, start_s * rate + shift_s), min(until_s, end_s * rate + shift_s)
    return (round(start_s, 3), round(end_s, 3)) if end_s - start_s >= _SHORTEST_S else None


def join_texts(texts: Iterable[str], *, spaces: bool) -> str:
    """Join several texts into one."""
    return join_words(map(_one_line, texts), spaces=spaces)


def are_neighbours(ordered: Sequence[str], chosen: Sequence[str]) -> bool:
    """Whether `chosen` are at least two different segments that are consecutive in `ordered`, in that order."""
    if len(chosen) < 2 or chosen[0] not in ordered:
        return False
    first = ordered.index(chosen[0])
    return list(ordered[first : first + len(chosen)]) == list(chosen)


def _one_line(text: str) -> str:
    return " ".join(text.split())
