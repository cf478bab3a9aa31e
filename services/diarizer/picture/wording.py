"""Which languages rows are written in, and which of two is the spoken one."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from shared.spoken.chinese import script_of
from shared.transcript import reads_like

_KANA_SHARE = 0.05


def kind_of(text: str) -> str | None:
    """The letters most of `text` is written in: `han`, `kana`, `hangul`, `latin`, or None if it has none."""
    counts = Counter(kind for letter in text if (kind := _kind(letter)))
    if (
        counts["kana"] > _KANA_SHARE * (counts["kana"] + counts["han"])
        and counts["kana"] + counts["han"] > counts["latin"]
    ):
        return "kana"
    return counts.most_common(1)[0][0] if counts else None


def language_written(texts: Sequence[str]) -> str | None:
    """The language of `texts` in one kind of letters; None if it is not an offered one."""
    joined = "".join(texts)
    match kind_of(joined):
        case "kana":
            return "ja"
        case "hangul":
            return "ko"
        case "han":
            return "zh"
        case "latin":
            return reads_like(texts, "en") or "en"
    return None


def chinese_script(texts: Sequence[str]) -> str:
    """Simplified or Traditional, whichever most of `texts` that differ between them are written in."""
    return script_of("\n".join(texts))


def group_of(text: str) -> str | None:
    """The script that distinguishes the rows of two languages: East Asian or Latin."""
    kind = kind_of(text)
    return "latin" if kind == "latin" else "asian" if kind else None


_FULL_WIDTH = str.maketrans("?!,:;()", "？！，：；（）")


def as_written(text: str) -> str:
    """Full-width punctuation between East Asian letters, which the engine sometimes reads as narrow."""
    return text.translate(_FULL_WIDTH) if kind_of(text) in ("han", "kana") else text


def _kind(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    name = unicodedata.name(letter, "")
    for start, kind in (("CJK", "han"), ("HIRAGANA", "kana"), ("KATAKANA", "kana"), ("HANGUL", "hangul")):
        if name.startswith(start):
            return kind
    return "latin" if name.startswith("LATIN") else None
