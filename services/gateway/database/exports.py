"""Exports by recipe: rows and jobs of their own, beside the runs of the languages."""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from services.gateway.database import queries
from services.gateway.database.facts import flag_cancel, log_stage, tell
from services.gateway.database.jobs import row, source_timeline, timeline
from services.gateway.database.tables import ExportRow, JobRow, JobState, Task, now
from services.gateway.planning.kinds import RECIPE
from shared.messaging import ExportRecipe, ExportSettings, JobFailed, RecipeRendered, RecipeTimelines, RenderRecipe
from shared.pipeline import BASE, ErrorCode, LineState, Stage, Status
from shared.storage import keys

OLDER = "-older"
"""In the names of files that were made before, or without, the last edits of their lines."""


def export(session: Session, task_id: str, export_id: str) -> ExportRow | None:
    """One export by recipe."""
    found = select(ExportRow).where(ExportRow.task_id == task_id, ExportRow.export_id == export_id)
    return session.exec(found).first()


def exports(session: Session, task_id: str) -> Sequence[ExportRow]:
    """Exports by recipe, newest first."""
    found = select(ExportRow).where(ExportRow.task_id == task_id).order_by(col(ExportRow.id).desc())
    return session.exec(found).all()


def jobs(session: Session, task_id: str, export_ids: Sequence[str]) -> dict[str, JobRow]:
    """The job of each export."""
    shards = [f"{RECIPE}{export_id}" for export_id in export_ids]
    found = session.exec(select(JobRow).where(JobRow.task_id == task_id, col(JobRow.shard).in_(shards)))
    return {job.shard.removeprefix(RECIPE): job for job in found}


def start(session: Session, task: Task, recipe: ExportRecipe, languages: Sequence[str]) -> ExportRow:
    """Begin an export of `recipe`, which names `languages`; every one has an attempt of its own."""
    made = ExportRow(
        export_id=f"exp_{secrets.token_hex(6)}",
        task_id=task.task_id,
        recipe=recipe.model_dump(mode="json"),
        status=Status.PROCESSING,
        languages={language: _state(session, task, language) for language in languages},
    )
    if any(state["lines_unspoken"] for state in (made.languages or {}).values()):
        recipe = recipe.model_copy(update={"name": f"{recipe.name or _stem(task)}{OLDER}"})
    session.add(made)
    session.flush()
    shard, attempt = f"{RECIPE}{made.export_id}", int(made.id or 1)
    settings = recipe.settings or ExportSettings.model_validate(task.config.get("export_settings", {}))
    job = RenderRecipe(
        task_id=task.task_id,
        language=BASE,
        shard=shard,
        attempt=attempt,
        epoch=task.epoch,
        export_id=made.export_id,
        video_key=task.video_key,
        original_name=task.video_original_name,
        timelines_key=keys.document(task.task_id, BASE, Stage.EXPORT, shard, attempt),
        recipe=recipe,
        settings=settings,
    )
    document = RecipeTimelines(
        source=source_timeline(session, task),
        languages=tuple(timeline(session, task, language) for language in languages),
    )
    session.add(row(task, job, document=document.model_dump_json()))
    tell(session, task, BASE, "recipe", "started", export_id=made.export_id)
    log_stage(session, task, BASE, "recipe", "started", made.export_id)
    return made


def _stem(task: Task) -> str:
    return task.video_original_name.rpartition(".")[0] or task.video_original_name


def _state(session: Session, task: Task, language: str) -> dict[str, Any]:
    """What a language is at this moment, as an export keeps it."""
    row = queries.language(session, task.task_id, language)
    lines = [line for line in queries.lines(session, task.task_id, language).values() if not line.omitted]
    passed = row.gate["passed"] if row and row.gate else None
    return {
        "version": row.content_version if row else 0,
        "lines_unspoken": sum(LineState(line.state).is_unspoken for line in lines),
        "lines_failed": sum(line.state == LineState.FAILED for line in lines),
        "gate": None if passed is None else "passed" if passed else "failed",
    }


def record_recipe(session: Session, task: Task, result: RecipeRendered | JobFailed) -> None:
    """Take in how an export ended."""
    made = export(session, task.task_id, result.shard.removeprefix(RECIPE))
    if made is None:
        return
    made.finished_at = now()
    if isinstance(result, JobFailed):
        made.status, made.error_code, made.error_message = Status.FAILED, result.code, result.message
    else:
        made.status, made.report = Status.COMPLETED, {**result.report, "languages": made.languages or {}}
        made.files = [file.model_dump(mode="json") for file in result.files]
    error = {"error_code": made.error_code, "error_message": made.error_message}
    name = "failed" if made.error_code else "completed"
    tell(session, task, BASE, "recipe", name, export_id=made.export_id, **error)
    log_stage(session, task, BASE, "recipe", name, made.error_message or made.export_id)


def cancel(session: Session, task: Task, made: ExportRow) -> None:
    """Stop an export that is not finished; the workers hear of it within two seconds."""
    if made.status != Status.PROCESSING:
        return
    made.status, made.finished_at, made.error_code = Status.CANCELED, now(), ErrorCode.CANCELED
    job = jobs(session, task.task_id, [made.export_id]).get(made.export_id)
    if job is not None and job.state in queries.OPEN_JOBS:
        job.state, job.finished_at = JobState.CANCELED, now()
        flag_cancel(session, task, BASE, shard=job.shard)
    tell(session, task, BASE, "recipe", "canceled", export_id=made.export_id)


def cancel_all(session: Session, task: Task) -> None:
    """Stop every export of a task."""
    for made in exports(session, task.task_id):
        cancel(session, task, made)
