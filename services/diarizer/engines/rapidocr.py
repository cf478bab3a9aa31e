"""Text in pictures with RapidOCR, whose wheel contains the weights of PP-OCRv6 (small); those of Korean are fetched."""

import logging
import re
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from services.diarizer.engines.base import Picture, Place, Written
from shared.messaging import EngineInfo
from shared.observability import logger
from shared.pipeline import Stage

_LANGUAGES = ("zh", "ja", "en", "fr", "de", "es", "id")
"""The languages of its alphabet: Chinese in both scripts, kana and Latin. It has no Hangul."""
KOREAN = "pp-ocrv5-korean"
_FETCH = f"run localclip models pull {KOREAN}"
_SIDE = 64
"""Pictures are passed at the size for the search; on its own, the detector would enlarge a strip ten times."""
_OPTIONS = {
    # one thread: jobs of other stages share the machine, and a strip of a picture is too small for several
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Global.log_level": "error",
    "Global.use_cls": False,  # would look for upside-down text
    "Rec.rec_batch_num": 1,  # in a batch each row is made as wide as the widest
    "Det.limit_side_len": _SIDE,
    "Det.limit_type": "min",
}
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_SQUARE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
"""Kana and Chinese letters, which are as wide as they are high."""
_CERTAIN, _FILLED = 0.9, 0.5
"""Confidence of a row that needs no second reading, and the share of its width that its letters fill at least."""
log = logger(__name__)


class RapidPictureText:
    """PP-OCRv6 on the CPU and, for rows in Hangul, a recognizer of Korean (PP-OCRv5).

    No row is known to be Korean beforehand: one that the first recognizer does not read for certain as Chinese or
    Japanese is read by both, and the second reading counts where it has Hangul and more letters that are certain.
    """

    def __init__(self, korean: Path | None = None) -> None:
        """`korean`: the file of that recognizer; one that cannot be used is reported and left out."""
        import cv2
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        cv2.setNumThreads(1)
        self._engine: Any = RapidOCR(params=_OPTIONS)
        self._lock = threading.Lock()
        self._korean, self._hint = _with_korean(korean)
        self._engine(np.zeros((_SIDE, 2 * _SIDE, 3), np.uint8), use_rec=False)  # loads one half of the weights,
        self.read([np.zeros((48, 96, 3), np.uint8)])  # this the other: a worker is ready when it can work

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="picture_text",
            name="rapidocr",
            version=version("rapidocr"),
            licence="Apache-2.0",
            commercial_use=True,
            languages=(*_LANGUAGES, "ko") if self._korean else _LANGUAGES,
            model=f"PP-OCRv6-small, {KOREAN}" if self._korean else "PP-OCRv6-small",
            hint=self._hint,
        )

    def find(self, picture: Picture) -> list[Place]:
        """Find upright rows of text."""
        with self._lock:
            found = self._engine.text_det(_as_bgr(picture))
        if found.boxes is None:
            return []
        places = []
        for corners, score in zip(found.boxes, found.scores, strict=True):
            left, top = corners.min(axis=0)
            right, bottom = corners.max(axis=0)
            places.append(Place(int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom)), float(score)))
        return places

    def read(self, rows: Sequence[Picture]) -> list[Written]:
        """Read each of `rows`."""
        if not rows:
            return []
        pictures = [_as_bgr(row) for row in rows]
        with self._lock:
            recognizer = self._engine.text_rec or self._engine._load_rec_model()  # noqa: SLF001 (it has no other door)
            found = _read(recognizer, pictures)
            doubtful = [number for number, row in enumerate(rows) if not _is_certain(found[number], row)]
            if self._korean and doubtful:
                again = _read(self._korean, [pictures[number] for number in doubtful])
                for number, other in zip(doubtful, again, strict=True):
                    if _HANGUL.search(other.text) and sum(other.confidences) > sum(found[number].confidences):
                        found[number] = other
        return found


def _with_korean(path: Path | None) -> tuple[Any, str]:
    """The recognizer of Korean, None without one, and what would make more languages possible."""
    others = "write the others as a subtitle file"
    if path is None:
        cure = f"for Korean, {_FETCH} and restart the diarizer"
        return None, f"it knows Chinese, Japanese and Latin letters; {cure}; {others}"
    from rapidocr import RapidOCR

    try:
        engine: Any = RapidOCR(params=_OPTIONS | {"Rec.model_path": str(path)})  # its alphabet is in the file
        recognizer = engine._load_rec_model()  # noqa: SLF001 (as above)
        _read(recognizer, [np.zeros((48, 96, 3), np.uint8)])
    except Exception as error:
        log.warning("korean_left_out", file=str(path), error=str(error)[:300], exc_info=True)
        return None, f"the weights of {KOREAN} cannot be used ({type(error).__name__}): {_FETCH}"
    return recognizer, f"it knows Chinese, Japanese, Korean and Latin letters; {others}"


def _read(recognizer: Any, pictures: list[Picture]) -> list[Written]:
    from rapidocr.ch_ppocr_rec import TextRecInput

    found = recognizer(TextRecInput(img=pictures, return_word_box=True))
    return [
        Written(text, tuple(word.confs) if text else ())
        for text, word in zip(found.txts, found.word_results, strict=True)
    ]


def _is_certain(written: Written, row: Picture) -> bool:
    """Whether a row is surely Chinese or Japanese, and not one of whose letters only some could be read."""
    letters = _FILLED * row.shape[1] / row.shape[0]
    return bool(_SQUARE.search(written.text)) and len(written.text) >= letters and written.confidence >= _CERTAIN


def _as_bgr(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, :, ::-1])
