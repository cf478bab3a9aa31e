"""Break a line of subtitle text into rows."""

import textwrap

from shared.pipeline import SubtitleLimits
from shared.transcript._phrases import pieces_of_at_most


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


def _wrap_characters(text: str, limits: SubtitleLimits) -> list[str]:
    """Rows of about equal length for scripts without spaces, broken between phrases."""
    pieces = pieces_of_at_most(text, limits.row_chars, spaces=False)
    fewest = -(-len(text) // limits.row_chars)
    for count in range(fewest, len(pieces) + 1):
        for width in range(-(-len(text) // count), limits.row_chars + 1):
            rows = _filled(pieces, width)
            if len(rows) <= count:
                return rows
    return _filled(pieces, limits.row_chars)


def _filled(pieces: list[str], width: int) -> list[str]:
    rows: list[str] = []
    for piece in pieces:
        if rows and len((rows[-1] + piece).strip()) <= width:
            rows[-1] += piece
        else:
            rows.append(piece)
    return [row.strip() for row in rows]
