"""Text of a cue without markup. No pattern looks further from one place than from the next: one sign repeated a
million times takes no longer than other text."""

import html
import re
from collections.abc import Iterator

_NAMES = "b|i|u|s|c|v|lang|ruby|rt|rp|font|span|em|strong|p|div|small|big|strike|center"
_TAG = re.compile(rf"<(?:/ ?)?(?:{_NAMES})(?:[.\s][^<>]*)?/?>|< ?/ ?(?:{_NAMES}) ?>|< (?:b|i|u|font)>", re.IGNORECASE)
_BREAK = re.compile(r"<br ?/?>|\\[Nn]", re.IGNORECASE)
_READING_AID = re.compile(r"<r[tp]>[^<>]*</r[tp]>", re.IGNORECASE)
_INLINE_TIME = re.compile(r"<\d{1,4}:\d{1,2}[\d:.,]{0,12}>")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}|\{[YyFfSsCcPp]:[^{}]*\}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});")
_DROPPED = re.compile("[\0\ud800-\udfff\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""What is not seen, and what no database takes: NUL and halves of surrogate pairs, which JSON can hold."""
_VOICE = re.compile(r"<v(?:\.[^<>\s]*)?\s([^<>]{1,200})>", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` without tags, with entities read and without empty rows."""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", _INLINE_TIME.sub("", _READING_AID.sub("", text))))
    if "{" in text:  # braces are text but for commands that found their way from ASS or MicroDVD
        text = _OVERRIDE.sub("", text)
    if "\\" in text:
        text = _BREAK.sub("\n", text).replace("\\h", " ")
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    return rows(_DROPPED.sub("", text).replace("\u00a0", " "))


def rows(text: str) -> str:
    """Without empty rows, which would end a cue, and without space at the ends."""
    return "\n".join(row.strip() for row in text.split("\n") if row.strip())


def has_inline_times(text: str) -> bool:
    """Whether words carry their own times, as in captions that were made while somebody spoke."""
    return "<" in text and _INLINE_TIME.search(text) is not None


def voices(text: str) -> Iterator[tuple[str, str]]:
    """(name, text) for each `<v Name>`; text before the first of them has no name."""
    parts = _VOICE.split(text) if "<v" in text or "<V" in text else [text]
    yield "", parts[0]
    for name, said in zip(parts[1::2], parts[2::2], strict=True):
        yield " ".join(plain(name).split()), said
