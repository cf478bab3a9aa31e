"""Cut texts that are too long for a model where it does the least harm."""

import re
from collections.abc import Callable

_PLACES = (
    re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])(?=.)"),
    re.compile(r"(?<=[,;:–—])\s+|(?<=[、，；：])(?=.)"),
    re.compile(r"\s+"),
    re.compile(r"(?=.)", re.DOTALL),
)
"""Ends of sentences, ends of clauses, spaces, anywhere."""


def split_text(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Parts of `text` that fit, cut in halves at the best place nearest to the middle, as often as necessary."""
    if len(text) < 2 or fits(text):
        return [text]
    for place in _PLACES:
        cuts = [found.end() for found in place.finditer(text) if 0 < found.end() < len(text)]
        if cuts:
            middle = min(cuts, key=lambda cut: abs(cut - len(text) / 2))
            halves = text[:middle].strip(), text[middle:].strip()
            return [part for half in halves if half for part in split_text(half, fits)]
    return [text]
