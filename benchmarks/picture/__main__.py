"""Read, cover and localise subtitles in clips made here; prints JSON: `python -m benchmarks.picture [every]`.

`every` takes an n-th of the clips: all sixty take half an hour of a core.
"""

import json
import logging
import random
import sys
import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any

import structlog

from benchmarks.picture.clips import BACKGROUNDS, STYLES, Clip
from benchmarks.picture.measuring import measure, plainly
from services.diarizer.engines import create_picture_text
from services.diarizer.settings import DiarizerSettings
from shared.models import ModelSettings

_LANGUAGES = ("zh-Hans", "zh-Hant", "ja", "zh-Hans", "en", "ko")
_KINDS = ("plain", "two", "fades", "bilingual", "karaoke", "plain", "plain")
_BESIDE = ((), ("logo",), ("ticker", "clock"), (), ("logo", "sign"))
_SIZES = ((640, 360), (640, 360), (360, 640), (1280, 720), (640, 360))
_CRFS = (18, 23, 28, 32)
_COUNT, _EMPTY, _PLAIN_EVERY = 60, 10, 6


def clips() -> list[Clip]:
    """Sixty clips in which everything meets everything."""
    return [_clip(number) for number in range(_COUNT)]


def _clip(number: int) -> Clip:
    language, kind = _LANGUAGES[number % 6], _KINDS[number % 7]
    width, height = _SIZES[number // 3 % 5]
    return Clip(
        f"clip{number:02d}",
        language,
        list(STYLES)[number % 5],
        list(BACKGROUNDS)[number % 4],
        width,
        height,
        crf=_CRFS[number // 3 % 4],
        kind="plain" if kind == "bilingual" and not language.startswith("zh") else kind,
        beside=_BESIDE[number // 2 % 5],
        first=number % 5,
    )


def empty() -> list[Clip]:
    """Ten without subtitles, beside everything else that is written in videos."""
    beside = cycle(((), ("logo",), ("logo", "clock"), ("ticker",), ("sign", "clock")))
    looks = cycle(BACKGROUNDS)
    return [Clip(f"empty{n}", background=next(looks), kind="none", beside=next(beside)) for n in range(_EMPTY)]


def main(every: int = 1) -> None:
    """Measure each clip by itself; nothing of one is kept for the next."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    engine, _ = create_picture_text(DiarizerSettings(picture_text="rapidocr"), ModelSettings())
    assert engine is not None
    chosen = random.Random(1).sample(clips(), _COUNT // every)  # else a step would meet the same style again and again
    found: dict[str, list[dict[str, Any]]] = {"clips": [], "empty": [], "plain": []}
    parts = [("clips", chosen, measure), ("empty", empty()[::every], measure)]
    parts.append(("plain", [clip for clip in chosen[::_PLAIN_EVERY] if clip.language != "ko"], plainly))
    for name, some, how in parts:
        for clip in some:
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(how(clip, Path(folder), engine))
            sys.stderr.write(f"{name} {json.dumps(found[name][-1], ensure_ascii=False)}\n")
    print(json.dumps({"of": _COUNT, "korean": "ko" in engine.info.languages, **found}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
