"""Change a task: its configuration, its languages, and what happens to lines in other languages."""

from fastapi import APIRouter, Request, Response

from services.gateway.db import Session
from services.gateway.db.tables import Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.schemas import TaskUpdate
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.outdating import judge_language, outdate_exports
from services.gateway.pipeline.parts import Parts, locked_visible_task
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import TaskRead
from services.gateway.pipeline.steps import carry_out
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import omission
from services.gateway.web.etags import check_version_sent, etag
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem
from shared.messaging import ExportSettings

router = APIRouter(prefix="/api/tasks", tags=["tasks"])


def apply_choice(session: Session, task: Task, *, keep: bool, author: str | None) -> None:
    """Apply a new choice to existing lines: an edit, which can be undone. Lines that people wrote stay."""
    edit = Edit(session, task, "other_languages", author)
    segments = script_rows.spoken_segments(session, task.task_id)
    marked = [one.segment_id for one in segments if one.language and omission(one.decisions) is None]
    for language in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
        for line in script_rows.lines(session, task.task_id, language.language, marked).values():
            if not (line.edited or line.pinned):
                edit.change(line, omitted=keep)
    edit.finish("lines in other languages: " + ("kept as they are" if keep else "translated"))


@router.patch("/{task_id}", operation_id="update_task")
def update_task(
    task_id: str, change: TaskUpdate, request: Request, parts: Parts, who: Who, response: Response
) -> TaskRead:
    """Change the configuration. Languages may be added at any time, and removed while nothing was made for them.

    With `If-Match` only while nobody else changed the task: 412 `version_conflict`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        check_version_sent(request, task.version)
        wanted = change.model_dump(exclude_unset=True, mode="json")
        if wanted.get("target_languages") is not None:
            _change_languages(session, task, wanted["target_languages"])
        before = _picture(task)
        task.config = {**task.config, **{k: v for k, v in wanted.items() if v is not None or k in _MAY_BE_NONE}}
        if wanted.get("other_languages") is not None:
            apply_choice(session, task, keep=wanted["other_languages"] == "keep", author=who.owner)
        if _picture(task) != before:
            outdate_exports(session, task)
        if wanted.get("gate") is not None:
            for row in pipeline_rows.languages(session, [task_id]).get(task_id, []):
                judge_language(session, task, row)
        tell(session, task, "base", "task", "updated", changed=sorted(wanted))
        carry_out(session, task, [])
        session.flush()
        response.headers["ETag"] = etag(task.version)
        return read_task(session, parts.audience, task)


def _picture(task: Task) -> tuple[str, str]:
    """What exports make of words in the picture."""
    settings = ExportSettings.model_validate(task.config.get("export_settings") or {})
    return settings.picture, settings.cover


_MAY_BE_NONE = ("source_language", "num_speakers", "audio_track", "text_track", "source_text")


def _change_languages(session: Session, task: Task, wanted: list[str]) -> None:
    present = {row.language: row for row in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, [])}
    runs = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {})
    for language, row in present.items():
        if language in wanted:
            continue
        if any(of == language for of, _ in runs):
            raise Problem(409, "language_in_use", f"'{language}' has work already; it cannot be removed")
        pipeline_rows.remove_language(session, row)
    pipeline_rows.add_languages(session, task.task_id, (code for code in wanted if code not in present))
