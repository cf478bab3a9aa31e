"""chrF of every translator here on sentences that people translated: `python -m benchmarks.speech.translating`.

The sentences are those of message catalogues in packages of Debian, which are parallel in all languages offered. They
are about software: films are about other things, and a model may have been trained on them.
"""

import gettext
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sacrebleu.metrics.chrf import CHRF

from benchmarks.speech.archives import Archive, ArchiveError
from benchmarks.speech.hearing import models
from benchmarks.speech.scores import cpu_s, peak_mb, tell
from localclip import weights
from services.translator.engines import create_translator
from services.translator.engines.base import Line, Passage, Translator
from services.translator.settings import TranslatorSettings
from shared.models import CATALOGUE
from shared.pipeline import CancelToken

_LIST = Path(__file__).with_name("catalogues.json")
_LOCALES = {"de": "de", "es": "es", "fr": "fr", "ja": "ja", "zh_CN": "zh", "ko": "ko", "id": "id"}
_CATALOGUE = re.compile(r"usr/share/locale/([^/]+)/LC_MESSAGES/.*\.mo")
_SENTENCE = re.compile(r"[A-Z][^%<>{}_\n|=/\\“”\"()]{20,160}[.?!]")
_WORDS, _PAIRS, _BATCH = 5, 240, 24


def sentences() -> list[dict[str, str]]:
    """Sentences in all languages, the same every time; empty where no archive can be had."""
    found: dict[str, dict[str, str]] = {}
    for name, source in json.loads(_LIST.read_text(encoding="utf-8"))["archives"].items():
        try:
            for text, language, translated in _entries(Archive(name, **source)):
                found.setdefault(text, {"en": text})[language] = translated
        except ArchiveError as reason:
            tell(f"left out: {reason}")
    whole = [found[text] for text in sorted(found) if len(found[text]) == len(_LOCALES) + 1]
    step = max(1, len(whole) // _PAIRS)
    return whole[::step][:_PAIRS]


def _entries(archive: Archive) -> Iterator[tuple[str, str, str]]:
    """Whole sentences of an archive: English, a language, and what it is there."""
    for path, content in archive.read():
        matched = _CATALOGUE.fullmatch(path)
        language = _LOCALES.get(matched[1]) if matched else None
        if language is None:
            continue
        entries: dict[Any, str] = vars(gettext.GNUTranslations(io.BytesIO(content)))["_catalog"]
        for key, translated in entries.items():
            text = key.rpartition("\x04")[2] if isinstance(key, str) else ""
            whole = _SENTENCE.fullmatch(text) and len(text.split()) >= _WORDS
            if whole and translated != text and not set("%<{\n") & set(translated):
                yield text, language, translated


def here() -> list[str]:
    """Translators that can be tried: Apertium, and every model of translation whose weights are here."""
    found = [model.name for model in CATALOGUE if re.match("nllb|m2m|madlad|opus", model.name)]
    return ["apertium", *(name for name in found if weights.state(weights.find(name), models()) == "here")]


def main(names: list[str] | None = None) -> dict[str, Any]:
    """Figures of all translators."""
    found: dict[str, Any] = {}
    for name in here() if names is None else names:
        tell(f"translating: {name}")
        command = [sys.executable, "-m", "benchmarks.speech.translating", "--one", name]
        found[name] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
    return found


def one(name: str) -> dict[str, Any]:
    """Figures of one translator over all pairs it does."""
    settings = TranslatorSettings(translator="apertium")
    if name != "apertium":
        settings = TranslatorSettings(translator="ctranslate2", translation_model=name)
    lines = sentences()
    translator = create_translator(settings, models())
    known = {"en", *_LOCALES.values()}
    asked = translator.info.pairs or [(one, other) for one in known for other in known if one != other]
    pairs, began = {}, cpu_s()
    for source, target in sorted(pair for pair in asked if set(pair) <= known):
        pairs[f"{source}-{target}"] = _pair(translator, lines, source, target)
        tell(f"  {source} → {target}: {pairs[f'{source}-{target}']}")
    done = len(pairs) * len(lines) or 1
    translator.close()
    return {
        "pairs": pairs,
        "sentences": len(lines),
        "cpu_per_line": round((cpu_s() - began) / done, 4),
        "peak_mb": peak_mb(),
    }


def _pair(translator: Translator, lines: list[dict[str, str]], source: str, target: str) -> float:
    texts: list[str] = []
    for first in range(0, len(lines), _BATCH):
        part = lines[first : first + _BATCH]
        asked = tuple(Line(number, entry[source], 400) for number, entry in enumerate(part))
        answers = {one.index: one for one in translator.translate(Passage(source, target, asked), CancelToken())}
        found = [answers.get(number) for number in range(len(part))]
        texts += [one.candidates[0] if one is not None and one.candidates else "" for one in found]
    score: float = CHRF().corpus_score(texts, [[entry[target] for entry in lines]]).score
    return round(score, 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2])))
    else:
        print(json.dumps(main(sys.argv[1:] or None), indent=2))
