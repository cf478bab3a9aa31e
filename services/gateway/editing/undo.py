"""The edits of a task: list, undo, redo."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.db import Session
from services.gateway.db.tables import EditRow, Task
from services.gateway.editing import edits
from services.gateway.editing import rows as editing_rows
from services.gateway.editing.changes import Touched
from services.gateway.editing.schemas import EditRead, EditUndone, LineName
from services.gateway.pipeline.parts import Gateway, Parts, locked_visible_task, visible_task
from services.gateway.web.claims import keep
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["edits"])
Move = Callable[[Session, Task], tuple[EditRow, Touched] | None]


@router.get("/edits", operation_id="list_edits")
def list_edits(
    task_id: str, parts: Parts, who: Who, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[EditRead]:
    """Edits, newest first; those that were undone can be done again until the next new one."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        return [_edit(row) for row in editing_rows.edits(session, task_id, limit)]


@router.post("/undo", operation_id="undo_edit")
def undo_edit(task_id: str, parts: Parts, who: Who) -> EditUndone:
    """Revert the newest edit; a take made of what comes back counts again at once.

    Raises: 409 `nothing_to_undo`, `edit_conflict` when something else changed the same since.
    """
    return _move(edits.undo, "undo", task_id, parts, who)


@router.post("/redo", operation_id="redo_edit")
def redo_edit(task_id: str, parts: Parts, who: Who) -> EditUndone:
    """Redo the edit that was undone last.

    Raises: 409 `nothing_to_redo`, `edit_conflict`.
    """
    return _move(edits.redo, "redo", task_id, parts, who)


def _move(move: Move, name: str, task_id: str, parts: Gateway, who: Caller) -> EditUndone:
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        try:
            found = move(session, task)
        except edits.Conflict as conflict:
            raise Problem(409, "edit_conflict", str(conflict)) from conflict
        if found is None:
            raise Problem(409, f"nothing_to_{name}", f"there is no edit of this task to {name}")
        row, touched = found
        undone = EditUndone(
            edit=_edit(row),
            segments=sorted(touched.segments),
            lines=[LineName(language=language, segment_id=key) for language, key in sorted(touched.lines)],
        )
        return keep(session, who.claim, undone)


def _edit(row: EditRow) -> EditRead:
    return EditRead(**row.model_dump(include=set(EditRead.model_fields)))
