"""Files of a task: list them, read them whole or in ranges; bring subtitles and translations."""

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlmodel import Session
from starlette.types import Receive, Scope, Send

from services.gateway.api.context import (
    Caller,
    Gateway,
    Parts,
    Who,
    known_language,
    locked_visible_task,
    visible_task,
)
from services.gateway.api.problems import Problem, not_found, unprocessable
from services.gateway.api.reading import read_task
from services.gateway.api.schemas import Artifact, LogRead, SubtitlePreview, TaskRead
from services.gateway.api.subtitles import read_brought, refuse_oversize
from services.gateway.api.turns import turns
from services.gateway.database import queries
from services.gateway.database.consequences import outdate_voices
from services.gateway.database.edits import Edit
from services.gateway.database.exports import OLDER
from services.gateway.database.jobs import spans
from services.gateway.database.line_rows import with_missing_lines
from services.gateway.database.tables import LineRow, SegmentRow, Task
from services.gateway.planning.alignment import Matched, match_cues
from services.gateway.planning.remarks import remarks_of, with_match, with_remarks
from shared.pipeline import BASE, TARGET_LANGUAGES
from shared.storage import ObjectInfo, ObjectNotFound, ObjectStore, is_key, keys, put_bytes
from shared.transcript import Cue

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["artifacts"])
_CHUNK = 1024 * 1024
_EXPIRES = timedelta(hours=1)
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
"""More digits than any file has bytes are no range; what is none is ignored (RFC 9110, 14.2)."""


@dataclass(frozen=True)
class _File:
    language: str
    name: str
    key: str
    media_type: str


@dataclass(frozen=True)
class _Known:
    """The files of a task that the database names, and the folder in which the base stage left more (or "")."""

    task: Task
    files: Sequence[_File]
    folder: str
    older: Collection[str] = ()

    def find(self, language: str, name: str) -> _File | None:
        """The file with this name; whether one beside the transcript is there, the store knows."""
        for file in self.files:
            if (file.language, file.name) == (language, name):
                return file
        return self.beside(name) if self.folder and language == BASE and is_key(self.folder + name) else None

    def beside(self, name: str) -> _File:
        """A file of that folder."""
        return _File(BASE, name, self.folder + name, _media_type(name))


@router.get("/artifacts", operation_id="list_artifacts")
async def list_artifacts(task_id: str, parts: Parts, who: Who) -> list[Artifact]:
    """Every file a person may want; those of an export are the newest finished one's."""
    known = await asyncio.to_thread(_known_files, parts, who, task_id)
    return await parts.threads.transfer(_stored_files, parts.store, task_id, known)


def _stored_files(store: ObjectStore, task_id: str, known: _Known) -> list[Artifact]:
    """What is there of the known files, and of those beside the transcript."""
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
        for language in queries.languages(session, [task_id]).get(task_id, []):
            if language.exported_version != language.content_version or (language.report or {}).get("lines_unspoken"):
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
    known = _known_files(parts, who, task_id)
    file = known.find(language, name)
    if file is None:
        raise not_found(f"artifact '{language[:20]}/{name[:80]}'")
    shown_as = _shown_as(known.task, language, name, older=language in known.older)
    return serve(parts, request, file.key, shown_as.rsplit("/", 1)[-1], file.media_type, download)


def _shown_as(task: Task, language: str, name: str, *, older: bool) -> str:
    """The name a person gets a file under: that of the video, with the language, as players look for subtitles.

    One that is `older` than the lines says so.
    """
    if language == BASE:
        return task.video_original_name if name == task.video_filename else name
    stem = (task.video_original_name.rpartition(".")[0] or task.video_original_name) + (OLDER if older else "")
    made, _, ending = name.partition(f"_{language}.")
    if not ending:
        return name
    return f"{stem}.{language}.{ending}" if made in ("export", "subtitles") else f"{stem}.{language}.{made}.{ending}"


@router.get("/languages/{language}/takes/{segment_id}", operation_id="get_take", response_class=StreamingResponse)
def get_take(task_id: str, language: str, segment_id: str, request: Request, parts: Parts, who: Who) -> Response:
    """Listen to the take of a line."""
    with parts.database.read() as session:
        known_language(session, visible_task(session, who, task_id), language)
        line = queries.line(session, task_id, language, segment_id)
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
            for entry in queries.logs(session, task_id, limit)
        ]


@router.put("/languages/{language}/subtitles", operation_id="put_subtitles")
async def put_subtitles(task_id: str, language: str, request: Request, parts: Parts, who: Who) -> TaskRead:
    """Bring a subtitle file of any format as request body: the source text for `base`, a translation for a language.

    Source text counts for the next run of the base stage. A translation is one edit of all lines it has another text
    for: they turn stale as if a person had written them, and one undo reverts it. They are spoken by the next start of
    the language, or by `POST ../dub`.
    """
    if language not in (BASE, *TARGET_LANGUAGES):
        raise not_found(f"language '{language[:20]}'")
    return await turns(request).run(_take_subtitles, task_id, language, await _body(request), parts, who)


@router.post("/languages/{language}/subtitles/preview", operation_id="preview_subtitles")
async def preview_subtitles(task_id: str, language: str, request: Request, parts: Parts, who: Who) -> SubtitlePreview:
    """What bringing a subtitle file as the translation would do; nothing is kept or changed."""
    if language not in TARGET_LANGUAGES:
        raise not_found(f"language '{language[:20]}'")
    return await turns(request).run(_preview, task_id, language, await _body(request), parts, who)


async def _body(request: Request) -> bytes:
    """The subtitle file a request brings. Raises: Problem 413."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 19:
        refuse_oversize(int(announced))
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        refuse_oversize(len(data))
    return bytes(data)


def _preview(task_id: str, language: str, data: bytes, parts: Gateway, who: Who) -> SubtitlePreview:
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        segments = queries.segments(session, task_id)
        lines = queries.lines(session, task_id, language)
    reading = read_brought(data, language, "")
    matched, texts = matched_texts(task, language, segments, lines, reading.cues)
    config = with_remarks({}, language, reading.remarks)
    changed = [key for key, text in texts.items() if key not in lines or lines[key].text != text]
    return SubtitlePreview(
        format=reading.format,
        cues=len(reading.cues),
        cues_unmatched=len(matched.unmatched) if segments else 0,
        lines=len(texts) + len(matched.without),
        lines_matched=len(texts),
        lines_changed=len(changed),
        lines_edited=sum(key in lines and lines[key].edited for key in changed),
        remarks=remarks_of(with_match(config, language, matched) if segments else config).get(language, []),
    )


def _take_subtitles(task_id: str, language: str, data: bytes, parts: Gateway, who: Who) -> TaskRead:
    key = keys.input_subtitles(task_id, language, "subtitles.srt")
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        _may_be_brought(session, task, language)
        spoken = task.config.get("source_language")
    reading = read_brought(data, spoken if language == BASE else language, "")
    put_bytes(parts.store, key, data)
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        _may_be_brought(session, task, language)
        task.config = with_remarks(task.config, language, reading.remarks)
        if language == BASE:
            task.config = {**task.config, "subtitles_key": key}
        else:
            task.config = {
                **task.config,
                "translation_keys": {**task.config.get("translation_keys", {}), language: key},
            }
            _bring_texts(session, task, language, reading.cues, who.owner)
        session.flush()
        return read_task(session, parts.hub, task)


def _may_be_brought(session: Session, task: Task, language: str) -> None:
    """Raises: Problem 404, 422."""
    if language != BASE:
        known_language(session, task, language)
    elif not task.config.get("source_language"):
        raise unprocessable("source_language_required", "name the language of the subtitles first", "/source_language")


def matched_texts(
    task: Task, language: str, segments: Sequence[SegmentRow], lines: Mapping[str, LineRow], cues: Sequence[Cue]
) -> tuple[Matched, Mapping[str, str]]:
    """How the cues of a translation match, and the text of each segment that has one."""
    as_they_stand = task.config.get("captions") == "as_written"
    said_here = {key for key, line in lines.items() if not line.omitted}
    own = [replace(one, omission=None) if one.segment_id in said_here else one for one in spans(segments)]
    matched = match_cues(own, cues, language, as_they_stand=as_they_stand)
    as_is = match_cues(own, cues, language, as_they_stand=True).texts
    taken_out = {key: text for key, text in as_is.items() if key in lines and text == lines[key].text}
    return matched, matched.texts | taken_out


def _bring_texts(session: Session, task: Task, language: str, cues: Sequence[Cue], author: str | None) -> None:
    segments = queries.segments(session, task.task_id)
    lines = with_missing_lines(session, task, language, segments)
    matched, texts = matched_texts(task, language, segments, lines, cues)
    if segments:
        task.config = with_match(task.config, language, matched)
    edit = Edit(session, task, "bring_subtitles", author)
    for segment in segments:
        line, text = lines[segment.segment_id], texts.get(segment.segment_id)
        if text is None:
            edit.change(line, provided=None)
        elif text != line.text:
            by_person = {"edited": False, "pinned": False, "origin": "provided", "segment_revision": segment.revision}
            edit.change(line, provided=text, text=text, **by_person)
    if edit.finish(f"{language}: subtitles brought, {len(texts)} lines"):
        outdate_voices(session, task, language)


def serve(parts: Gateway, request: Request, key: str, name: str, media_type: str, download: bool = False) -> Response:
    """An object with `Range`, `If-Range` and `If-None-Match`; it is looked for when the answer is sent.

    A download is sent on to the S3 service where browsers can reach it. Sending raises: Problem 404, 416.
    """
    return _Stored(parts, request, key, name, media_type, download=download)


class _Stored(Response):
    """Asks the store in the threads for transfers, so that a store that hangs keeps no plain route waiting."""

    def __init__(
        self, parts: Gateway, request: Request, key: str, name: str, media_type: str, *, download: bool
    ) -> None:
        super().__init__(media_type=media_type)
        self._parts, self._request, self._key = parts, request, key
        self._name, self._download = name, download

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await (await self._answer())(scope, receive, send)

    async def _answer(self) -> Response:
        store, request, transfer = self._parts.store, self._request, self._parts.threads.transfer
        try:
            info = await transfer(store.stat, self._key)
        except ObjectNotFound:
            raise not_found("the file") from None
        headers = self._described(info)
        if _matches(request.headers.get("if-none-match"), info):
            return Response(status_code=304, headers=headers)
        if self._download and request.method == "GET":
            url = await transfer(store.read_url, self._key, _EXPIRES, self._name, self.media_type)
            if url:
                return RedirectResponse(url, 307, {"Cache-Control": "no-store"})
        start, end = _span(request, info) or (0, info.size - 1)
        length, status = end - start + 1, 200
        if length < info.size:
            status, headers["Content-Range"] = 206, f"bytes {start}-{end}/{info.size}"
        headers["Content-Length"] = str(length)
        if request.method == "HEAD" or length == 0:
            return Response(status_code=status, headers=headers, media_type=self.media_type)
        source = await transfer(store.open, self._key, start, length)
        return StreamingResponse(_chunks(self._parts, source), status, headers, self.media_type)

    def _described(self, info: ObjectInfo) -> dict[str, str]:
        kind = "attachment" if self._download else "inline"
        return {
            "ETag": f'"{info.etag}"',
            "Accept-Ranges": "bytes",
            "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(self._name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
        }


async def _chunks(parts: Gateway, source: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while chunk := await parts.threads.transfer(source.read, _CHUNK):
            yield chunk
    finally:
        await asyncio.shield(parts.threads.transfer(source.close))


def _matches(header: str | None, info: ObjectInfo) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or f'"{info.etag}"' in tags


def _span(request: Request, info: ObjectInfo) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole. Raises: Problem 416."""
    wanted = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if not wanted or wanted.groups() == ("", ""):
        return None
    if_range = request.headers.get("if-range")
    if if_range is not None and if_range.strip() != f'"{info.etag}"':
        return None
    first, last = wanted.groups()
    start = int(first) if first else max(0, info.size - int(last))
    end = min(int(last), info.size - 1) if first and last else info.size - 1
    if start > end or start >= info.size:
        raise Problem(
            416,
            "range_not_satisfiable",
            "the range lies outside the file",
            headers={"Content-Range": f"bytes */{info.size}"},
        )
    return start, end
