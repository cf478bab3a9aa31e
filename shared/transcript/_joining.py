"""Put texts together as their language is written."""

import unicodedata
from collections.abc import Iterable

_SPACED_WIDTHS = ("Na", "N", "A")  # of the letters of scripts that part words by spaces, after Unicode annex 11


def join_words(texts: Iterable[str], *, spaces: bool) -> str:
    """One text of several; in a language without `spaces` one stays between two words of a script that has them."""
    joined = ""
    for text in texts:
        space = " " if joined and text and (spaces or keeps_space(joined, text)) else ""
        joined += space + text
    return joined


def keeps_space(before: str, after: str) -> bool:
    """Whether both sides of a joint are spaced letters or figures: "New" and "York", but not "去" and "New"."""
    return _is_spaced(before.rstrip(",.;:!?'\"%)-")[-1:]) and _is_spaced(after.lstrip("'\"($")[:1])


def _is_spaced(letter: str) -> bool:
    return letter.isalnum() and unicodedata.east_asian_width(letter) in _SPACED_WIDTHS
