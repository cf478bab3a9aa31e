"""Which language a text is written in, by py3langid (a naive Bayes classifier over n-grams of bytes)."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""Those subtitles are found in. Among all 97 it knows, a text of a few lines is often taken for a dialect."""
_SAMPLE = 4000
"""Characters, from all over the file: more make it no surer."""
_LEAST = 60
"""Bytes in letters: a sentence or two. Less, such as a row of names or replies, may be in any language."""
_SURE = 0.95


def reads_like(texts: Sequence[str], said: str) -> str | None:
    """The language that `texts` are plainly written in, where that is another than they are `said` to be in.

    None where it is that one, where they are too short to tell, or in two languages at once.
    """
    sample = _sample(texts)
    if said not in _NAMES or sum(len(char.encode()) for char in sample if char.isalpha()) < _LEAST:
        return None
    found, sure = _identifier().classify(sample)
    return str(found) if found != said and sure >= _SURE else None


def language_named(code: str) -> str:
    """The English name of a language that `reads_like` may tell."""
    return _NAMES.get(code, code)


def _sample(texts: Sequence[str]) -> str:
    step = max(1, sum(map(len, texts)) // _SAMPLE)
    return " ".join(_rows(texts[::step]))[:_SAMPLE]


def _rows(texts: Iterable[str]) -> Iterable[str]:
    return (text.replace("\n", " ") for text in texts)


@cache
def _identifier() -> "LanguageIdentifier":
    """Loaded when it is first needed: a second, and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_NAMES))
    return identifier
