"""Files of a task: list them, read them whole or in ranges."""

import asyncio
import mimetypes
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.gateway.db.tables import Task
from services.gateway.exports.schemas import Artifact, LogRead
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.endings import is_older, shown_as
from services.gateway.pipeline.parts import Gateway, Parts, known_language, visible_task
from services.gateway.script import rows as script_rows
from services.gateway.web.files import serve
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import not_found
from shared.pipeline import BASE
from shared.storage import ObjectNotFound, ObjectStore, is_key

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["artifacts"])


@dataclass(frozen=True)
class _File:
    language: str
    name: str
    key: str
    media_type: str


@dataclass(frozen=True)
class _Known:
    """The files of a task that the database names, and the folder in which the base stage stored more (or "")."""

    task: Task
    files: Sequence[_File]
    folder: str
    older: Collection[str] = ()

    def find(self, language: str, name: str) -> _File | None:
        """The file with this name; for one beside the transcript, only the store knows whether it exists."""
        for file in self.files:
            if (file.language, file.name) == (language, name):
                return file
        return self.beside(name) if self.folder and language == BASE and is_key(self.folder + name) else None

    def saved_as(self, file: _File) -> str:
        """The name under which a person downloads it."""
        shown = shown_as(self.task, file.language, file.name, older=file.language in self.older)
        return shown.rsplit("/", 1)[-1]

    def beside(self, name: str) -> _File:
        """A file of that folder."""
        return _File(BASE, name, self.folder + name, _media_type(name))


@router.get("/artifacts", operation_id="list_artifacts")
async def list_artifacts(task_id: str, parts: Parts, who: Who) -> list[Artifact]:
    """Every file a person may want; those of an export are the newest finished one's."""
    known = await asyncio.to_thread(_known_files, parts, who, task_id)
    return await parts.threads.transfer(_stored_files, parts.store, task_id, known)


def _stored_files(store: ObjectStore, task_id: str, known: _Known) -> list[Artifact]:
    """The known files that exist, and those beside the transcript."""
    files = list(known.files)
    if known.folder:
        beside = (info.key.removeprefix(known.folder) for info in store.list(known.folder))
        files += [known.beside(name) for name in beside]
    found = []
    for file in files:
        try:
            info = store.stat(file.key)
        except ObjectNotFound:
            continue
        url = f"/api/tasks/{task_id}/artifacts/{file.language}/{quote(file.name)}"
        found.append(
            Artifact(
                language=file.language,
                name=file.name,
                saved_as=known.saved_as(file),
                size=info.size,
                media_type=file.media_type,
                etag=info.etag,
                url=url,
            )
        )
    return found


def _known_files(parts: Gateway, who: Caller, task_id: str) -> _Known:
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        files = [_File(BASE, task.video_filename, task.video_key, _media_type(task.video_filename))]
        older = set()
        for language in pipeline_rows.languages(session, [task_id]).get(task_id, []):
            if is_older(language):
                older.add(language.language)
            for file in language.export_files:
                files.append(_File(language.language, file["name"], file["key"], file["media_type"]))
    folder = task.transcript_key.rsplit("/", 1)[0] + "/" if task.transcript_key else ""
    return _Known(task, files, folder, older)


def _media_type(name: str) -> str:
    known = {
        ".mkv": "video/x-matroska",
        ".m4a": "audio/mp4",
        ".flac": "audio/flac",
        ".vtt": "text/vtt",
        ".srt": "application/x-subrip",
    }
    suffix = name[name.rfind(".") :].lower()
    return known.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


@router.get("/artifacts/{language}/{name:path}", operation_id="get_artifact", response_class=StreamingResponse)
@router.head("/artifacts/{language}/{name:path}", include_in_schema=False)
def get_artifact(
    task_id: str,
    language: str,
    name: str,
    request: Request,
    parts: Parts,
    who: Who,
    download: Annotated[bool, Query(description="offer it to be saved; may lead to the object store")] = False,
) -> Response:
    """One file, with `Range`, `If-Range` and `If-None-Match`."""
    return serve_artifact(parts, who, request, task_id, language, name, download=download)


def serve_artifact(
    parts: Gateway, who: Caller, request: Request, task_id: str, language: str, name: str, *, download: bool
) -> Response:
    """The newest file with this name. Raises: Problem 404."""
    known = _known_files(parts, who, task_id)
    file = known.find(language, name)
    if file is None:
        raise not_found(f"artifact '{language[:20]}/{name[:80]}'")
    return serve(parts, request, file.key, known.saved_as(file), file.media_type, download)


@router.get("/languages/{language}/takes/{segment_id}", operation_id="get_take", response_class=StreamingResponse)
def get_take(task_id: str, language: str, segment_id: str, request: Request, parts: Parts, who: Who) -> Response:
    """Listen to the take of a line."""
    with parts.database.read() as session:
        known_language(session, visible_task(session, who, task_id), language)
        line = script_rows.line(session, task_id, language, segment_id)
    if line is None or line.take_key is None:
        raise not_found(f"a take of '{segment_id[:40]}' in '{language[:20]}'")
    return serve(parts, request, line.take_key, f"{segment_id}_{language}.flac", "audio/flac", download=False)


@router.get("/languages/{language}/report", operation_id="get_report")
def get_report(task_id: str, language: str, parts: Parts, who: Who) -> dict[str, object]:
    """The measured report of the newest export, and the gate's verdict on it."""
    with parts.database.read() as session:
        row = known_language(session, visible_task(session, who, task_id), language)
    if row.report is None:
        raise not_found(f"a report for '{language}'")
    return {**row.report, "gate": row.gate}


@router.get("/logs", operation_id="list_logs")
def list_logs(task_id: str, parts: Parts, who: Who, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[LogRead]:
    """What happened, oldest first."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        return [
            LogRead(**entry.model_dump(include=set(LogRead.model_fields)))
            for entry in pipeline_rows.logs(session, task_id, limit)
        ]
