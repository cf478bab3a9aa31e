"""Japanese in its reading: eSpeak NG says "Chinese letter" for every kanji, so kanji become kana first."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from services.cloner.engines.base import Fault

_KANJI = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆]")
_KEPT = re.compile(r"([A-Za-z][A-Za-z0-9'.-]*|[^\w\s]+)")
"""Latin words, which eSpeak NG reads by itself, and punctuation."""

Analyse = Callable[[str], Sequence[Mapping[str, Any]]]
"""The words of a text, each with `string`, `pron` and `chain_flag` (1: of the phrase before it)."""


class KanaReader:
    """Open JTalk's dictionary, which knows how words sound: は as ワ if it is a particle, 東京 as トーキョー."""

    def __init__(self, analyse: Analyse) -> None:
        self._analyse = analyse

    def read(self, text: str) -> str | Fault:
        """Write `text` in kana, spaces between phrases; a Fault names a kanji whose reading is unknown."""
        phrases: list[str] = []
        for number, part in enumerate(_KEPT.split(unicodedata.normalize("NFKC", text))):
            if not number % 2:
                phrases += self._phrases(part)
            elif part[0].isalpha() or not phrases:
                phrases.append(part)
            else:
                phrases[-1] += part
        read = " ".join(phrases)
        if kanji := _KANJI.search(read):
            return Fault(f"no reading is known for '{kanji.group()}': write it in kana")
        return read

    def _phrases(self, part: str) -> list[str]:
        found: list[str] = []
        for word in self._analyse(part) if part.strip() else ():
            said = str(word["pron"]).replace("’", "").replace("ヲ", "オ")
            said = said if any(char.isalpha() for char in said) else str(word["string"])
            if found and word["chain_flag"] == 1:
                found[-1] += said
            else:
                found.append(said)
        return found


def find_kana_reader() -> KanaReader | None:
    """The reader, or None when Open JTalk is not installed."""
    if find_spec("pyopenjtalk") is None:
        return None
    import pyopenjtalk

    reader = KanaReader(pyopenjtalk.run_frontend)
    reader.read("準備")  # the dictionary is paged in now, not during the first line
    return reader
