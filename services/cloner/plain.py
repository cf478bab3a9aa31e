"""The part of a line's text that is spoken."""

import re
import unicodedata

# Sound descriptions of subtitles: always in square brackets; in round ones only if the line has nothing else,
# because a translation may speak its parentheses.
_DESCRIPTION = re.compile(r"\[[^\]]*\]|［[^］]*］|【[^】]*】|^\s*[(（][^()（）]*[)）]\s*[.!?。！？]*\s*$")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|\{\\[^{}]*\}")
_DIALOGUE_DASH = re.compile(r"(?m)^\s*[-–—‐]+(?!\d)\s*")  # before a digit it is a minus
_READ_ALOUD = re.compile(r"[*_~^|\\`<>{}\[\]［］【】\"“”„«»「」『』]")
_KEPT_SYMBOLS = "°"
_VARIATION_SELECTORS = "\ufe0e\ufe0f"


def unmarked(text: str) -> str:
    """`text` without markup, sound descriptions and the dashes of a dialogue; digits and signs remain."""
    text = unicodedata.normalize("NFC", text)
    text = _MARKUP.sub(" ", text)
    text = _DESCRIPTION.sub(" ", text)
    return " ".join(_DIALOGUE_DASH.sub(" ", text).split())


def plain(text: str) -> str:
    """Reduce `text` to what a voice should say: no markup, sound descriptions, emoji or quotation marks.

    Returns an empty string when nothing is left that can be said.
    """
    text = _READ_ALOUD.sub(" ", unmarked(text))
    text = "".join(" " if _unspeakable(character) else character for character in text)
    text = " ".join(text.split())
    return text if any(unicodedata.category(character)[0] in "LN" for character in text) else ""


def _unspeakable(character: str) -> bool:
    """Emoji and pictures, which engines read out by name; control and format characters, which confuse them."""
    if character in _KEPT_SYMBOLS:
        return False
    return character in _VARIATION_SELECTORS or unicodedata.category(character) in {"So", "Sk", "Cc", "Cf", "Co", "Cn"}
