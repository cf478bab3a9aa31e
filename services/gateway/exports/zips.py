"""All files of a batch as one ZIP, created while it is sent."""

import asyncio
import io
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from services.gateway.batches.joining import visible_batch
from services.gateway.db import Session
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.endings import shown_as
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.pipeline.schemas import TargetLanguage
from services.gateway.web.keys import Caller, Who
from shared.storage import ObjectNotFound

router = APIRouter(prefix="/api/batches", tags=["batches"])
_CHUNK = 1024 * 1024
OF_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@dataclass(frozen=True)
class Entry:
    """A file of a batch, in a ZIP or a bucket."""

    name: str
    key: str
    media_type: str = "application/octet-stream"
    size: int = 0


def unique(entries: Iterable[Entry]) -> list[Entry]:
    """The same with unique names, even where case is ignored: `talk.es.mp4`, `talk.es (2).mp4`."""
    seen: set[str] = set()
    tried: defaultdict[str, int] = defaultdict(lambda: 1)  # the last number of a name: thousands may share it
    found = []
    for entry in entries:
        name = entry.name
        while name.casefold() in seen:
            path = PurePosixPath(entry.name)
            tried[entry.name.casefold()] += 1
            name = str(path.with_name(f"{path.stem} ({tried[entry.name.casefold()]}){path.suffix}"))
        seen.add(name.casefold())
        found.append(entry if name == entry.name else replace(entry, name=name))
    return found


@router.get("/{batch_id}/files.zip", operation_id="get_batch_files", response_class=StreamingResponse, responses=OF_ZIP)
def get_batch_files(
    batch_id: str,
    parts: Parts,
    who: Who,
    to: Annotated[
        list[TargetLanguage] | None, Query(max_length=20, description="languages; all where none is named")
    ] = None,
) -> StreamingResponse:
    """The newest files of every language that was exported, in the folders that the manifest named, as one ZIP.

    It is made while it is sent, so it has no length and cannot be resumed; the files of a task can
    (`GET /api/tasks/{task_id}/artifacts`).
    """
    return serve_zip(parts, who, batch_id, to)


def serve_zip(parts: Gateway, who: Caller, batch_id: str, to: Sequence[str] | None) -> StreamingResponse:
    """The answer. Raises: Problem 404."""
    with parts.database.read() as session:
        batch = visible_batch(session, who, batch_id)
        entries = files_of(session, batch_id, to)
    disposition = f"attachment; filename*=UTF-8''{quote(batch.name.replace('/', '_'))}.zip"
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-cache"}
    return StreamingResponse(_zipped(parts, entries), media_type="application/zip", headers=headers)


def files_of(session: Session, batch_id: str, wanted: Sequence[str] | None) -> list[Entry]:
    """The newest files of each exported language of a batch; of all languages if none is `wanted`."""
    found = []
    exported = pipeline_rows.exported_of_batch(session, batch_id, wanted)
    for source, task in pipeline_rows.named_of_batch(session, batch_id):
        above = str(PurePosixPath(source.replace("\\", "/")).parent / "_")[:-1]
        for one in exported.get(task.task_id, []):
            older = one.exported_version != one.content_version
            for file in one.files:
                name = shown_as(task, one.language, file["name"], older=older).replace("/", "_")
                found.append(Entry(above + name, file["key"], file["media_type"], file.get("size", 0)))
    return unique(found)


class _Sink(io.RawIOBase):
    """Holds what a ZIP writes until it is sent."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """Always true."""
        return True

    def write(self, data: object, /) -> int:
        """Keep a piece."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last call."""
        piece = bytes(self._written)
        self._written.clear()
        return piece


async def _zipped(parts: Gateway, entries: Sequence[Entry]) -> AsyncIterator[bytes]:
    """The bytes, piece by piece. A file that has disappeared meanwhile is left out, and listed in `missing.txt`."""
    sink, missing = _Sink(), []
    transfer = parts.threads.transfer
    archive = ZipFile(sink, "w", ZIP_STORED)
    try:
        for entry in entries:
            try:
                source = await transfer(parts.store.open, entry.key)
            except ObjectNotFound:
                missing.append(entry.name)
                continue
            with source, archive.open(ZipInfo(entry.name), "w", force_zip64=True) as target:
                while chunk := await transfer(source.read, _CHUNK):
                    target.write(chunk)
                    yield sink.taken()
            yield sink.taken()
        if missing:
            archive.writestr("missing.txt", "\n".join(missing) + "\n")
    except BaseException:
        archive.filelist.clear()  # nobody reads the directory of what was broken off, and it may be long
        archive.close()
        raise
    await asyncio.to_thread(archive.close)  # which writes the directory: of 120 000 files in a quarter of a second
    yield sink.taken()
