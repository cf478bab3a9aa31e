"""What follows from an edit: which lines are outdated, which have a take again, whose export is stale."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task, TaskLanguage, now
from services.gateway.editing.changes import Touched
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell_all
from services.gateway.pipeline.kept_engines import choice_of
from services.gateway.pipeline.outdating import Lines, judge_again, line_facts, outdate_export, outdate_voices
from services.gateway.pipeline.rows import kept_engine
from services.gateway.script import rows as script_rows
from shared.messaging import EngineUsed
from shared.pipeline import BASE, Stage, Status


def follow(session: Session, task: Task, touched: Touched) -> None:
    """Carry out everything that follows from the rows that changed, and tell what becomes of lines and exports."""
    session.flush()
    segments = script_rows.segments(session, task.task_id)
    for language in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
        _follow(session, task, language, segments, touched)
    for of, port in touched.engines:
        if port in _STAGES:
            _outdate_made_by_another(session, task, of, port)
    task.updated_at = now()


_STAGES = {"recognizer": Stage.DIARIZATION, "translator": Stage.TRANSLATION}


def _outdate_made_by_another(session: Session, task: Task, language: str, port: str) -> None:
    """A finished stage is outdated while the task keeps to another engine than the one that did it, and no longer."""
    kept = kept_engine(session, task.task_id, language, port)
    run = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {}).get((language, _STAGES[port]))
    if kept is None or run is None or run.status not in (Status.COMPLETED, Status.STALE):
        return
    made_by = [EngineUsed.model_validate(engine) for engine in run.engines]
    same = any(choice_of(kept).is_same(one.choice(port)) for one in made_by)
    run.status = Status.COMPLETED if same else Status.STALE
    if language == BASE:
        for row in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
            row.content_version += 1
            outdate_export(session, task, row.language)


def _follow(
    session: Session, task: Task, language: TaskLanguage, segments: Sequence[SegmentRow], touched: Touched
) -> None:
    own = {key for code, key in touched.lines if code == language.language}
    has_other_voice = (language.language, "voice") in touched.engines
    if not (own or touched.heard_segments or touched.revoiced or has_other_voice):
        return
    lines = Lines(session, task, language.language, segments)
    todo = {key for code, key in touched.respoken if code == language.language} | touched.heard_segments
    if touched.revoiced:
        todo |= lines.spoken_by(touched.revoiced)
    if touched.starts:
        todo |= lines.reaching(touched.starts)
    if has_other_voice:
        todo |= lines.rows.keys()
        outdate_voices(session, task, language.language)
    known = {segment.segment_id for segment in segments}
    lines.settle(sorted(todo & lines.rows.keys() & known))
    if todo or own:
        language.content_version += 1
        outdate_export(session, task, language.language)
        judge_again(session, task, language.language)
    _tell_lines(session, task, language.language, lines.rows, todo | own)


def _tell_lines(
    session: Session, task: Task, language: str, rows: Mapping[str, LineRow], changed: AbstractSet[str]
) -> None:
    told = (("updated", line_facts(rows[key])) for key in sorted(changed & rows.keys()))
    tell_all(session, task, language, "line", told)
