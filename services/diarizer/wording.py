"""How much of a text was understood: word errors, or character errors in scripts without spaces."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import product

from shared.pipeline import LanguageInfo
from shared.spoken import spoken_form

_NO_WORD = re.compile(r"[^\w']+|_")
_AND = re.compile(r"\b(hundred|thousand|million|billion) and\b")
"""English says its numbers with and without it."""
_SOUND = re.compile(r"[bcdfghjklmnpqrstvwxz']+")
"""No word of a language has no vowel."""


_SPAN = 3
"""The most words of one side that may sound like words of the other: "maladome" like "malade homme"."""


def error_rate(text: str, heard: str, language: LanguageInfo, sounds: Mapping[str, str] | None = None) -> float | None:
    """Wrong, missing and added words (or characters) of `heard`, as a share of those in `text`; above 1 is possible.

    Case, punctuation and the spelling of numbers, money, dates and units do not count, since both are compared in
    spoken form; with `sounds`, neither do different spellings that sound the same. None if `text` is empty, or only
    sounds such as "hmm" and "pff", which everybody writes differently.
    """
    expected, got = units(text, language), units(heard, language)
    if language.spaces and all(_SOUND.fullmatch(word) for word in expected):
        return None
    return round(distance(expected, got, sounds) / len(expected), 4) if expected else None


def units(text: str, language: LanguageInfo) -> list[str]:
    """What is compared: words, or characters in a script without spaces."""
    said = unicodedata.normalize("NFKC", spoken_form(text, language.code)).casefold().replace("’", "'")
    if language.code == "en":
        said = _AND.sub(r"\1", said)
    if not language.spaces:
        return list(_NO_WORD.sub("", said.replace("'", "")))
    return [word for part in _NO_WORD.split(said) if (word := part.strip("'"))]


def distance(one: Sequence[str], other: Sequence[str], sounds: Mapping[str, str] | None = None) -> int:
    """Fewest insertions, deletions and replacements that turn `one` into `other` (Levenshtein).

    Words that sound the same are equal, whatever their spelling and word boundaries.
    """
    rows = [list(range(len(other) + 1))]
    for deleted in range(1, len(one) + 1):
        rows.append([deleted])
        for index in range(1, len(other) + 1):
            wrong = one[deleted - 1] != other[index - 1]
            fewest = min(rows[-2][index] + 1, rows[-1][index - 1] + 1, rows[-2][index - 1] + wrong)
            spans = (
                _sounding_alike(one[_from(deleted) : deleted], other[_from(index) : index], sounds)
                if wrong and sounds
                else ()
            )
            rows[-1].append(min([fewest, *(rows[deleted - mine][index - theirs] for mine, theirs in spans)]))
    return rows[-1][-1]


def _sounding_alike(one: Sequence[str], other: Sequence[str], sounds: Mapping[str, str]) -> list[tuple[int, int]]:
    """How many words at the end of `one` sound like how many at the end of `other`."""
    mine, theirs = _endings(one, sounds), _endings(other, sounds)
    return [(a, b) for (a, sound), (b, same) in product(mine.items(), theirs.items()) if sound and sound == same]


def _from(end: int) -> int:
    return max(0, end - _SPAN)


def _endings(words: Sequence[str], sounds: Mapping[str, str]) -> dict[int, str]:
    """The sound of the last word, of the last two and so on, as far back as the sound of each is known."""
    found, sound = {}, ""
    for count, word in enumerate(reversed(words), start=1):
        if word not in sounds:
            break
        sound = sounds[word] + sound
        found[count] = sound
    return found
