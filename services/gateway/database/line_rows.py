"""Many lines at once."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import insert
from sqlmodel import Session

from services.gateway.database import queries
from services.gateway.database.tables import LineRow, SegmentRow, Task
from services.gateway.planning.captions import is_unsaid


def keeps_others(task: Task) -> bool:
    """Whether a task leaves lines in other languages than the video's as they are."""
    return task.config.get("other_languages") == "keep"


def add_lines(
    session: Session,
    task_id: str,
    language: str,
    segments: Mapping[str, int],
    provided: Mapping[str, str],
    unsaid: Collection[str] = (),
) -> None:
    """Insert an empty line for each of `segments`, which maps ids to revisions, with one statement.

    Those that are `unsaid` are omitted.
    """
    if not segments:
        return
    empty = LineRow(task_id=task_id, language=language, segment_id="").model_dump(exclude={"id"})
    empty = {name: value for name, value in empty.items() if value is not None}
    rows = [
        {
            **empty,
            "segment_id": key,
            "segment_revision": revision,
            "provided": provided.get(key),
            "omitted": key in unsaid,
        }
        for key, revision in segments.items()
    ]
    session.execute(insert(LineRow.__table__), rows)  # type: ignore[attr-defined]


def with_missing_lines(
    session: Session, task: Task, language: str, segments: Sequence[SegmentRow]
) -> dict[str, LineRow]:
    """The lines of a language by segment, after empty ones were added for those of `segments` that had none."""
    lines = queries.lines(session, task.task_id, language)
    new = {one.segment_id: one.revision for one in segments if one.segment_id not in lines}
    if not new:
        return lines
    keeps = keeps_others(task)
    unsaid = {one.segment_id for one in segments if is_unsaid(one.decisions, one.language, keeps_others=keeps)}
    add_lines(session, task.task_id, language, new, {}, unsaid)
    return queries.lines(session, task.task_id, language)
