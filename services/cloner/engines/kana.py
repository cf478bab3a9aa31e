"""Japanese as it is read: eSpeak NG calls every kanji "Chinese letter", so kanji become kana first."""

import re
import unicodedata
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from services.cloner.engines.base import Fault

_KANJI = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆]")
_LATIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9'.,%-]*")
_EVERYDAY = {"私": "ワタシ", "日本": "ニホン"}  # where the dictionary has the formal reading
_ATTACHED = {"助詞", "助動詞", "接尾辞", "補助記号"}  # particles, auxiliaries, suffixes, punctuation


class KanaReader:
    """MeCab with UniDic, which knows how words sound: は as ワ where it is a particle, 東京 as トーキョー."""

    def __init__(self, tagger: Any) -> None:
        self._tagger = tagger

    def read(self, text: str) -> str | Fault:
        """Write `text` in kana, spaces between phrases; a Fault names a kanji whose reading is not known."""
        phrases: list[str] = []
        for word in self._tagger(unicodedata.normalize("NFKC", text)):
            reading = self._reading(word)
            if kanji := _KANJI.search(reading):
                return Fault(f"no reading is known for '{kanji.group()}': write it in kana")
            if phrases and word.feature.pos1 in _ATTACHED:
                phrases[-1] += reading
            else:
                phrases.append(reading)
        # Letters and figures glued to kana are spelled out together with it.
        return " ".join(_LATIN.sub(r" \g<0> ", " ".join(phrases)).split())

    def _reading(self, word: Any) -> str:
        surface = str(word.surface)
        if surface in _EVERYDAY:
            return _EVERYDAY[surface]
        if pronounced := word.feature.pron:
            return surface if pronounced == "*" else str(pronounced)
        return "".join(self._each(surface)) if len(surface) > 1 else surface

    def _each(self, surface: str) -> Iterator[str]:
        for character in surface:
            if not _KANJI.match(character):
                yield character
                continue
            for part in self._tagger(character):
                yield str(part.feature.pron or character)


def find_kana_reader() -> KanaReader | None:
    """The reader, or None when fugashi or unidic-lite are not installed."""
    if find_spec("fugashi") is None or find_spec("unidic_lite") is None:
        return None
    import fugashi

    reader = KanaReader(fugashi.Tagger())
    reader.read("準備")  # the dictionary is paged in now, not under the first line
    return reader
