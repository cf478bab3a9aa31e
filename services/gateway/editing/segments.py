"""Read, edit, insert, delete, move, split and merge source lines; the lines of all languages follow."""

from functools import partial

from fastapi import APIRouter, Request, Response

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.halves import are_neighbours, moved
from services.gateway.editing.reading import read_segment
from services.gateway.editing.schemas import (
    AsWritten,
    SegmentMerge,
    SegmentNew,
    SegmentParts,
    SegmentRead,
    SegmentShift,
    SegmentSplit,
    SegmentUpdate,
)
from services.gateway.editing.splitting import as_written, new_segment_id, remove, shift, split, unite
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.parts import Parts, known_segment, locked_visible_task, visible_task
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import TaskRead
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import with_timing
from services.gateway.script.script import media
from services.gateway.web.claims import keep
from services.gateway.web.etags import check_version, etag
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from shared.transcript import Decision

router = APIRouter(prefix="/api/tasks/{task_id}/segments", tags=["segments"])


@router.get("", operation_id="list_segments")
def list_segments(task_id: str, parts: Parts, who: Who) -> list[SegmentRead]:
    """Source lines in time order."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        return [read_segment(segment) for segment in script_rows.segments(session, task_id)]


@router.get("/{segment_id}", operation_id="get_segment")
def get_segment(task_id: str, segment_id: str, parts: Parts, who: Who, response: Response) -> SegmentRead:
    """One source line."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        response.headers["ETag"] = etag(segment.version)
        return read_segment(segment)


@router.post("", status_code=201, operation_id="insert_segment")
def insert_segment(task_id: str, new: SegmentNew, response: Response, parts: Parts, who: Who) -> SegmentRead:
    """Add a source line that was not recognized; its lines in all languages wait for their translation."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        if task.media is None:
            raise Problem(409, "no_transcript", "process the base stage first: there is nothing to add a line to")
        _check_times(task, new.start_s, new.end_s, 0.0)
        _check_speaker(session, task, new.speaker_id)
        segment = SegmentRow(
            task_id=task_id,
            segment_id=new_segment_id(),
            start_s=new.start_s,
            end_s=new.end_s,
            speaker_id=new.speaker_id,
            text=_text(new.text),
        )
        edit = Edit(session, task, "insert_segment", who.owner)
        edit.add(segment)
        for language in pipeline_rows.languages(session, [task_id]).get(task_id, []):
            edit.add(LineRow(task_id=task_id, language=language.language, segment_id=segment.segment_id))
        edit.finish(f"Inserted a line at {new.start_s:.2f} s: {_short(segment.text)}")
        response.headers["ETag"] = etag(segment.version)
        return keep(session, who.claim, read_segment(segment), response.headers)


@router.patch("/{segment_id}", operation_id="update_segment")
def update_segment(
    task_id: str, segment_id: str, change: SegmentUpdate, request: Request, response: Response, parts: Parts, who: Who
) -> SegmentRead:
    """Edit a source line: its lines in all languages are outdated, and no others."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        check_version(request, segment.version)
        wanted = {name: value for name, value in change.model_dump(exclude_unset=True).items() if value is not None}
        start_s, end_s = wanted.get("start_s", segment.start_s), wanted.get("end_s", segment.end_s)
        _check_times(task, start_s, end_s, segment.end_s)
        if "speaker_id" in wanted:
            _check_speaker(session, task, wanted["speaker_id"])
        if "text" in wanted:
            wanted["text"] = _text(wanted["text"])
            if wanted["text"] != segment.text:
                wanted["revision"] = segment.version + 1  # never used before, whatever is undone
                wanted["sureness"] = None  # a person who writes it is sure of it
        edit = Edit(session, task, "update_segment", who.owner)
        edit.change(segment, **wanted)
        named = ", ".join(wanted.keys() - {"revision", "sureness"})
        edit.finish(f"Changed {named} of line {segment_id}: {_short(segment.text)}")
        response.headers["ETag"] = etag(segment.version)
        return read_segment(segment)


@router.delete("/{segment_id}", status_code=204, operation_id="delete_segment")
def delete_segment(task_id: str, segment_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Remove a source line with its lines in all languages; the original audio is heard there."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        check_version(request, segment.version)
        edit = Edit(session, task, "delete_segment", who.owner)
        remove(session, task, edit, [segment])
        edit.finish(f"Deleted line {segment_id}: {_short(segment.text)}")


@router.post("/as-written", operation_id="take_segments_as_written")
def take_segments_as_written(task_id: str, parts: Parts, who: Who, which: AsWritten | None = None) -> SegmentParts:
    """Speak all captions as they were written, or those of some `decisions`, in every language; one undo reverts it."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        taken_back = set((which and which.decisions) or Decision)
        chosen = [one for one in script_rows.segments(session, task_id) if taken_back.intersection(one.decisions)]
        edit = Edit(session, task, "captions_as_written", who.owner)
        as_written(session, task, edit, chosen)
        edit.finish(f"{len(chosen)} lines spoken as they were written")
        return SegmentParts(segments=[read_segment(segment) for segment in chosen])


@router.post("/{segment_id}/as-written", operation_id="take_segment_as_written")
def take_segment_as_written(
    task_id: str, segment_id: str, request: Request, response: Response, parts: Parts, who: Who
) -> SegmentRead:
    """Speak a caption as it was written, in every language, whatever it was taken for."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        check_version(request, segment.version)
        edit = Edit(session, task, "captions_as_written", who.owner)
        as_written(session, task, edit, [segment])
        edit.finish(f"Line {segment_id} spoken as it was written: {_short(segment.text)}")
        response.headers["ETag"] = etag(segment.version)
        return read_segment(segment)


@router.post("/{segment_id}/split", operation_id="split_segment")
def split_segment(
    task_id: str, segment_id: str, where: SegmentSplit, request: Request, parts: Parts, who: Who
) -> SegmentParts:
    """Cut a source line in two: the first keeps the id. Its lines in all languages are cut in proportion.

    Raises: 422 `cannot_split` when a half would have no text.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        check_version(request, segment.version)
        if not segment.start_s < where.at_s < segment.end_s:
            raise unprocessable("invalid_times", "a segment is split between its start and its end", "/at_s")
        edit = Edit(session, task, "split_segment", who.owner)
        texts = {language: (_text(one), _text(two)) for language, (one, two) in where.texts.items()}
        second = split(session, task, edit, segment, where.at_s, where.text_at, texts)
        if second is None:
            detail = "a half would have no text: give text_at, the number of characters before the cut"
            raise unprocessable("cannot_split", detail, "/text_at")
        edit.finish(f"Split line {segment_id} at {where.at_s:.2f} s: {_short(segment.text)} | {_short(second.text)}")
        return keep(session, who.claim, SegmentParts(segments=[read_segment(segment), read_segment(second)]))


@router.post("/merge", operation_id="merge_segments")
def merge_segments(task_id: str, which: SegmentMerge, response: Response, parts: Parts, who: Who) -> SegmentRead:
    """Make one source line of several that follow each other; the first keeps its id and its speaker.

    Raises: 422 `not_neighbours`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        ordered = script_rows.segments(session, task_id)
        known = {segment.segment_id: segment for segment in ordered}
        if missing := [key for key in which.segment_ids if key not in known]:
            raise not_found(f"segment '{missing[0]}'")
        if not are_neighbours(list(known), which.segment_ids):
            raise unprocessable("not_neighbours", "only lines that follow each other can be merged", "/segment_ids")
        first, *others = (known[key] for key in which.segment_ids)
        edit = Edit(session, task, "merge_segments", who.owner)
        unite(session, task, edit, first, others)
        edit.finish(f"Merged lines {', '.join(which.segment_ids[:6])}: {_short(first.text)}")
        response.headers["ETag"] = etag(first.version)
        return keep(session, who.claim, read_segment(first), response.headers)


@router.post("/shift", operation_id="shift_segments")
def shift_segments(task_id: str, how: SegmentShift, parts: Parts, who: Who) -> TaskRead:
    """Move all source lines at once, as one edit: subtitles that are late, or made for another speed.

    `subtitle_timing` of the task says what would put them over the speech. Lines that would lie outside the video
    are removed; one undo brings everything back.

    Raises: 422 `invalid_times` when no line would be left.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        end_s = media(task).duration_s
        edit = Edit(session, task, "shift_segments", who.owner)
        outside = shift(session, task, edit, partial(moved, shift_s=how.shift_s, rate=how.rate, until_s=end_s))
        if outside is None:
            raise unprocessable("invalid_times", "no line would be left inside the video", "/shift_s")
        task.config = with_timing(task.config, None)
        left_out = f", {outside} outside the video removed" if outside else ""
        edit.finish(f"Moved all lines by {how.shift_s:+.2f} s at {how.rate:.4f} times the speed{left_out}")
        session.flush()
        return keep(session, who.claim, read_task(session, parts.audience, task))


def _check_times(task: Task, start_s: float, end_s: float, known_end_s: float) -> None:
    if not start_s < end_s <= max(media(task).duration_s, known_end_s):
        raise unprocessable("invalid_times", "a segment ends after its start and inside the video", "/end_s")


def _check_speaker(session: Session, task: Task, speaker_id: str) -> None:
    if script_rows.speaker(session, task.task_id, speaker_id) is None:
        raise unprocessable("unknown_speaker", f"speaker '{speaker_id}' does not exist", "/speaker_id")


def _text(text: str) -> str:
    found = " ".join(text.split())
    if not found:
        raise unprocessable("empty_text", "a line needs a text", "/text")
    return found


def _short(text: str) -> str:
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
