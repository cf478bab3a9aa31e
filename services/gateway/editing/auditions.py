"""Hear a voice before it is chosen, with a line of the task or a short sentence of the language."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.db import Session
from services.gateway.db.tables import Task
from services.gateway.editing.lines import check_voice
from services.gateway.editing.schemas import AuditionNew, AuditionRead
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row, spoken_right
from services.gateway.pipeline.parts import (
    Engines,
    Parts,
    known_language,
    known_line,
    locked_visible_task,
    visible_task,
)
from services.gateway.pipeline.rows import add_jobs
from services.gateway.script import rows as script_rows
from services.gateway.script.auditions import ROOM_S, audition_id, sample_span
from services.gateway.script.script import Script
from services.gateway.script.slots import Room, Span
from services.gateway.script.voices import Choice, with_needed
from services.gateway.web.files import serve
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem, not_found
from shared.messaging import CloneLines, LineToSpeak, SpeakerVoice
from shared.pipeline import Lane

AuditionId = Annotated[str, Path(pattern="^try_[0-9a-f]{32}$")]
router = APIRouter(prefix="/api/tasks/{task_id}/languages/{language}/auditions", tags=["speakers"])


@router.post("", status_code=202, operation_id="audition_voice")
def audition_voice(
    task_id: str, language: str, wanted: AuditionNew, parts: Parts, who: Who, engines: Engines
) -> AuditionRead:
    """Have a voice speak a line, or a sentence of the language, ahead of all batch work. Nothing of the task changes.

    What was heard before is there at once, and so is the take of a line whose voice is then chosen. Raises: 422
    `unknown_voice`; 409 `nothing_to_say` where the line has no text and no sentence is known in the language.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        known_language(session, task, language)
        if wanted.segment_id is not None:
            known_line(session, task_id, language, wanted.segment_id)  # which says so
        if wanted.voice is not None:
            check_voice(session, task, engines, wanted.voice, language)
        choice = Choice(wanted.voice.kind, wanted.voice.id) if wanted.voice else None
        job = _job(Script(session, task, language), choice, wanted.segment_id)
        return _begun(session, task, job)


def _job(script: Script, choice: Choice | None, segment_id: str | None) -> CloneLines:
    """The job that speaks the audition; its line, its shard and the stored audio have the audition's name."""
    span, room = _said(script, segment_id)
    chosen = {span.segment_id: choice} if choice else {}
    roles = script.roles_of([span], chosen, None if choice else span.speaker_id)
    heard = roles.spoken(span)
    line = LineToSpeak(
        segment_id=span.segment_id,
        text=span.text,
        speaker_id=heard.speaker_id,
        start_s=room.start_s,
        end_s=room.end_s,
        gap_s=room.gap_s,
    )
    job = CloneLines(
        task_id=script.task.task_id,
        language=script.language,
        shard="0",
        attempt=1,
        epoch=script.task.epoch,
        lane=Lane.INTERACTIVE,
        weight=1.0,
        total_weight=1.0,
        lines=(line,),
        speakers=tuple(roles.voices.values()),
    )
    (job,) = spoken_right(script, [with_needed(job)])
    voice = roles.voices.get(heard.speaker_id, SpeakerVoice(speaker_id=heard.speaker_id))
    name = audition_id(line.text, room.slot_s, choice, voice, job.kept.marks if job.kept else "")
    return job.model_copy(update={"shard": name, "lines": (line.model_copy(update={"segment_id": name}),)})


def _said(script: Script, segment_id: str | None) -> tuple[Span, Room]:
    line, span = script.lines.get(segment_id or ""), script.spans.get(segment_id or "")
    if span is not None and line is not None and line.text:
        return replace(span, text=line.text), script.rooms[span.segment_id]
    speakers = [span.speaker_id] if span else [one.speaker_id for one in script.speakers]
    span = sample_span(script.language, speakers[0] if speakers else "")
    if span is None:
        raise Problem(409, "nothing_to_say", f"there is no line to say in '{script.language}' yet")
    return span, Room(span.start_s, span.end_s, ROOM_S, 0.0)


def _begun(session: Session, task: Task, job: CloneLines) -> AuditionRead:
    """The current state of the audition, started if nobody has done so or if it failed before."""
    found = _read(session, job.task_id, job.language, job.shard)
    if found is None or found.state == "failed":
        before = pipeline_rows.newest_job(session, job.task_id, job.language, job.shard)
        again = job.model_copy(update={"attempt": 1 + (before.attempt if before else 0)})
        add_jobs(session, [row(task, again)])
        return AuditionRead(audition_id=job.shard, state="waiting", url=None)
    return found


def _read(session: Session, task_id: str, language: str, name: str) -> AuditionRead | None:
    """Read an audition; None if nobody requested it."""
    if script_rows.takes_by_segment(session, task_id, language, [name]):
        url = f"/api/tasks/{task_id}/languages/{language}/auditions/{name}/audio"
        return AuditionRead(audition_id=name, state="ready", url=url)
    made = pipeline_rows.newest_job(session, task_id, language, name)
    if made is None:
        return None
    return AuditionRead(
        audition_id=name, state="waiting" if made.state in pipeline_rows.OPEN_JOBS else "failed", url=None
    )


@router.get("/{audition_id}", operation_id="get_audition")
def get_audition(task_id: str, language: str, audition_id: AuditionId, parts: Parts, who: Who) -> AuditionRead:
    """How far it is; `failed`: the voice could not say it."""
    with parts.database.read() as session:
        known_language(session, visible_task(session, who, task_id), language)
        found = _read(session, task_id, language, audition_id)
    if found is None:
        raise not_found("the audition")
    return found


@router.get("/{audition_id}/audio", operation_id="get_audition_audio", response_class=StreamingResponse)
def get_audition_audio(
    task_id: str, language: str, audition_id: AuditionId, request: Request, parts: Parts, who: Who
) -> Response:
    """Listen to it."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        takes = script_rows.takes_by_segment(session, task_id, language, [audition_id]).get(audition_id)
    if not takes:
        raise not_found("the audition")
    return serve(parts, request, takes[0].take_key, f"{audition_id}.flac", "audio/flac")
