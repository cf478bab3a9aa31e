"""How many words are wrong and how sure that is, whether words are cut, and what a process has used."""

import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from services.diarizer.engines._doubt import Passage
from services.diarizer.engines._whisper import Whisper
from services.diarizer.wording import units
from shared.pipeline import language
from shared.transcript import join_words

_BLOCK, _RESAMPLED = 10, 1000


def errors_by_word(expected: Sequence[str], got: Sequence[str]) -> list[int]:
    """Of each expected word how many errors there are at it; one that was added counts at the word before."""
    rows = [list(range(len(got) + 1))]
    for number, mine in enumerate(expected, start=1):
        row = [number]
        for index, theirs in enumerate(got, start=1):
            row.append(min(rows[-1][index] + 1, row[-1] + 1, rows[-1][index - 1] + (mine != theirs)))
        rows.append(row)
    errors, one, other = [0] * max(1, len(expected)), len(expected), len(got)
    while one or other:
        here = rows[one][other]
        if one and other and here == rows[one - 1][other - 1] + (expected[one - 1] != got[other - 1]):
            one, other = one - 1, other - 1
            errors[one] += here - rows[one][other]
        elif other and here == rows[one][other - 1] + 1:
            other -= 1
            errors[max(0, one - 1)] += 1
        else:
            one -= 1
            errors[one] += 1
    return errors


class Score:
    """Errors pooled over texts; 95 % of what blocks of ten words, drawn again, would have given."""

    def __init__(self, code: str) -> None:
        self._language = language(code)
        self._blocks: list[tuple[int, int]] = []

    def add(self, text: str, heard: str) -> int:
        """Count a text and what was heard of it; return its errors."""
        expected = units(text, self._language)
        errors = errors_by_word(expected, units(heard, self._language))
        for at in range(0, len(expected), _BLOCK):
            part = errors[at : at + _BLOCK]
            self._blocks.append((sum(part), min(_BLOCK, len(expected) - at)))
        return sum(errors)

    def figures(self) -> dict[str, Any]:
        """The error rate, between what it may lie, and of how many words (or characters)."""
        blocks = np.array(self._blocks, float).reshape(-1, 2)
        if not len(blocks):
            return {}
        drawn = np.random.default_rng(1).integers(0, len(blocks), (_RESAMPLED, len(blocks)))
        rates = blocks[drawn, 0].sum(1) / blocks[drawn, 1].sum(1)
        low, high = np.percentile(rates, [2.5, 97.5])
        wrong, words = blocks.sum(0)
        return {
            "error_rate": round(float(wrong / words), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
            "words": int(words),
            "unit": "words" if self._language.spaces else "characters",
        }


@contextmanager
def passages() -> Iterator[list[tuple[str, Passage]]]:
    """Everything a Whisper hears meanwhile, with the language it was told."""
    found: list[tuple[str, Passage]] = []
    hear = Whisper.hear

    def kept(self: Whisper, sounds: Any, code: str, *rest: Any) -> Any:
        heard = hear(self, sounds, code, *rest)
        found.extend((code, passage) for passage, _ in heard)
        return heard

    Whisper.hear = kept  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        Whisper.hear = hear  # type: ignore[method-assign]


def joints(code: str, passage: Passage) -> tuple[int, int]:
    """Places between two letters of a passage where words meet or might, and at how many we differ from the model.

    Spaces between characters of a script without them say nothing: there only Latin letters and digits count.
    """
    spaces = language(code).spaces
    written = join_words((word.text for word in passage.words), spaces=spaces)
    model, ours = _breaks(passage.text), _breaks(written)
    if model[0] != ours[0]:
        return 0, 0  # a word without times is left out: nothing to compare place by place
    letters = model[0]
    places = [at for at in range(1, len(letters)) if spaces or (letters[at - 1] + letters[at]).isascii()]
    return len(places), sum((at in model[1]) != (at in ours[1]) for at in places)


def _breaks(text: str) -> tuple[str, set[int]]:
    letters, breaks = "", set()
    for part in text.split():
        breaks.add(len(letters))
        letters += part
    return letters, breaks - {0}


def cpu_s() -> float:
    """Seconds that this process and its children have computed, whatever else the machine did."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_mb() -> int:
    """The most memory that this process or one of its children has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(most * unit / 1e6)


def tell(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)
