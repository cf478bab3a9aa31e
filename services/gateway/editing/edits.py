"""Edits of a task: made, recorded, undone and redone by one mechanism.

An edit records the columns it changed, before and after. States and takes are not among them: they are derived from the
rows (`consequences`), so a take made from what an undo restores counts again at once.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import EditRow, LineRow, SegmentRow, SpeakerRow, Task, TaskEngine
from services.gateway.editing import rows as editing_rows
from services.gateway.editing.changes import ENGINES, LINES, SEGMENTS, SPEAKERS, Touched, line_key, touched
from services.gateway.editing.consequences import follow
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell, tell_all
from services.gateway.script import rows as script_rows
from shared.pipeline import BASE

Row = SegmentRow | LineRow | SpeakerRow | TaskEngine
_TABLES: dict[str, type[Row]] = {SEGMENTS: SegmentRow, LINES: LineRow, SPEAKERS: SpeakerRow, ENGINES: TaskEngine}
_ORDER = (SPEAKERS, SEGMENTS, LINES, ENGINES)
_FOLLOWS = ("take_key",)  # not compared: a newer take is kept if it fits
_SUBJECT = {SEGMENTS: "segment", SPEAKERS: "speaker"}
Sides = dict[str, dict[str, dict[str, Any]]]


class Conflict(Exception):  # noqa: N818 (a state of the task, not a mistake)
    """What an edit changed has since been changed by something else; the message says what."""


class Edit:
    """One edit being made. Every change of a row goes through it; `finish` records it."""

    def __init__(self, session: Session, task: Task, kind: str, author: str | None) -> None:
        self._session, self._task = session, task
        self._kind, self._author = kind, author or ""
        self._before: Sides = {}
        self._after: Sides = {}

    def change(self, row: Row, **values: Any) -> None:
        """Set columns; those that already have their value are left out."""
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return
        table, key = _place(row)
        for name, value in changed.items():
            self._before.setdefault(table, {}).setdefault(key, {}).setdefault(name, getattr(row, name))
            self._after.setdefault(table, {}).setdefault(key, {})[name] = value
            setattr(row, name, value)
        row.version += 1

    def add(self, row: Row) -> None:
        """Add a row."""
        self._session.add(row)
        self._session.flush()
        table, key = _place(row)
        self._after.setdefault(table, {})[key] = _dump(row)

    def remove(self, row: Row) -> None:
        """Remove a row as it is."""
        table, key = _place(row)
        self._before.setdefault(table, {})[key] = _dump(row)
        self._session.delete(row)

    def finish(self, summary: str) -> EditRow | None:
        """Record the edit with all its consequences; None when nothing changed.

        What was undone before can then no longer be redone.
        """
        changes = touched(self._before, self._after)
        if not (changes.segments or changes.lines or changes.speakers or changes.engines):
            return None
        number = editing_rows.newest_number(self._session, self._task.task_id) + 1
        editing_rows.drop_undone_edits(self._session, self._task.task_id)
        editing_rows.drop_old_edits(self._session, self._task.task_id)
        row = EditRow(
            task_id=self._task.task_id,
            number=number,
            kind=self._kind,
            summary=summary[:300],
            before=self._before,
            after=self._after,
            author=self._author,
        )
        self._session.add(row)
        follow(self._session, self._task, changes)
        _tell_rows(self._session, self._task, self._before, self._after)
        return row


def undo(session: Session, task: Task) -> tuple[EditRow, Touched] | None:
    """Revert the newest edit; None when there is none, or none that is kept. Raises: Conflict."""
    edit = editing_rows.last_edit(session, task.task_id)
    if edit is None:
        return None
    edit.after, edit.before = _apply(session, task, edit, edit.after, edit.before)
    edit.undone = True
    return _told(session, task, edit, "undone", edit.after, edit.before)


def redo(session: Session, task: Task) -> tuple[EditRow, Touched] | None:
    """Redo the oldest undone edit; None when there is none. Raises: Conflict."""
    edit = editing_rows.undone_edit(session, task.task_id)
    if edit is None:
        return None
    edit.before, edit.after = _apply(session, task, edit, edit.before, edit.after)
    edit.undone = False
    return _told(session, task, edit, "redone", edit.before, edit.after)


def _told(
    session: Session, task: Task, edit: EditRow, name: str, before: Sides, after: Sides
) -> tuple[EditRow, Touched]:
    changes = touched(before, after)
    follow(session, task, changes)
    _tell_rows(session, task, before, after)
    tell(session, task, BASE, "edit", name, number=edit.number, kind=edit.kind, summary=edit.summary)
    return edit, changes


def _apply(session: Session, task: Task, edit: EditRow, now: Sides, then: Sides) -> tuple[Sides, Sides]:
    """Turn the rows of `now` into those of `then`; returns both as they are to be recorded.

    A removed row is recorded in its current state, with everything made from it since.
    """
    kept: Sides = {table: dict(rows) for table, rows in now.items()}
    rows = _find(session, task, _keys(now, then))
    for (table, key), row in rows.items():
        _check(edit, row, now.get(table, {}).get(key), then.get(table, {}).get(key))
    leaving: dict[tuple[str, str], Row] = {}
    coming: dict[str, list[dict[str, Any]]] = {}
    for (table, key), row in rows.items():
        values = then.get(table, {}).get(key)
        if row is None and values is not None:
            coming.setdefault(table, []).append(values | {"version": values["version"] + 1})
        elif row is not None and values is not None:
            for name, value in values.items():
                setattr(row, name, value)
            row.version += 1
        elif row is not None:
            leaving[table, key] = row
    leaving |= {_place(line): line for line in _lines_of(session, task, leaving)}
    for (table, key), gone in leaving.items():
        kept.setdefault(table, {})[key] = _dump(gone)
        session.delete(gone)
    session.flush()
    for table, again in coming.items():
        editing_rows.add_again(session, _TABLES[table], again)
    return kept, then


def _keys(*sides: Sides) -> list[tuple[str, str]]:
    return list(dict.fromkeys((table, key) for table in _ORDER for side in sides for key in side.get(table, {})))


def _check(edit: EditRow, row: Row | None, now: dict[str, Any] | None, then: dict[str, Any] | None) -> None:
    """Raises: Conflict, when a row is not as the edit left it."""
    if (row is None) != (now is None):
        what = "was removed" if row is None else "is there"
        raise Conflict(f"edit {edit.number} ({edit.summary}): a row it changed {what} by now")
    if row is None or now is None or then is None:
        return
    for name, value in now.items():
        found = getattr(row, name)
        if name not in _FOLLOWS and found != value and found != then[name]:
            where = "/".join(_place(row))
            raise Conflict(f"edit {edit.number} ({edit.summary}): '{name}' of {where} was changed since")


def _find(session: Session, task: Task, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row | None]:
    """The rows of these tables and keys, with one query per table and language."""
    found: dict[tuple[str, str], Row | None] = dict.fromkeys(keys)
    named: dict[tuple[str, str], list[str]] = {}
    for table, key in found:
        language, segment_id = line_key(key) if table in (LINES, ENGINES) else ("", key)
        named.setdefault((table, language), []).append(segment_id)
    for (table, language), ids in named.items():
        for row in _rows(session, task.task_id, table, language, ids):
            found[_place(row)] = row
    return found


def _rows(session: Session, task_id: str, table: str, language: str, ids: Sequence[str]) -> Iterable[Row]:
    if table == SEGMENTS:
        return script_rows.segments(session, task_id, ids)
    if table == SPEAKERS:
        return [row for row in script_rows.speakers(session, task_id) if row.speaker_id in ids]
    if table == ENGINES:
        rows = pipeline_rows.kept_engines_of(session, [task_id]).get(task_id, [])
        return [row for row in rows if row.language == language and row.port in ids]
    return script_rows.lines(session, task_id, language, ids).values()


def _lines_of(session: Session, task: Task, leaving: Iterable[tuple[str, str]]) -> Iterable[LineRow]:
    """Lines go with their segment, including those of languages added since."""
    return script_rows.lines_of_segments(session, task.task_id, [key for table, key in leaving if table == SEGMENTS])


def _place(row: Row) -> tuple[str, str]:
    """Table and key of a row."""
    if isinstance(row, SegmentRow):
        return SEGMENTS, row.segment_id
    if isinstance(row, SpeakerRow):
        return SPEAKERS, row.speaker_id
    if isinstance(row, TaskEngine):
        return ENGINES, f"{row.language}/{row.port}"
    return LINES, f"{row.language}/{row.segment_id}"


def _dump(row: Row) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _tell_rows(session: Session, task: Task, before: Sides, after: Sides) -> None:
    """Publish the segments and speakers that were changed, added or removed."""
    rows = _find(session, task, [(table, key) for table, key in _keys(before, after) if table in _SUBJECT])
    for table, subject in _SUBJECT.items():
        told = []
        for key in sorted(key for of, key in rows if of == table):
            row = rows[table, key]
            name = "deleted" if row is None else "updated" if key in before.get(table, {}) else "created"
            told.append((name, {f"{subject}_id": key, "version": row.version if row else None}))
        tell_all(session, task, BASE, subject, told)
