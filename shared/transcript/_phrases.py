"""Where a text may be broken: between words, and in scripts without spaces between phrases."""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budoux import Parser

CLOSING = "、。，．！？：；）」』】》〉…,.!?:;)"
_NEVER_FIRST = CLOSING + "ーっゃゅょぁぃぅぇぉッャュョァィゥェォゎヮ々〜"
"""Closing punctuation, small kana and what prolongs the sound before it."""
_KANA = re.compile(r"[\u3041-\u30ff]")
_ONE_TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.,:'’%/-]*")
_WORD_WITH_SPACE = re.compile(r"\S+\s*")


def phrases(text: str, *, spaces: bool) -> list[str]:
    """Cut `text` where it may be broken; the pieces join to `text` again.

    With `spaces` between words these are words with the space after them. Japanese and Chinese are cut between
    phrases (BudouX), never inside a figure or a Latin word, and no piece begins with what has to follow its character.
    """
    if spaces:
        return _WORD_WITH_SPACE.findall(text)
    parser = _parser(japanese=bool(_KANA.search(text)))
    joined: list[str] = []
    tokens = [found.span() for found in _ONE_TOKEN.finditer(text)]
    position = 0
    for piece in parser.parse(text):
        inside_token = any(start < position < end for start, end in tokens)
        if joined and (inside_token or piece[0] in _NEVER_FIRST):
            joined[-1] += piece
        else:
            joined.append(piece)
        position += len(piece)
    return joined


def pieces_of_at_most(text: str, most: int, *, spaces: bool) -> list[str]:
    """Like `phrases`, where a phrase of a script without spaces that is longer than `most` is cut in it too."""
    found = phrases(text, spaces=spaces)
    return found if spaces else [part for phrase in found for part in _cut(phrase, most)]


def _cut(phrase: str, most: int) -> Iterator[str]:
    while len(phrase) > most:
        at = most
        while at > 1 and phrase[at] in _NEVER_FIRST:
            at -= 1
        yield phrase[:at]
        phrase = phrase[at:]
    yield phrase


@cache
def _parser(*, japanese: bool) -> "Parser":
    import budoux

    return budoux.load_default_japanese_parser() if japanese else budoux.load_default_simplified_chinese_parser()
