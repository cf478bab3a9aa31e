"""Takes in the object store, found again by everything that changes how they sound."""

import hashlib
import io
import json
from collections.abc import Sequence

import numpy as np
import soundfile

from services.cloner.audio import TAKE_RATE_HZ
from services.cloner.engines import Audio, Speech, Synthesizer
from shared.storage import ObjectNotFound, ObjectStore, keys, put_bytes, read_bytes

MADE = 2
"""Part of every hash: raise it when takes are made differently from the same input."""

_FLAC_HEAD_BYTES = 26


def natural_hash(engine: Synthesizer, speech: Speech) -> str:
    """The name of `speech` spoken by `engine` at natural speed."""
    more = [] if speech.target_s is None else [f"aim {speech.target_s:g}"]
    more += [f"rendition {speech.rendition}"] if speech.rendition else []
    more += ["goes on"] if speech.goes_on else []
    return _hash(engine.info.name, engine.info.version, speech.voice.key, speech.language, speech.text, *more)


def joined_hash(engine: Synthesizer, speech: Speech, texts: Sequence[str], place: int) -> str:
    """The name of `speech` cut out of `texts`, spoken as one, at `place` among them."""
    return _hash(natural_hash(engine, speech), "joined", *texts, place)


def placed_hash(natural: str, samples: int) -> str:
    """The name of the take `natural` brought to a length of `samples`."""
    return _hash(natural, samples)


def _hash(*parts: str | int) -> str:
    return hashlib.sha256(json.dumps((MADE, *parts)).encode()).hexdigest()[:40]


class Takes:
    """The takes of one task and language: mono FLAC, 48 kHz, 16 bit."""

    def __init__(self, store: ObjectStore, task_id: str, language: str) -> None:
        self._store, self._task_id, self._language = store, task_id, language

    def key(self, name: str) -> str:
        """The storage key of the take `name`."""
        return keys.take(self._task_id, self._language, name)

    def length(self, name: str) -> int | None:
        """Samples of the take, read from its header; None if it does not exist yet."""
        try:
            with self._store.open(self.key(name), 0, _FLAC_HEAD_BYTES) as file:
                return flac_length(file.read(_FLAC_HEAD_BYTES))
        except ObjectNotFound:
            return None

    def load(self, name: str) -> Audio:
        """Decode the take. Raises: ObjectNotFound."""
        samples, _ = soundfile.read(io.BytesIO(read_bytes(self._store, self.key(name))), dtype="float32")
        return np.asarray(samples, np.float32)

    def save(self, name: str, audio: Audio) -> int:
        """Store `audio` under `name`; return its length in samples."""
        file = io.BytesIO()
        soundfile.write(file, audio, TAKE_RATE_HZ, format="FLAC", subtype="PCM_16")
        put_bytes(self._store, self.key(name), file.getvalue())
        return len(audio)


def flac_length(head: bytes) -> int | None:
    """Samples announced by the STREAMINFO block that begins every FLAC file; None for anything else."""
    if len(head) < _FLAC_HEAD_BYTES or not head.startswith(b"fLaC"):
        return None
    return (int.from_bytes(head[18:26], "big") & ((1 << 36) - 1)) or None
