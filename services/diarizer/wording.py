"""How much of a text was understood: word errors, or character errors in scripts without spaces."""

import re
import unicodedata
from collections.abc import Sequence

from shared.pipeline import LanguageInfo

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = re.compile(r"\d+")
_NO_WORD = re.compile(r"[^\w']+|_")
_SIGNS = {"%": " percent ", "&": " and ", "’": "'"}
_ONES = tuple(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905
    "seventeen eighteen nineteen".split()
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((1_000_000, "million"), (1000, "thousand"), (100, "hundred"))


def error_rate(text: str, heard: str, language: LanguageInfo) -> float | None:
    """Wrong, missing and added words (or characters) of `heard`, as a share of those in `text`; above 1 is possible.

    Case, punctuation and the way English numbers are written do not count. None where `text` says nothing.
    """
    expected, got = units(text, language), units(heard, language)
    return round(distance(expected, got) / len(expected), 4) if expected else None


def units(text: str, language: LanguageInfo) -> list[str]:
    """What is compared: words, or characters in a script without spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if language.code == "en":  # its embedded recognizer writes numbers in words, the others write figures
        for sign, word in _SIGNS.items():
            plain = plain.replace(sign, word)
        plain = _NUMBER.sub(lambda found: f" {' '.join(in_words(int(found[0])))} ", _THOUSANDS.sub("", plain))
    if not language.spaces:
        return list(_NO_WORD.sub("", plain.replace("'", "")))
    return [word for part in _NO_WORD.split(plain) if (word := part.strip("'"))]


def in_words(number: int) -> list[str]:
    """A number below a billion as English says it, without "and"; its digits one by one beyond that."""
    if number >= 1_000_000_000:
        return [_ONES[int(digit)] for digit in str(number)]
    for scale, name in _SCALES:
        if number >= scale:
            rest = number % scale
            return [*in_words(number // scale), name, *(in_words(rest) if rest else ())]
    if number < len(_ONES):
        return [_ONES[number]]
    return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else ())]


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Fewest insertions, deletions and replacements that turn `one` into `other` (Levenshtein)."""
    row = list(range(len(other) + 1))
    for deleted, mine in enumerate(one, start=1):
        diagonal, row[0] = row[0], deleted
        for index, theirs in enumerate(other, start=1):
            diagonal, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, diagonal + (mine != theirs))
    return row[-1]
