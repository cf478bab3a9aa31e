"""Chinese as it is asked for: Whisper writes what it has read most of, Traditional as often as Simplified."""

from collections.abc import Sequence
from typing import Literal

from opencc import OpenCC

from shared.transcript import Word

Script = Literal["simplified", "traditional"]

PROMPTS: dict[Script, str] = {"simplified": "以下是普通话的句子。", "traditional": "以下是普通話的句子。"}
"""Said to come before: Whisper then writes punctuation, which it does by itself in other languages."""

_CONVERSIONS: dict[Script, str] = {"simplified": "t2s", "traditional": "s2t"}


class ChineseScript:
    """Converts words by OpenCC, whose dictionaries know which character a phrase wants."""

    def __init__(self, script: Script) -> None:
        self.prompt = PROMPTS[script]
        self._converter = OpenCC(_CONVERSIONS[script])

    def words(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """`words` in the script, read together so that phrases are seen, and cut where they were."""
        texts = [word.text for word in words]
        converted: str = self._converter.convert("".join(texts))
        if len(converted) != sum(map(len, texts)):
            return tuple(word.model_copy(update={"text": self._converter.convert(word.text)}) for word in words)
        cut, at = [], 0
        for word in words:
            cut.append(word.model_copy(update={"text": converted[at : at + len(word.text)]}))
            at += len(word.text)
        return tuple(cut)
