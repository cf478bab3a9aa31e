"""Translated lines per second: the engine asked for a shard at once, and by four jobs at a time, against one by one.

The model has the layers of NLLB-200 600M (12 and 12 of 1024, feed-forward 4096, 16 heads) in int8 and 64 000 tokens
instead of 256 000. Its weights are computed and it knows a few words, so that its answers are as long as translations
are. The ways take turns, so that whatever else the machine does meets all of them.
"""

import json
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.measure import folder
from services.translator.engines import Line, Passage, create_translator
from services.translator.engines.ctranslate2 import CTranslate2Translator
from services.translator.settings import TranslatorSettings
from shared.models import ModelSettings
from shared.observability import configure_logging
from shared.pipeline import CancelToken
from tests.support.scripted_translator import Script, Shape, build_translator

WORDS = {"the": "la", "house": "casa", "is": "es", "big": "grande", "dog": "perro", "sleeps": "duerme"}
NLLB_600M = Shape(layers=12, size=1024, heads=16, inner=4096, tokens=64_000, quantization="int8", noise=1e-7)
SHARD = 32
ALONE = 8
JOBS = 4
ROUNDS = 3


def _lines(count: int, seed: int) -> list[str]:
    """Lines of 6 to 24 words, each another."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(list(WORDS), k=chance.randint(6, 24))) for _ in range(count)]


def _translate(engine: CTranslate2Translator, texts: Sequence[str]) -> None:
    passage = Passage("en", "es", tuple(Line(index, text, 500) for index, text in enumerate(texts)))
    for found in engine.translate(passage, CancelToken()):
        wanted = " ".join(WORDS[word] for word in texts[found.index].split())
        assert found.candidates[0] == wanted, (found, wanted)


def _one_by_one(engine: CTranslate2Translator, texts: Sequence[str]) -> None:
    for text in texts:
        _translate(engine, [text])


def _by_jobs(engine: CTranslate2Translator, texts: Sequence[str]) -> None:
    """Each job asks for one line at a time, as jobs do that repeat lines or do one again."""
    share = len(texts) // JOBS
    parts = [texts[start : start + share] for start in range(0, len(texts), share)]
    threads = [threading.Thread(target=_one_by_one, args=(engine, part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _rate(
    way: Callable[[CTranslate2Translator, Sequence[str]], None], engine: CTranslate2Translator, count: int
) -> float:
    """Lines per second, over lines of the same lengths for every way."""
    texts = _lines(count, seed=count)
    began = time.perf_counter()
    way(engine, texts)
    return count / (time.perf_counter() - began)


def measure(path: Path) -> dict[str, object]:
    """Median rates and their ratios."""
    built = build_translator(path / "nllb-600m-shaped", Script(WORDS), NLLB_600M)
    settings = TranslatorSettings(translator="ctranslate2", translation_model=str(built))
    engine = create_translator(settings, ModelSettings(device="cpu"))
    assert isinstance(engine, CTranslate2Translator)
    rates: dict[str, list[float]] = {"alone": [], "shard": [], "jobs": []}
    for _ in range(ROUNDS):
        rates["alone"].append(_rate(_one_by_one, engine, ALONE))
        rates["shard"].append(_rate(_translate, engine, SHARD))
        rates["jobs"].append(_rate(_by_jobs, engine, ALONE * 2))
    engine.close()
    alone, shard, jobs = (statistics.median(rates[way]) for way in ("alone", "shard", "jobs"))
    return {
        "model": "NLLB-200 600M layers, int8, 4 beams, CPU",
        "alone_lines_per_s": round(alone, 3),
        "shard_lines_per_s": round(shard, 3),
        "jobs_lines_per_s": round(jobs, 3),
        "shard_ratio": round(shard / alone, 2),
        "jobs_ratio": round(jobs / alone, 2),
    }


if __name__ == "__main__":
    configure_logging("batching", "WARNING")
    with folder() as here:
        json.dump(measure(here), sys.stdout)
