"""Split, merge, move and remove segments together with their lines in all languages."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.halves import Interval, cut_source, cut_text, join_texts
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import omission
from services.gateway.script.doubt import sureness
from shared.pipeline import LineState, language


def new_segment_id() -> str:
    """An id that no segment has ever had, so that a deleted one can come back."""
    return f"s{uuid.uuid4().hex[:12]}"


def remove(session: Session, task: Task, edit: Edit, segments: Iterable[SegmentRow]) -> None:
    """Remove segments with their lines."""
    leaving = list(segments)
    for line in script_rows.lines_of_segments(session, task.task_id, [segment.segment_id for segment in leaving]):
        edit.remove(line)
    for segment in leaving:
        edit.remove(segment)


def as_written(session: Session, task: Task, edit: Edit, segments: Iterable[SegmentRow]) -> None:
    """Restore the texts of the captions of segments, and have their lines spoken in all languages."""
    unsaid = []
    for segment in segments:
        if omission(segment.decisions) is not None:
            unsaid.append(segment.segment_id)
        changed = {"text": segment.written, "revision": segment.version + 1} if segment.written else {}
        if changed.get("text") == segment.text:
            changed = {}
        edit.change(segment, decisions=[], written=None, **changed)
    for line in script_rows.lines_of_segments(session, task.task_id, unsaid):
        edit.change(line, omitted=False)


def split(
    session: Session,
    task: Task,
    edit: Edit,
    segment: SegmentRow,
    at_s: float,
    text_at: int | None,
    texts: Mapping[str, tuple[str, str]],
) -> SegmentRow | None:
    """Split a segment at `at_s`; returns the new second half, or None when a half would have no text.

    `texts` are the halves that a person gave, by language; the others are cut where the source text is.
    """
    source = cut_source(
        segment.text,
        segment.words,
        segment.start_s,
        segment.end_s,
        at_s,
        spaces=language(task.source_language or "en").spaces,
        text_at=text_at,
    )
    if not all(source.texts):
        return None
    second = SegmentRow(
        task_id=task.task_id,
        segment_id=new_segment_id(),
        start_s=at_s,
        end_s=segment.end_s,
        speaker_id=segment.speaker_id,
        text=source.texts[1],
        words=source.words[1],
        decisions=segment.decisions,
        language=segment.language,
        sureness=_sure(segment, source.words[1]),
    )
    before, revision = segment.revision, segment.version + 1
    changed = {"text": source.texts[0], "words": source.words[0], "sureness": _sure(segment, source.words[0])}
    edit.change(segment, end_s=at_s, written=None, revision=revision, **changed)
    edit.add(second)
    for line in script_rows.lines_of_segments(session, task.task_id, [segment.segment_id]):
        in_sync = line.segment_revision == before
        _split_line(edit, line, second, at_s, source.share, texts.get(line.language))
        if in_sync:
            edit.change(line, segment_revision=revision)
    return second


def _split_line(
    edit: Edit, line: LineRow, second: SegmentRow, at_s: float, share: float, own: tuple[str, str] | None
) -> None:
    spaces = language(line.language).spaces
    first_text, second_text = own or (cut_text(line.text, share, spaces=spaces) if line.text else (None, None))
    provided = cut_text(line.provided, share, spaces=spaces) if line.provided else (None, None)
    edited, origin = (True, "person") if own else (line.edited, line.origin)
    edit.add(
        LineRow(
            task_id=line.task_id,
            language=line.language,
            segment_id=second.segment_id,
            text=second_text or None,
            provided=provided[1] or None,
            state=LineState.TRANSLATED if second_text else LineState.PENDING,
            end_s=line.end_s if line.end_s is not None and line.end_s > at_s else None,
            speaker_id=line.speaker_id,
            voice=line.voice,
            omitted=line.omitted,
            edited=edited and bool(second_text),
            origin=origin,
        )
    )
    edit.change(
        line,
        text=first_text or None,
        provided=provided[0],
        start_s=line.start_s if line.start_s is not None and line.start_s < at_s else None,
        end_s=None,
        pinned=False,
        edited=edited,
        origin=origin,
    )


def unite(session: Session, task: Task, edit: Edit, first: SegmentRow, others: Sequence[SegmentRow]) -> None:
    """Merge consecutive segments into the first."""
    every = [first, *others]
    by_language: dict[str, dict[str, LineRow]] = {segment.segment_id: {} for segment in every}
    for line in script_rows.lines_of_segments(session, task.task_id, by_language):
        by_language[line.segment_id][line.language] = line
    before = {segment.segment_id: segment.revision for segment in every}
    revision = first.version + 1
    for code, line in by_language[first.segment_id].items():
        parts = [lines[code] for lines in by_language.values() if code in lines]
        _unite_line(edit, line, parts)
        if all(part.segment_revision == before[part.segment_id] for part in parts):
            edit.change(line, segment_revision=revision)
    edit.change(
        first,
        end_s=max(segment.end_s for segment in every),
        text=join_texts((segment.text for segment in every), spaces=language(task.source_language or "en").spaces),
        words=[word for segment in every for word in segment.words],
        sureness=min((one.sureness for one in every if one.sureness is not None), default=None),
        written=None,
        decisions=first.decisions if all(one.decisions == first.decisions for one in others) else [],
        revision=revision,
    )
    remove(session, task, edit, others)


def _sure(segment: SegmentRow, words: Sequence[Mapping[str, Any]]) -> float | None:
    """How sure the recognizer was of a part, unless a person wrote the whole."""
    return None if segment.sureness is None else sureness(words)


def _unite_line(edit: Edit, line: LineRow, every: Sequence[LineRow]) -> None:
    """Merge the parts of a line. If one has no text, the line is translated as a whole, unless a person wrote the
    others."""
    spaces = language(line.language).spaces
    edited = any(one.edited for one in every)
    whole = edited or all(one.text for one in every)
    provided = [one.provided for one in every if one.provided]
    edit.change(
        line,
        text=join_texts((one.text or "" for one in every), spaces=spaces) or None if whole else None,
        provided=join_texts(provided, spaces=spaces) if len(provided) == len(every) else None,
        edited=edited,
        origin="person" if edited else line.origin,
        end_s=every[-1].end_s,
        omitted=all(one.omitted for one in every),
        pinned=False,
    )


def shift(session: Session, task: Task, edit: Edit, move: Callable[[float, float], Interval | None]) -> int | None:
    """Move every segment, and every line with its own times, to where `move` puts it.

    A segment that no longer has a place is removed. Returns how many were; None when nothing would be left.
    """
    segments = script_rows.segments(session, task.task_id)
    places = {segment.segment_id: move(segment.start_s, segment.end_s) for segment in segments}
    if not any(places.values()):
        return None
    remove(session, task, edit, (segment for segment in segments if places[segment.segment_id] is None))
    for segment in segments:
        if place := places[segment.segment_id]:
            edit.change(segment, start_s=place[0], end_s=place[1])
    for target in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
        for line in script_rows.lines(session, task.task_id, target.language).values():
            if places.get(line.segment_id) and (line.start_s is not None or line.end_s is not None):
                own = move(line.start_s or 0.0, line.end_s or float("inf"))
                start_s, end_s = own or (None, None)
                edit.change(
                    line,
                    start_s=start_s if line.start_s is not None else None,
                    end_s=end_s if line.end_s is not None else None,
                )
    return sum(place is None for place in places.values())
