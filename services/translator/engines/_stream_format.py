"""Apertium's stream format: text with its special characters escaped, and words with their analyses.

https://wiki.apertium.org/wiki/Apertium_stream_format
"""

import re
from dataclasses import dataclass

_SPECIAL = re.compile(r"([\[\]{}^$/\\@<>])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
RECORD_END = b"[]"
"""An empty blank, which every tool passes on: a record without it is incomplete."""

_UNIT = re.compile(r"\^((?:\\.|[^/$\\])*)/((?:\\.|[^$\\])*)\$")
_SENTENCE_END = (".", "?", "!")


@dataclass(frozen=True)
class Unit:
    """A word as the dictionary knows it: every reading is a lemma with its tags, `*word` when unknown."""

    surface: str
    readings: tuple[str, ...]


def to_record(text: str) -> bytes:
    """Render `text` as one record of the null-flush mode, ended like a sentence so that no word waits for more."""
    text = _CONTROL.sub(" ", text).strip()
    stop = "" if text.endswith(_SENTENCE_END) else "."
    return _SPECIAL.sub(r"\\\1", text).encode() + stop.encode() + RECORD_END + b"\0"


def from_record(record: bytes, text: str) -> str:
    """Read the translation of `text` back, without what `to_record` added."""
    body = record.replace(RECORD_END, b"").decode("utf-8", "replace")
    if not text.strip().endswith(_SENTENCE_END):
        body = body.rstrip().removesuffix(".")
    return _ESCAPED.sub(r"\1", body).strip()


def to_analyse(words: list[str]) -> bytes:
    """Render `words`, each a sentence of its own."""
    return b"".join(_SPECIAL.sub(r"\\\1", _CONTROL.sub(" ", word)).encode() + b".[]\n" for word in words)


def read_units(analysed: bytes) -> list[list[Unit]]:
    """Read back the analyses of the words of `to_analyse`, in order."""
    return [
        [Unit(surface, tuple(readings.split("/"))) for surface, readings in _UNIT.findall(row)]
        for row in analysed.decode("utf-8", "replace").splitlines()
    ]
