"""How much of a text was understood: word errors, or character errors in scripts without spaces."""

import re
import unicodedata
from collections.abc import Sequence

from shared.pipeline import LanguageInfo
from shared.spoken import spoken_form

_NO_WORD = re.compile(r"[^\w']+|_")
_AND = re.compile(r"\b(hundred|thousand|million|billion) and\b")
"""English says its numbers with and without it."""
_SOUND = re.compile(r"[bcdfghjklmnpqrstvwxz']+")
"""No word of a language has no vowel."""


def error_rate(text: str, heard: str, language: LanguageInfo) -> float | None:
    """Wrong, missing and added words (or characters) of `heard`, as a share of those in `text`; above 1 is possible.

    Case, punctuation and how numbers, money, dates and units are written do not count: both are compared as they are
    said. None where `text` says nothing, or only sounds such as "hmm" and "pff", which everybody writes differently.
    """
    expected, got = units(text, language), units(heard, language)
    if language.spaces and all(_SOUND.fullmatch(word) for word in expected):
        return None
    return round(distance(expected, got) / len(expected), 4) if expected else None


def units(text: str, language: LanguageInfo) -> list[str]:
    """What is compared: words, or characters in a script without spaces."""
    said = unicodedata.normalize("NFKC", spoken_form(text, language.code)).casefold().replace("’", "'")
    if language.code == "en":
        said = _AND.sub(r"\1", said)
    if not language.spaces:
        return list(_NO_WORD.sub("", said.replace("'", "")))
    return [word for part in _NO_WORD.split(said) if (word := part.strip("'"))]


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Fewest insertions, deletions and replacements that turn `one` into `other` (Levenshtein)."""
    row = list(range(len(other) + 1))
    for deleted, mine in enumerate(one, start=1):
        diagonal, row[0] = row[0], deleted
        for index, theirs in enumerate(other, start=1):
            diagonal, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, diagonal + (mine != theirs))
    return row[-1]
