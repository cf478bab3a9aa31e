"""Break a line of subtitle text into rows."""

import textwrap

from shared.pipeline import SubtitleLimits


def wrap_text(text: str, limits: SubtitleLimits, *, spaces: bool) -> list[str]:
    """Split `text` into balanced rows of at most `limits.row_chars` characters.

    `spaces` tells whether the language separates words by spaces. More rows than `limits.rows` come back when the
    text is too long: text is never dropped.
    """
    text = " ".join(text.split())
    if len(text) <= limits.row_chars:
        return [text] if text else []
    if not spaces:
        return _wrap_characters(text, limits)
    rows = -(-len(text) // limits.row_chars)
    # A narrower row would break a word that fits into one; only longer words have to be broken.
    narrowest = max((len(word) for word in text.split() if len(word) <= limits.row_chars), default=1)
    for count in range(rows, len(text) + 1):
        for width in range(max(narrowest, -(-len(text) // count)), limits.row_chars + 1):
            wrapped = textwrap.wrap(text, width, break_long_words=True, break_on_hyphens=False)
            if len(wrapped) <= count:
                return wrapped
    return textwrap.wrap(text, limits.row_chars)


_CLOSING = "、。，．！？：；）」』】》〉…,.!?:;)"


def _wrap_characters(text: str, limits: SubtitleLimits) -> list[str]:
    """Rows of equal length for scripts without spaces; a row never begins with closing punctuation."""
    count = -(-len(text) // limits.row_chars)
    width = -(-len(text) // count)
    rows: list[str] = []
    while text:
        cut = min(width, len(text))
        while cut < len(text) and text[cut] in _CLOSING and cut < limits.row_chars:
            cut += 1
        rows.append(text[:cut].strip())
        text = text[cut:].lstrip()
    return rows
