"""The files of an export: their names, types, and how they are stored."""

from pathlib import Path
from typing import BinaryIO, cast

from shared.messaging import ExportedFile, ExportLanguage, JobContext
from shared.pipeline import CancelToken
from shared.storage import keys


def store_product(job: ExportLanguage, context: JobContext, path: Path, media_type: str) -> ExportedFile:
    """Store the file at `path` under its own name."""
    key = keys.export(job.task_id, job.language, job.attempt, path.name)
    return store_as(key, path.name, context, path, media_type)


def store_as(key: str, name: str, context: JobContext, path: Path, media_type: str) -> ExportedFile:
    """Store the file at `path` under `key`; `name` is what a person downloads."""
    with path.open("rb") as file:
        source = cast(BinaryIO, _Stoppable(file, context.cancel))
        size = context.store.put(key, source, path.stat().st_size).size
    return ExportedFile(name=name, key=key, size=size, media_type=media_type)


class _Stoppable:
    """A file whose reading raises Canceled, so that a long upload stops and leaves nothing."""

    def __init__(self, file: BinaryIO, cancel: CancelToken) -> None:
        self._file, self._cancel = file, cancel

    def read(self, size: int = -1) -> bytes:
        """Read on, unless canceled."""
        self._cancel.check()
        return self._file.read(size)
