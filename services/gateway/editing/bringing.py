"""Add subtitles and translations to an existing task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.schemas import SubtitlePreview
from services.gateway.pipeline.outdating import outdate_voices
from services.gateway.pipeline.parts import Gateway, Parts, known_language, locked_visible_task, visible_task
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import TaskRead
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import Matched, match_cues, remarks_of, with_match, with_remarks
from services.gateway.script.script import spans
from services.gateway.web.bodies import named_by_content, read_brought, refuse_oversize
from services.gateway.web.keys import Who
from services.gateway.web.problems import not_found, unprocessable
from services.gateway.web.threads import turns
from shared.pipeline import BASE, TARGET_LANGUAGES
from shared.storage import keys, put_bytes
from shared.transcript import Cue, Reading

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["artifacts"])


@router.put("/languages/{language}/subtitles", operation_id="put_subtitles")
async def put_subtitles(task_id: str, language: str, request: Request, parts: Parts, who: Who) -> TaskRead:
    """Bring a subtitle file of any format as request body: the source text for `base`, a translation for a language.

    Source text counts for the next run of the base stage. A translation is one edit of all lines it has another text
    for: they turn stale as if a person had written them, and one undo reverts it. They are spoken by the next start of
    the language, or by `POST ../dub`.
    """
    if language not in (BASE, *TARGET_LANGUAGES):
        raise not_found(f"language '{language[:20]}'")
    data = await _body(request)
    key = keys.input_subtitles(task_id, language, named_by_content(data))
    reading, fit = await turns(request).run(_read_for, task_id, language, data, parts, who)
    await parts.threads.transfer(put_bytes, parts.store, key, data)  # one that stays unused goes with its task
    return await turns(request).run(_take_subtitles, task_id, language, key, reading, fit, parts, who)


@dataclass(frozen=True)
class _Fit:
    """How cues match the lines of a language: `matched`, and the text of each segment that has one.

    Matching a film takes half a second: it is done before the transaction, and again in it only if `of` has changed.
    """

    of: Any
    matched: Matched
    texts: Mapping[str, str]


def _fit(
    task: Task, language: str, segments: Sequence[SegmentRow], lines: Mapping[str, LineRow], cues: Sequence[Cue]
) -> _Fit:
    return _Fit(_state(task, segments, lines), *matched_texts(task, language, segments, lines, cues))


def _state(task: Task, segments: Sequence[SegmentRow], lines: Mapping[str, LineRow]) -> Any:
    """What a match depends on."""
    versions = {key: line.version for key, line in lines.items()}
    return task.config.get("captions"), [(one.segment_id, one.version) for one in segments], versions


def _read_for(task_id: str, language: str, data: bytes, parts: Gateway, who: Who) -> tuple[Reading, _Fit | None]:
    """What a file says, and how it matches the lines, if it is a translation. Raises: Problem 404, 413, 422."""
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        _may_be_brought(session, task, language)
        spoken = task.config.get("source_language")
        segments = [] if language == BASE else script_rows.segments(session, task_id)
        lines = {} if language == BASE else script_rows.lines(session, task_id, language)
    reading = read_brought(data, spoken if language == BASE else language, "")
    return reading, None if language == BASE else _fit(task, language, segments, lines, reading.cues)


def _take_subtitles(
    task_id: str, language: str, key: str, reading: Reading, fit: _Fit | None, parts: Gateway, who: Who
) -> TaskRead:
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
            _bring_texts(session, task, language, reading.cues, fit, who.owner)
        session.flush()
        return read_task(session, parts.audience, task)


def _may_be_brought(session: Session, task: Task, language: str) -> None:
    """Raises: Problem 404, 422."""
    if language != BASE:
        known_language(session, task, language)
    elif not task.config.get("source_language"):
        raise unprocessable("source_language_required", "name the language of the subtitles first", "/source_language")


def _bring_texts(
    session: Session, task: Task, language: str, cues: Sequence[Cue], fit: _Fit | None, author: str | None
) -> None:
    segments = script_rows.segments(session, task.task_id)
    lines = script_rows.with_missing_lines(session, task, language, segments)
    if fit is None or fit.of != _state(task, segments, lines):
        fit = _fit(task, language, segments, lines, cues)
    texts = fit.texts
    if segments:
        task.config = with_match(task.config, language, fit.matched)
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


@router.post("/languages/{language}/subtitles/preview", operation_id="preview_subtitles")
async def preview_subtitles(task_id: str, language: str, request: Request, parts: Parts, who: Who) -> SubtitlePreview:
    """What bringing a subtitle file as the translation would do; nothing is kept or changed."""
    if language not in TARGET_LANGUAGES:
        raise not_found(f"language '{language[:20]}'")
    return await turns(request).run(_preview, task_id, language, await _body(request), parts, who)


async def _body(request: Request) -> bytes:
    """The subtitle file in a request. Raises: Problem 413."""
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
        segments = script_rows.segments(session, task_id)
        lines = script_rows.lines(session, task_id, language)
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
