"""Text in pictures with RapidOCR, whose wheel contains the weights of PP-OCRv6 (small)."""

import logging
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from services.diarizer.engines.base import Picture, Place, Written
from shared.messaging import EngineInfo
from shared.pipeline import Stage

_LANGUAGES = ("zh", "ja", "en", "fr", "de", "es", "id")
"""The languages of its alphabet: Chinese in both scripts, kana and Latin. It has no Hangul."""
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


class RapidPictureText:
    """PP-OCRv6 on the CPU."""

    def __init__(self) -> None:
        import cv2
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        cv2.setNumThreads(1)
        self._engine: Any = RapidOCR(params=_OPTIONS)
        self._lock = threading.Lock()
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
            languages=_LANGUAGES,
            model="PP-OCRv6-small",
            hint="its weights know Chinese, Japanese and Latin letters; write the others as a subtitle file",
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
        from rapidocr.ch_ppocr_rec import TextRecInput

        with self._lock:
            recognizer = self._engine.text_rec or self._engine._load_rec_model()  # noqa: SLF001 (it has no other door)
            found = recognizer(TextRecInput(img=[_as_bgr(row) for row in rows], return_word_box=True))
        return [
            Written(text, tuple(word.confs) if text else ())
            for text, word in zip(found.txts, found.word_results, strict=True)
        ]


def _as_bgr(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, :, ::-1])
