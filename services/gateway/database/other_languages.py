"""Lines in another language than the video's: left as they are, or translated, as the task says."""

from sqlmodel import Session

from services.gateway.database import queries
from services.gateway.database.edits import Edit
from services.gateway.database.tables import Task
from services.gateway.planning.captions import omission


def apply_choice(session: Session, task: Task, *, keep: bool, author: str | None) -> None:
    """Let the lines that are there follow a new choice: an edit, which can be undone. Lines of people stay."""
    edit = Edit(session, task, "other_languages", author)
    segments = queries.spoken_segments(session, task.task_id)
    marked = [one.segment_id for one in segments if one.language and omission(one.decisions) is None]
    for language in queries.languages(session, [task.task_id]).get(task.task_id, []):
        for line in queries.lines(session, task.task_id, language.language, marked).values():
            if not (line.edited or line.pinned):
                edit.change(line, omitted=keep)
    edit.finish("lines in other languages: " + ("kept as they are" if keep else "translated"))
