"""Chinese in one of its scripts, by OpenCC, whose dictionaries know which character a phrase needs."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from shared.pipeline import ChineseScript
from shared.transcript import Word

_CONVERSIONS: dict[str, str] = {"zh-Hans": "t2s", "zh-Hant": "s2t"}


@cache
def _converter(script: ChineseScript) -> Any:
    from opencc import OpenCC

    return OpenCC(_CONVERSIONS[script])


def in_script(text: str, script: ChineseScript) -> str:
    """`text` with its Chinese in `script`; everything else stays."""
    converted: str = _converter(script).convert(text)
    return converted


def script_of(text: str) -> ChineseScript:
    """The script a text is written in; a text that is the same in both counts as Simplified."""
    return "zh-Hans" if in_script(text, "zh-Hans") == text else "zh-Hant"


def words_in_script(words: Sequence[Word], script: ChineseScript) -> tuple[Word, ...]:
    """`words` in the script, read together so that phrases are seen, and cut where they were."""
    texts = [word.text for word in words]
    converted = in_script("".join(texts), script)
    if len(converted) != sum(map(len, texts)):
        return tuple(word.model_copy(update={"text": in_script(word.text, script)}) for word in words)
    cut, at = [], 0
    for word in words:
        cut.append(word.model_copy(update={"text": converted[at : at + len(word.text)]}))
        at += len(word.text)
    return tuple(cut)
