"""The background of a task: the original without its voices, made once for all its languages."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import BaseModel, ValidationError

from services.exporter.engines import Mixer, Report, Separator
from services.exporter.layouts import STEREO
from services.exporter.loudness import Samples
from services.exporter.mixing import Bed
from services.exporter.source import Source
from shared.messaging import Job, JobContext
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound, keys, put_file, read_bytes

log = logger(__name__)
_PIECE_BYTES = 8 * STEREO.frame_bytes * 44_100


class _Made(BaseModel):
    """Where the background that counts lies; of several writers the first one decides."""

    key: str


class Background:
    """Finds or makes the background of tasks; without a separator the original is ducked instead."""

    def __init__(self, mixer: Mixer, separator: Separator | None) -> None:
        self._mixer, self._separator, self._making = mixer, separator, threading.Lock()

    def bed(self, job: Job, video_key: str, source: Source, context: JobContext, report: Report) -> Bed:
        """What is under the voices of a dub of `source`.

        Separators are made for stereo: an original in surround is ducked.
        """
        separator = self._separator
        if separator is None or not source.has_audio:
            return Bed(source)
        if source.layout is not STEREO:
            log.info("not_separated", reason="the original is in surround", channels=source.audio_channels)
            return Bed(source)
        content = content_of(video_key, separator, source.listened)
        known = self._known(job, content, context)
        if known is None:
            with self._alone(context):  # another language of this video may be making it: its result is then used
                known = self._known(job, content, context)
                if known is None:
                    context.progress(0.0, "separating the background")
                    known = self._make(job, content, source, separator, context, report)
        return Bed(source, known, f"{separator.info.name} {separator.model}")

    @contextlib.contextmanager
    def _alone(self, context: JobContext) -> Iterator[None]:
        """Allow one separation at a time in this process; a waiting job can be canceled."""
        while not self._making.acquire(timeout=0.5):
            context.cancel.check()
        try:
            yield
        finally:
            self._making.release()

    def _known(self, job: Job, content: str, context: JobContext) -> Path | None:
        try:
            made = _Made.model_validate_json(read_bytes(context.store, keys.background(job.task_id, content)))
            return context.store.local(made.key, context.workdir)
        except ObjectNotFound:
            return None
        except ValidationError as error:
            raise PermanentError(ErrorCode.ARTIFACT_MISSING, f"the background's record is damaged: {error}") from error

    def _make(
        self, job: Job, content: str, source: Source, separator: Separator, context: JobContext, report: Report
    ) -> Path:
        path = self._separate(source, separator, context, report)
        writer = f"{job.language}-{job.attempt}-{os.urandom(4).hex()}"
        key = keys.background_sound(job.task_id, content, writer)
        put_file(context.store, key, path)
        if context.store.create(keys.background(job.task_id, content), _Made(key=key).model_dump_json().encode()):
            return path
        log.info("background_made_elsewhere")
        context.store.delete(key.rsplit("/", 1)[0] + "/")
        return self._known(job, content, context) or path

    def _separate(self, source: Source, separator: Separator, context: JobContext, report: Report) -> Path:
        """Separate a raw file in the work folder, 21 MB per minute, which is read as needed."""
        cancel, rate_hz = context.cancel, separator.rate_hz
        raw, target = context.workdir / "original.f32", context.workdir / "background.flac"
        with self._mixer.decode(source, cancel, STEREO, rate_hz) as pipe, raw.open("wb") as sink:
            while data := pipe.read(_PIECE_BYTES):
                cancel.check()
                sink.write(data)
        frames = raw.stat().st_size // STEREO.frame_bytes
        if frames:
            mix = cast(Samples, np.memmap(raw, "<f4", "r", shape=(frames, STEREO.channels)))
        else:
            mix = np.zeros((1, STEREO.channels), np.float32)
        with self._mixer.encode(target, source.length_s, cancel, STEREO, rate_hz) as out:
            for piece in separator.background(mix, cancel, report):
                out.write(np.ascontiguousarray(piece, "<f4").data)
        del mix
        raw.unlink()
        return target


def content_of(video_key: str, separator: Separator, listened: Sequence[int] = (0,)) -> str:
    """Hash of everything that changes how the background of a video sounds."""
    tracks = "" if tuple(listened) == (0,) else f"\n{'+'.join(map(str, listened))}"
    return hashlib.sha256(f"{video_key}\n{separator.model}{tracks}".encode()).hexdigest()[:40]


def part(report: Callable[[float], None], start: float, end: float) -> Callable[[float], None]:
    """Report fractions of a part of the work as fractions of the whole."""
    return lambda fraction: report(start + (end - start) * fraction)
