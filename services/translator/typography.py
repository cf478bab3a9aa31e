"""Make an engine's output look like a written line: spaces, capitals, the punctuation of the language."""

import re
from collections.abc import Collection

_SPACES = re.compile(r"\s+")
_SPACE_BEFORE_MARK = re.compile(r"\s+([,.](?!\d)|[,.]$)")
_SPACE_BEFORE_HIGH_MARK = re.compile(r"\s+([;:!?])")
_SENTENCE = re.compile(r".+?(?:[.!?…]+(?=\W*(?:\s|$))|$)")
_LETTER = re.compile(r"[^\W\d_]")


def finish(translated: str, source_text: str, target: str, kept: Collection[str] = ()) -> str:
    """Set `translated`, a rendering of `source_text`, as is usual in `target`.

    The first letter gets the case of the source's; texts in `kept` stay as they are.
    """
    text = _SPACES.sub(" ", translated).strip()
    text = _SPACE_BEFORE_MARK.sub(r"\1", text)
    if target != "fr":  # French has a space before these
        text = _SPACE_BEFORE_HIGH_MARK.sub(r"\1", text)
    if not any(fixed and text.startswith(fixed) for fixed in kept):
        text = _with_case_of(text, source_text)
    return _SENTENCE.sub(_with_inverted_mark, text) if target == "es" else text


def _with_case_of(text: str, source_text: str) -> str:
    first, wanted = _LETTER.search(text), _LETTER.search(source_text)
    if first is None or wanted is None or re.match(r"I\b", text[first.start() :]):
        return text
    position = first.start()
    rest = text[position + 1 :]
    if wanted[0].isupper():
        return text[:position] + first[0].upper() + rest
    return text if rest[:1].isupper() else text[:position] + first[0].lower() + rest


def _with_inverted_mark(sentence: re.Match[str]) -> str:
    """Open a Spanish question or exclamation with its mark; a preceding dash stays outside."""
    text = sentence[0]
    opening = {"?": "¿", "!": "¡"}.get(text[-1])
    start = re.match(r"[\s\-–—\"“«(]*", text)
    if opening is None or start is None or opening in text or not _LETTER.search(text):
        return text
    return text[: start.end()] + opening + text[start.end() :]
