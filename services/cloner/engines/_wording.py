"""Text in the form that speech models need: complete sentences, no longer than those they were trained on."""

import re
from collections.abc import Iterator
from itertools import pairwise

from shared.pipeline import language

_STOPS = ".!?。！？"
_DROPPED = re.compile(r"[\"“”„«»「」『』‘’]|(?<!\w)'|'(?!\w)|\.{2,}|…+|。{2,}|・{2,}")
_TRAILING = " ,;:-–—、，；：・"
# Where a text is split, best first: after a sentence, after a clause, between words, anywhere.
_SEAMS = (re.compile(r"(?<=[.!?])\s+|(?<=[。！？])"), re.compile(r"(?<=[,;:])\s+|(?<=[、，；：])"), re.compile(r"\s+"))


def closed(text: str, code: str) -> str:
    """`text` without quotation marks and ellipses, ended by a full stop: an unfinished text makes models add sounds."""
    stop = "." if language(code).spaces else "。"
    plain = " ".join(_DROPPED.sub(" ", text.replace("’", "'")).split()).rstrip(_TRAILING)
    plain = re.sub(r"\s+([.!?,;:])", r"\1", plain)
    return plain if plain[-1:] in _STOPS else plain + stop


def pieces(text: str, most: int) -> list[str]:
    """`text` in as few parts of at most `most` characters as possible."""
    return list(_pack(_parts(text.strip(), most, _SEAMS), most))


def _parts(text: str, most: int, seams: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    """Parts with the white space that follows them, none longer than `most`."""
    if len(text.rstrip()) <= most:
        yield text
    elif not seams:
        yield from (text[start : start + most] for start in range(0, len(text), most))
    else:
        edges = [0, *(match.end() for match in seams[0].finditer(text)), len(text)]
        for start, end in pairwise(edges):
            yield from _parts(text[start:end], most, seams[1:])


def _pack(parts: Iterator[str], most: int) -> Iterator[str]:
    packed = ""
    for part in parts:
        if packed and len((packed + part).rstrip()) > most:
            yield packed.strip()
            packed = ""
        packed += part
    if packed.strip():
        yield packed.strip()
