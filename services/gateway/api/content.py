"""Read and edit segments, lines and speakers; re-dub one line."""

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from services.gateway.api.context import (
    Parts,
    Who,
    check_version,
    etag,
    known_language,
    locked_visible_task,
    visible_task,
)
from services.gateway.api.problems import Problem, not_found, unprocessable
from services.gateway.api.reading import read_line, read_speaker
from services.gateway.api.schemas import (
    LineRead,
    LineUpdate,
    SegmentRead,
    SegmentUpdate,
    SpeakerRead,
    SpeakerUpdate,
    Started,
)
from services.gateway.database import account, queries
from services.gateway.database.facts import tell
from services.gateway.database.jobs import media, row, spans, spoken_right, view, voices
from services.gateway.database.record import outdate_export
from services.gateway.database.tables import LineRow, SegmentRow, Task, now
from services.gateway.planning.units import clone_line_job
from shared.pipeline import BASE, LineState, Stage

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["content"])


@router.get("/segments", operation_id="list_segments")
def list_segments(task_id: str, parts: Parts, who: Who) -> list[SegmentRead]:
    """Source lines in time order."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        return [_segment(segment) for segment in queries.segments(session, task_id)]


@router.get("/segments/{segment_id}", operation_id="get_segment")
def get_segment(task_id: str, segment_id: str, parts: Parts, who: Who, response: Response) -> SegmentRead:
    """One source line."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        segment = _known_segment(session, task_id, segment_id)
        response.headers["ETag"] = etag(segment.version)
        return _segment(segment)


@router.patch("/segments/{segment_id}", operation_id="update_segment")
def update_segment(
    task_id: str, segment_id: str, change: SegmentUpdate, request: Request, response: Response, parts: Parts, who: Who
) -> SegmentRead:
    """Edit a source line: its lines in all languages are outdated, and no others."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = _known_segment(session, task_id, segment_id)
        check_version(request, segment.version)
        wanted = {name: value for name, value in change.model_dump(exclude_unset=True).items() if value is not None}
        _check_segment(session, task, segment, wanted)
        changed = {name for name, value in wanted.items() if getattr(segment, name) != value}
        if changed:
            for name in changed:
                setattr(segment, name, wanted[name])
            segment.version += 1
            if "text" in changed:
                segment.revision += 1
            for line in queries.lines_of_segment(session, task_id, segment_id):
                outdate(session, task, line)
            tell(session, task, BASE, "segment", "updated", segment_id=segment_id, version=segment.version)
            task.updated_at = now()
        response.headers["ETag"] = etag(segment.version)
        return _segment(segment)


def _check_segment(session: Session, task: Task, segment: SegmentRow, wanted: dict[str, object]) -> None:
    start, end = float(str(wanted.get("start_s", segment.start_s))), float(str(wanted.get("end_s", segment.end_s)))
    if not start < end <= max(media(task).duration_s, segment.end_s):
        raise unprocessable("invalid_times", "a segment ends after its start and inside the video", "/end_s")
    speaker = wanted.get("speaker_id")
    if speaker is not None and queries.speaker(session, task.task_id, str(speaker)) is None:
        raise unprocessable("unknown_speaker", f"speaker '{speaker}' does not exist", "/speaker_id")


@router.get("/languages/{language}/lines", operation_id="list_lines")
def list_lines(task_id: str, language: str, parts: Parts, who: Who) -> list[LineRead]:
    """Lines of a language in time order."""
    with parts.database.read() as session:
        known_language(session, visible_task(session, who, task_id), language)
        lines = queries.lines(session, task_id, language)
        segments = queries.segments(session, task_id)
        return [read_line(s, lines[s.segment_id]) for s in segments if s.segment_id in lines]


@router.get("/languages/{language}/lines/{segment_id}", operation_id="get_line")
def get_line(task_id: str, language: str, segment_id: str, parts: Parts, who: Who, response: Response) -> LineRead:
    """One line."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        line = _known_line(session, task_id, language, segment_id)
        response.headers["ETag"] = etag(line.version)
        return read_line(_known_segment(session, task_id, segment_id), line)


@router.patch("/languages/{language}/lines/{segment_id}", operation_id="update_line")
def update_line(
    task_id: str,
    language: str,
    segment_id: str,
    change: LineUpdate,
    request: Request,
    response: Response,
    parts: Parts,
    who: Who,
) -> LineRead:
    """Edit a line: it turns stale, and with it the language's export. No engine overwrites a person's text."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = _known_segment(session, task_id, segment_id)
        line = _known_line(session, task_id, language, segment_id)
        check_version(request, line.version)
        text = " ".join(change.text.split())
        if not text:
            raise unprocessable("empty_text", "a line needs a text", "/text")
        if text != line.text:
            line.text = text
            outdate(session, task, line)
        line.edited, line.origin = True, "person"
        line.segment_revision = segment.revision
        account.remember(session, task, language, segment.text, text)
        task.updated_at = now()
        response.headers["ETag"] = etag(line.version)
        return read_line(segment, line)


@router.post("/languages/{language}/lines/{segment_id}/dub", status_code=202, operation_id="dub_line")
def dub_line(task_id: str, language: str, segment_id: str, parts: Parts, who: Who) -> Started:
    """Speak one line again, ahead of all batch work; `line.dubbed` tells when it is ready."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        line = _known_line(session, task_id, language, segment_id)
        if not line.text:
            raise Problem(409, "line_has_no_text", "translate the line or write its text first")
        line.dub_attempt += 1
        lines = queries.lines(session, task_id, language)
        job = clone_line_job(
            task_id,
            language,
            line.dub_attempt,
            task.epoch,
            segment_id,
            spans(queries.segments(session, task_id), lines),
            view(line),
            voices(queries.speakers(session, task_id)),
            media(task).duration_s,
        )
        session.add_all(row(one) for one in spoken_right(session, task, [job]))
    return Started(
        message=f"Started {Stage.CLONING} of one line", task_id=task_id, language=language, stage=Stage.CLONING
    )


@router.get("/speakers", operation_id="list_speakers")
def list_speakers(task_id: str, parts: Parts, who: Who) -> list[SpeakerRead]:
    """Speakers in order of appearance."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        return [read_speaker(session, speaker) for speaker in queries.speakers(session, task_id)]


@router.patch("/speakers/{speaker_id}", operation_id="update_speaker")
def update_speaker(
    task_id: str, speaker_id: str, change: SpeakerUpdate, request: Request, response: Response, parts: Parts, who: Who
) -> SpeakerRead:
    """Rename a speaker or choose a voice; another voice outdates the speaker's lines."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        speaker = queries.speaker(session, task_id, speaker_id)
        if speaker is None:
            raise not_found(f"speaker '{speaker_id[:40]}'")
        check_version(request, speaker.version)
        wanted = change.model_dump(exclude_unset=True)
        if wanted.get("name"):
            speaker.name = wanted["name"]
        if "voice" in wanted and wanted["voice"] != speaker.voice:
            speaker.voice = wanted["voice"]
            for line in queries.lines_of_speaker(session, task_id, speaker_id):
                outdate(session, task, line)
        speaker.version += 1
        tell(session, task, BASE, "speaker", "updated", speaker_id=speaker_id, version=speaker.version)
        response.headers["ETag"] = etag(speaker.version)
        return read_speaker(session, speaker)


def outdate(session: Session, task: Task, line: LineRow) -> None:
    """A line no longer sounds as it should."""
    line.revision += 1
    line.version += 1
    if line.take_revision is not None:
        line.state = LineState.STALE
    elif line.text:
        line.state = LineState.TRANSLATED
    line.error_code = line.error_message = None
    language = queries.language(session, task.task_id, line.language)
    if language is not None:
        language.content_version += 1
    outdate_export(session, task, line.language)
    tell(
        session,
        task,
        line.language,
        "line",
        "updated",
        segment_id=line.segment_id,
        state=line.state,
        version=line.version,
    )


def _known_segment(session: Session, task_id: str, segment_id: str) -> SegmentRow:
    found = queries.segment(session, task_id, segment_id)
    if found is None:
        raise not_found(f"segment '{segment_id[:40]}'")
    return found


def _known_line(session: Session, task_id: str, language: str, segment_id: str) -> LineRow:
    found = queries.line(session, task_id, language, segment_id)
    if found is None:
        raise not_found(f"line '{segment_id[:40]}' in '{language[:20]}'")
    return found


def _segment(segment: SegmentRow) -> SegmentRead:
    return SegmentRead(**segment.model_dump(include=set(SegmentRead.model_fields)))
