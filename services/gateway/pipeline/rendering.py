"""Exports by recipe: begin one, and make it from the current state of the task once its title and description are
translated."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from services.gateway.db import Session
from services.gateway.db.tables import ExportRow, JobRow, LineRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row, source_timeline, timeline
from services.gateway.pipeline.endings import OLDER
from services.gateway.pipeline.facts import log_stage, tell
from services.gateway.pipeline.outdating import judge_due
from services.gateway.pipeline.publishing import (
    asked,
    export_of,
    shard_of,
    translations,
    unpublished,
    with_summary,
    with_translation,
)
from services.gateway.pipeline.rows import LanguageState
from services.gateway.pipeline.worth_a_look import worth_a_look
from services.gateway.script import rows as script_rows
from services.gateway.script.rows import LineCount, SegmentCount
from services.gateway.script.script import Script
from shared.messaging import (
    ExportRecipe,
    ExportSettings,
    JobFailed,
    LinesTranslated,
    PublishedText,
    RecipeTimelines,
    RenderRecipe,
)
from shared.pipeline import BASE, Lane, LineState, Stage, Status
from shared.storage import keys
from shared.transcript import PictureEdits


@dataclass(frozen=True)
class Standing:
    """How far a task is; while this is the same, so is everything that its exports are made from."""

    languages: Mapping[str, LanguageState]
    runs: Mapping[tuple[str, Stage], Mapping[str, Any]]
    segments: SegmentCount
    lines: Sequence[LineCount]
    rest: tuple[Any, ...]


def standing(session: Session, task: Task) -> Standing:
    """How far `task` is now; its lines are counted, not read."""
    runs = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {})
    speakers = [(one.speaker_id, one.name) for one in script_rows.speakers(session, task.task_id)]
    return Standing(
        languages={one.language: one for one in pipeline_rows.language_states(session, task.task_id)},
        runs={key: run.model_dump() for key, run in runs.items()},
        segments=script_rows.segment_counts(session, task.task_id),
        lines=script_rows.line_counts(session, task.task_id),
        rest=(task.source_language, task.media, task.config, speakers),
    )


def prepare(session: Session, task: Task, recipe: ExportRecipe, languages: Sequence[str]) -> str | None:
    """The document of an export, which takes long: to be made before the transaction that begins it.

    None if title and description may have to be translated: it is made after that, from what the task is then.
    """
    recipe = with_summary(task, recipe)
    if any(asked(recipe, language) != PublishedText() for language in languages):
        return None
    return _document(session, task, recipe, languages)


def begin(
    session: Session,
    task: Task,
    recipe: ExportRecipe,
    languages: Sequence[str],
    lane: Lane,
    at: Standing,
    document: str | None = None,
) -> ExportRow:
    """Begin an export by `recipe`, which names `languages`; each export is a separate attempt.

    `at` is how far `task` is, `document` what was prepared from that.
    """
    made = ExportRow(
        export_id=f"exp_{secrets.token_hex(6)}",
        task_id=task.task_id,
        recipe=with_summary(task, recipe).model_dump(mode="json"),
        status=Status.PROCESSING,
        languages={language: _as_it_is(at, language) for language in languages},
    )
    session.add(made)
    session.flush()
    tell(session, task, BASE, "recipe", "started", export_id=made.export_id)
    log_stage(session, task, BASE, "recipe", "started", made.export_id)
    before = translations(session, task, made, lane)
    pipeline_rows.add_jobs(session, [row(task, job) for job in before])
    if not before:
        _render(session, task, made, lane, at, document)
    return made


def take_translation(session: Session, task: Task, job: JobRow, result: LinesTranslated | JobFailed) -> None:
    """Keep the translated title and description; the export starts after the last of them."""
    made = pipeline_rows.export(session, task.task_id, export_of(job.shard) or "")
    if made is not None and isinstance(result, LinesTranslated):
        recipe = with_translation(ExportRecipe.model_validate(made.recipe), result)
        made.recipe = recipe.model_dump(mode="json")
    elif isinstance(result, JobFailed):
        log_stage(session, task, job.language, "recipe", "failed", result.message)
    go_on(session, task, job)


def go_on(session: Session, task: Task, job: JobRow) -> None:
    """Make an export once the last `job` that translates for it has ended, even if that was canceled."""
    export_id = export_of(job.shard)
    made = pipeline_rows.export(session, task.task_id, export_id) if export_id else None
    if export_id is None or made is None or made.status != Status.PROCESSING:
        return
    session.flush()
    shards = {open_job.shard for open_job in pipeline_rows.open_jobs(session, task.task_id)}
    if not shards & {shard_of(export_id), pipeline_rows.export_shard(export_id)}:
        judge_due(session)  # the export records verdicts
        _render(session, task, made, Lane(job.lane), standing(session, task))


def _render(
    session: Session, task: Task, made: ExportRow, lane: Lane, at: Standing, document: str | None = None
) -> None:
    """Add the job that makes the files from the current state of the task."""
    recipe, languages = ExportRecipe.model_validate(made.recipe), list(made.languages or {})
    made.languages = {language: _as_it_is(at, language) for language in languages}
    if any(state["lines_unspoken"] for state in made.languages.values()):
        recipe = recipe.model_copy(update={"name": f"{(recipe.name or _stem(task))[: 80 - len(OLDER)]}{OLDER}"})
    shard, attempt = pipeline_rows.export_shard(made.export_id), int(made.id or 1)
    settings = recipe.settings or ExportSettings.model_validate(task.config.get("export_settings", {}))
    job = RenderRecipe(
        task_id=task.task_id,
        language=BASE,
        shard=shard,
        attempt=attempt,
        epoch=task.epoch,
        lane=lane,
        export_id=made.export_id,
        video_key=task.video_key,
        original_name=task.video_original_name,
        timelines_key=keys.document(task.task_id, BASE, Stage.EXPORT, shard, attempt),
        recipe=recipe,
        settings=settings,
        transcript_key=task.transcript_key,
        picture_edits=PictureEdits.model_validate(task.config.get("picture_edits") or {}),
    )
    document = document or _document(session, task, recipe, languages)
    session.add(row(task, job, document=document))


def _document(session: Session, task: Task, recipe: ExportRecipe, languages: Sequence[str]) -> str:
    """The lines of all languages as they are now, and what else the files say."""
    beside = Script(session, task, BASE)  # segments are read once for all languages
    why_not = {language: unpublished(session, task, recipe, language) for language in languages}
    made = RecipeTimelines(
        source=source_timeline(session, task),
        languages=tuple(timeline(_script(session, task, language, beside)) for language in languages),
        unpublished={language: why for language, why in why_not.items() if why},
        **(_for_editors(session, task) if recipe.timelines else {}),
    )
    return made.model_dump_json()


def _script(session: Session, task: Task, language: str, beside: Script) -> Script:
    """A script of whose lines no more than a timeline shows is read."""
    script = Script(session, task, language, beside=beside)
    script.lines = cast("dict[str, LineRow]", script_rows.timeline_lines(session, task.task_id, language))
    return script


def _for_editors(session: Session, task: Task) -> dict[str, Any]:
    """What timelines of editing programs show beside the lines."""
    review: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in worth_a_look(session, task):
        review.setdefault(one.line.language, {})[one.line.segment_id] = tuple(reason.text for reason in one.reasons)
    speakers = {row.speaker_id: row.name for row in script_rows.speakers(session, task.task_id)}
    return {"speakers": speakers, "review": review}


def _stem(task: Task) -> str:
    return task.video_original_name.rpartition(".")[0] or task.video_original_name


def _as_it_is(at: Standing, language: str) -> dict[str, Any]:
    """The current state of a language, as an export records it."""
    known = at.languages.get(language)
    counts = [one for one in at.lines if one.language == language and not one.omitted]
    passed = known.gate["passed"] if known and known.gate else None
    return {
        "version": known.content_version if known else 0,
        "lines_unspoken": sum(one.lines for one in counts if LineState(one.state).is_unspoken),
        "lines_failed": sum(one.lines for one in counts if one.state == LineState.FAILED),
        "gate": None if passed is None else "passed" if passed else "failed",
    }
