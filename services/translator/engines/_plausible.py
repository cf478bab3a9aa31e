"""Whether a text can be the translation of a line at all: detects what language models say instead."""

import re
import unicodedata

COPIED = "the line itself, not translated"

_WORD = re.compile(r"[^\W\d_]+")
_OWN_SHARE = 0.3
_SAME_SHARE = 0.8
_FEW_WORDS = 3
"""Fewer may be a name, or the same in both languages."""
_HAN_ONLY = 12
"""Japanese with more characters than this contains kana."""

_REFUSAL = re.compile(
    r"\bas an? (?:ai|language model|ai language model)\b"
    r"|\bi(?:['’]m| am) (?:sorry|unable|not able)\b.*\b(?:translat|assist|request|comply|content)\w*"
    r"|\bi (?:can(?:no|['’])t|won['’]t|will not) (?:translate|assist|comply|help with (?:that|this)|provide)\b"
    r"|\bthis (?:content|request|text) (?:violates|is not|cannot)\b",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPTS = {"ko": ("HANGUL",), "ja": ("HIRAGANA", "KATAKANA", "CJK"), "zh": ("CJK",)}


def fault(text: str, source_text: str, target: str) -> str | None:
    """What is wrong with `text` as a translation of `source_text`; None when nothing is seen."""
    if not text.strip():
        return "an empty text"
    if _has_letters(source_text) and not any(letter.isalnum() for letter in text):
        return "no words"
    if _REFUSAL.search(text) and not _REFUSAL.search(source_text):
        return "a refusal instead of a translation"
    if len(text) > 60 + 8 * len(source_text):
        return "far longer than the line"
    if _is_source(text, source_text):
        return COPIED
    if not _is_in_script(text, source_text, target):
        return f"not written as {target} is"
    return None


def _has_letters(text: str) -> bool:
    return any(letter.isalpha() for letter in text)


def _is_source(text: str, source_text: str) -> bool:
    """Whether nearly all words are those of the source."""
    words, source_words = (_WORD.findall(each.casefold()) for each in (text, source_text))
    if len(source_words) < _FEW_WORDS:
        return False
    same = sum(word in source_words for word in words)
    return same >= _SAME_SHARE * len(words) and len(words) >= _SAME_SHARE * len(source_words)


def _is_in_script(text: str, source_text: str, target: str) -> bool:
    letters = [unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha()]
    if not letters:
        return True
    if text.strip() == source_text.strip() and len(text.split()) < _FEW_WORDS and set(letters) == {"LATIN"}:
        return True  # a name, a brand, "OK"
    wanted = _SCRIPTS.get(target, ("LATIN",))
    if sum(name in wanted for name in letters) < _OWN_SHARE * len(letters):
        return False
    return target != "ja" or set(letters) != {"CJK"} or len(letters) <= _HAN_ONLY
