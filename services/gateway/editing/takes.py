"""The takes a line has had: list them, listen to them, choose one again."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, TakeRow
from services.gateway.editing.edits import Edit
from services.gateway.editing.reading import read_line
from services.gateway.editing.schemas import LineRead, TakeRead
from services.gateway.pipeline.parts import Parts, known_line, known_segment, locked_visible_task, visible_task
from services.gateway.script import rows as script_rows
from services.gateway.web.etags import check_version, etag
from services.gateway.web.files import serve
from services.gateway.web.keys import Who
from services.gateway.web.problems import not_found

router = APIRouter(prefix="/api/tasks/{task_id}/languages/{language}/lines/{segment_id}/takes", tags=["takes"])


@router.get("", operation_id="list_takes")
def list_takes(task_id: str, language: str, segment_id: str, parts: Parts, who: Who) -> list[TakeRead]:
    """Every take this line has had, newest first; they are kept as long as the task."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        line = known_line(session, task_id, language, segment_id)
        found: dict[str, TakeRow] = {}
        for take in script_rows.takes_of(session, line):
            found.setdefault(take.take_key, take)
        return [_take(line, take) for take in found.values()]


@router.get("/{take_id}/audio", operation_id="get_take_audio", response_class=StreamingResponse)
def get_take_audio(
    task_id: str, language: str, segment_id: str, take_id: str, request: Request, parts: Parts, who: Who
) -> Response:
    """Listen to one take."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        take = _known_take(session, known_line(session, task_id, language, segment_id), take_id)
    return serve(parts, request, take.take_key, f"{segment_id}_{language}_{take_id}.flac", "audio/flac")


@router.post("/{take_id}/choose", operation_id="choose_take")
def choose_take(
    task_id: str,
    language: str,
    segment_id: str,
    take_id: str,
    request: Request,
    response: Response,
    parts: Parts,
    who: Who,
) -> LineRead:
    """Let a take count again: its text comes back with it, and the line keeps it (`pinned`)."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        line = known_line(session, task_id, language, segment_id)
        take = _known_take(session, line, take_id)
        check_version(request, line.version)
        text = {} if take.text == line.text else {"text": take.text, "edited": True, "origin": "person"}
        edit = Edit(session, task, "choose_take", who.owner)
        edit.change(line, take_key=take.take_key, pinned=True, segment_revision=segment.revision, **text)
        edit.finish(f"{language}, line {segment_id}: chose the take “{take.text[:80]}”")
        response.headers["ETag"] = etag(line.version)
        return read_line(segment, line)


def _known_take(session: Session, line: LineRow, take_id: str) -> TakeRow:
    found = script_rows.take(session, line, take_id)
    if found is None:
        raise not_found(f"take '{take_id[:40]}' of this line")
    return found


def _take(line: LineRow, take: TakeRow) -> TakeRead:
    fields = take.model_dump(include=set(TakeRead.model_fields))
    where = f"/api/tasks/{take.task_id}/languages/{take.language}/lines/{quote(take.segment_id)}/takes"
    return TakeRead(**fields, current=take.take_key == line.take_key, url=f"{where}/{take.take_id}/audio")
