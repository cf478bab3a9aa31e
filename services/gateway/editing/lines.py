"""Read and edit lines, redo lines, and check a person's choice of a voice."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.reading import read_line
from services.gateway.editing.schemas import LineChanges, LineRead, LineUpdate, Redub, StartedLines
from services.gateway.pipeline.again import dub_again, outdated
from services.gateway.pipeline.engines import can_hear, of_port
from services.gateway.pipeline.hearing import listen_to_all
from services.gateway.pipeline.parts import (
    Engines,
    Parts,
    known_language,
    known_line,
    known_segment,
    locked_visible_task,
    visible_task,
)
from services.gateway.pipeline.possible import refuse_unless_possible
from services.gateway.pipeline.schemas import Started, VoiceChoice
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script, media, spans
from services.gateway.web.claims import keep
from services.gateway.web.etags import check_version, etag
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem, unprocessable
from shared.messaging import EngineInfo, StockVoiceInfo
from shared.pipeline import Stage

router = APIRouter(prefix="/api/tasks/{task_id}/languages/{language}", tags=["lines"])
_MAKE_ANOTHER_TAKE = ("text", "start_s", "end_s", "speaker_id", "voice")
_NOT_NULL = ("text", "omitted", "pinned")


@router.get("/lines", operation_id="list_lines")
def list_lines(task_id: str, language: str, parts: Parts, who: Who) -> list[LineRead]:
    """Lines of a language in time order."""
    with parts.database.read() as session:
        known_language(session, visible_task(session, who, task_id), language)
        lines = script_rows.lines(session, task_id, language)
        segments = script_rows.segments(session, task_id)
        return [read_line(s, lines[s.segment_id]) for s in segments if s.segment_id in lines]


@router.get("/lines/{segment_id}", operation_id="get_line")
def get_line(task_id: str, language: str, segment_id: str, parts: Parts, who: Who, response: Response) -> LineRead:
    """One line."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        line = known_line(session, task_id, language, segment_id)
        response.headers["ETag"] = etag(line.version)
        return read_line(known_segment(session, task_id, segment_id), line)


@router.patch("/lines/{segment_id}", operation_id="update_line")
def update_line(
    task_id: str,
    language: str,
    segment_id: str,
    change: LineUpdate,
    request: Request,
    response: Response,
    parts: Parts,
    who: Who,
    engines: Engines,
) -> LineRead:
    """Edit a line: it turns stale, and with it the language's export. No engine overwrites a person's text.

    A line that is again what one of its takes was made of has that take at once. An edit of what is heard releases a
    pinned take.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        line = known_line(session, task_id, language, segment_id)
        check_version(request, line.version)
        edit = Edit(session, task, "update_line", who.owner)
        (wanted,) = _change(session, task, edit, [(segment, line, change)], engines)
        edit.finish(f"{language}, line {segment_id}: {_summary(wanted)}")
        response.headers["ETag"] = etag(line.version)
        return read_line(segment, line)


@router.patch("/lines", operation_id="update_lines")
def update_lines(
    task_id: str, language: str, changes: LineChanges, parts: Parts, who: Who, engines: Engines
) -> list[LineRead]:
    """Edit several lines as one edit, which one undo reverts. All of them are changed, or none.

    Raises: 412 `version_conflict` when one of them was changed meanwhile.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        known_language(session, task, language)
        named = [change.segment_id for change in changes.lines]
        lines = script_rows.lines(session, task_id, language, named)
        segments = {one.segment_id: one for one in script_rows.segments(session, task_id, named)}
        changed = []
        for change in changes.lines:
            key = change.segment_id
            line = lines.get(key) or known_line(session, task_id, language, key)  # which says so
            if change.version not in (None, line.version):
                raise Problem(412, "version_conflict", f"line {key} was changed meanwhile; read it again")
            changed.append((segments[key], line, change))
        edit = Edit(session, task, "update_lines", who.owner)
        _change(session, task, edit, changed, engines)
        edit.finish(f"{language}: {len(named)} lines")
        return [read_line(segment, line) for segment, line, _ in changed]


def _change(
    session: Session,
    task: Task,
    edit: Edit,
    changed: Sequence[tuple[SegmentRow, LineRow, LineUpdate]],
    engines: Sequence[EngineInfo],
) -> list[dict[str, Any]]:
    """Make changes of lines of one language part of `edit`; returns what each of them requested."""
    every, settled = [], dict[str, str]()
    language = changed[0][1].language
    _check_choices(session, task, [change for _, _, change in changed], engines, language)
    for segment, line, change in changed:
        given = change.model_dump(exclude_unset=True, include=set(LineUpdate.model_fields))
        wanted = {name: value for name, value in given.items() if value is not None or name not in _NOT_NULL}
        _check(task, segment, line, wanted)
        edit.change(line, **_columns(segment, line, wanted))
        if "text" in wanted:
            settled.pop(segment.text, None)  # the latest of what is the same text comes last
            settled[segment.text] = wanted["text"]
        every.append(wanted)
    script_rows.remember(session, task, language, settled)
    return every


def _check_choices(
    session: Session, task: Task, changes: Iterable[LineUpdate], engines: Sequence[EngineInfo], language: str
) -> None:
    """Check the speakers and voices of any number of lines, each of them once."""
    speakers, chosen = dict[str, None](), dict[str, VoiceChoice]()
    for change in changes:
        if change.speaker_id is not None:
            speakers[change.speaker_id] = None
        if change.voice is not None:
            chosen[change.voice.model_dump_json()] = change.voice
    for speaker_id in speakers:
        if script_rows.speaker(session, task.task_id, speaker_id) is None:
            raise unprocessable("unknown_speaker", f"speaker '{speaker_id}' does not exist", "/speaker_id")
    for voice in chosen.values():
        check_voice(session, task, engines, voice, language)


def _check(task: Task, segment: SegmentRow, line: LineRow, wanted: dict[str, Any]) -> None:
    if "text" in wanted:
        wanted["text"] = " ".join(wanted["text"].split())
        if not wanted["text"]:
            raise unprocessable("empty_text", "a line needs a text", "/text")
    (span,) = spans([segment], {segment.segment_id: line})
    start_s, end_s = wanted.get("start_s", span.start_s), wanted.get("end_s", span.end_s)
    start_s = segment.start_s if start_s is None else start_s
    end_s = segment.end_s if end_s is None else end_s
    if not start_s < end_s <= max(media(task).duration_s, span.end_s, segment.end_s):
        raise unprocessable("invalid_times", "a line ends after its start and inside the video", "/end_s")
    if wanted.get("pinned") and line.take_key is None:
        raise Problem(409, "line_has_no_take", "dub the line first: there is no take to keep")


def _columns(segment: SegmentRow, line: LineRow, wanted: dict[str, Any]) -> dict[str, Any]:
    values = dict(wanted)
    if "text" in wanted:
        values |= {"edited": True, "origin": "person", "segment_revision": segment.revision}
    if any(name in wanted and wanted[name] != getattr(line, name) for name in _MAKE_ANOTHER_TAKE):
        values.setdefault("pinned", False)
    return values


def _summary(wanted: dict[str, Any]) -> str:
    said = []
    for name, value in wanted.items():
        if name == "text":
            said.append(f"“{value[:80]}”")
        elif name == "voice":
            said.append(f"voice {value['kind']} {value['id']}" if value else "its speaker's voice")
        elif isinstance(value, bool):
            said.append(name if value else f"not {name}")
        else:
            said.append(f"{name} {'of the segment' if value is None else value}")
    return ", ".join(said)


@router.post("/lines/{segment_id}/dub", status_code=202, operation_id="dub_line")
def dub_line(task_id: str, language: str, segment_id: str, parts: Parts, who: Who) -> Started:
    """Speak one line again, ahead of all batch work; `line.dubbed` tells when it is ready.

    It is translated first when nobody wrote its text and it has none, or its source was edited since.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        known_line(session, task_id, language, segment_id)
        dub_again(Script(session, task, language), [segment_id])
        return keep(session, who.claim, _started(Stage.CLONING, task, language))


@router.post("/lines/{segment_id}/translate", status_code=202, operation_id="translate_line")
def translate_line(task_id: str, language: str, segment_id: str, parts: Parts, who: Who, engines: Engines) -> Started:
    """Give the text of a line back to the translator, whoever wrote it, and speak it again.

    What was spoken before stays among the takes, with its text. The translation memory is asked before the
    translator: what it holds of the source text comes again.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        line = known_line(session, task_id, language, segment_id)
        refuse_unless_possible(engines, task.source_language, language, subtitles=True, translation=False)
        edit = Edit(session, task, "translate_line", who.owner)
        edit.change(line, text=None, provided=None, edited=False, pinned=False, origin="engine")
        edit.finish(f"{language}, line {segment_id}: translated again")
        session.flush()
        dub_again(Script(session, task, language), [segment_id])
        return keep(session, who.claim, _started(Stage.TRANSLATION, task, language))


def _started(stage: Stage, task: Task, language: str) -> Started:
    return Started(message=f"Started {stage} of one line", task_id=task.task_id, language=language, stage=stage)


@router.post("/dub", status_code=202, operation_id="dub_lines")
def dub_lines(task_id: str, language: str, which: Redub, parts: Parts, who: Who) -> StartedLines:
    """Speak several lines again: those named, or all that were outdated by edits.

    Up to 16 go ahead of all batch work, more wait their turn.

    Pinned and omitted lines are done again only by name. Raises: 409 `nothing_to_dub`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        known_language(session, task, language)
        script = Script(session, task, language)
        for segment_id in which.segment_ids or ():
            if segment_id not in script.lines:
                known_line(session, task_id, language, segment_id)  # which says so
        named = which.segment_ids if which.segment_ids is not None else outdated(script)
        if not named:
            raise Problem(409, "nothing_to_dub", f"every line of '{language}' is as it should be")
        count = dub_again(script, named)
        started = StartedLines(
            message=f"Started {Stage.CLONING} of {count} lines",
            task_id=task_id,
            language=language,
            stage=Stage.CLONING,
            lines=count,
        )
        return keep(session, who.claim, started)


@router.post("/listen", status_code=202, operation_id="listen_to_lines")
def listen_to_lines(task_id: str, language: str, parts: Parts, who: Who, engines: Engines) -> StartedLines:
    """Have all takes listened to that were not yet; the gate judges again as figures come.

    By itself LocalClip hears as many as a tenth of the work on the language allows, the doubtful ones first.

    Raises: 409 `nothing_to_hear`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        known_language(session, task, language)
        if not can_hear(engines, language):
            raise Problem(409, "nothing_to_hear", f"no recognizer here understands '{language}'")
        count = listen_to_all(Script(session, task, language))
        if not count:
            raise Problem(409, "nothing_to_hear", f"every take of '{language}' was heard, or is about to be")
    return StartedLines(
        message=f"Listening to {count} lines",
        task_id=task_id,
        language=language,
        stage=Stage.DIARIZATION,
        lines=count,
    )


def check_voice(
    session: Session, task: Task, engines: Iterable[EngineInfo], choice: VoiceChoice, language: str | None
) -> None:
    """Refuse a choice that is no available engine's voice, no speaker and no clip of the task's owner; `language` None:
    any will do.

    Stock voices are not checked while no engine has announced any.

    Raises: Problem 422 `unknown_voice`.
    """
    if choice.kind == "speaker":
        known = script_rows.speaker(session, task.task_id, choice.id) is not None
        offered = ", ".join(speaker.speaker_id for speaker in script_rows.speakers(session, task.task_id))
    elif choice.kind == "clip":
        known = any(clip.owner == task.owner for clip in script_rows.clips_by_id(session, [choice.id]))
        offered = ", ".join(clip.clip_id for clip in script_rows.clips(session, task.owner))
    else:
        names = [voice.name for _, voice in stock_voices(engines, language)]
        known = not names or choice.id in names
        offered = ", ".join(names)
    if not known:
        detail = f"there is no {choice.kind} '{choice.id}' to speak like; choose from: {offered or 'none'}"
        raise unprocessable("unknown_voice", detail, "/voice/id")


def stock_voices(engines: Iterable[EngineInfo], language: str | None) -> list[tuple[EngineInfo, StockVoiceInfo]]:
    """The stock voices that speak `language`, with their engines; None: any."""
    found = []
    for engine in of_port(engines, "voice"):
        known = {voice.name: voice for voice in engine.stock}
        for name in engine.voices:
            voice = known.get(name) or StockVoiceInfo(name=name)
            spoken = voice.languages or engine.languages
            if language is None or not spoken or language in spoken:
                found.append((engine, voice))
    return found
