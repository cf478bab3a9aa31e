"""What follows from an edit: which lines are outdated, which have a take again, which exports are stale."""

from services.gateway.db import Session
from services.gateway.db.tables import Task, TaskLanguage, now
from services.gateway.editing.changes import Touched
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell_all
from services.gateway.pipeline.kept_engines import choice_of
from services.gateway.pipeline.outdating import (
    judge_again,
    line_facts,
    outdate_export,
    outdate_voices,
    reaching,
    settle,
    spoken_by,
)
from services.gateway.pipeline.rows import kept_engine
from services.gateway.script.script import Script
from shared.messaging import EngineUsed
from shared.pipeline import BASE, Stage, Status


def follow(session: Session, task: Task, touched: Touched) -> None:
    """Carry out everything that follows from the rows that changed, and publish what happens to lines and exports."""
    session.flush()
    source = Script(session, task, BASE)
    for language in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
        _follow(Script(session, task, language.language, beside=source), language, touched)
    for of, port in touched.engines:
        if port in _STAGES:
            _outdate_made_by_another(session, task, of, port)
    task.updated_at = now()


_STAGES = {"recognizer": Stage.DIARIZATION, "translator": Stage.TRANSLATION}


def _outdate_made_by_another(session: Session, task: Task, language: str, port: str) -> None:
    """A finished stage is outdated exactly as long as the task keeps another engine than the one that did it."""
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


def _follow(script: Script, language: TaskLanguage, touched: Touched) -> None:
    code = script.language
    own = {key for of, key in touched.lines if of == code}
    has_other_voice = (code, "voice") in touched.engines
    if not (own or touched.heard_segments or touched.revoiced or has_other_voice):
        return
    lines = script.lines
    todo = {key for of, key in touched.respoken if of == code} | touched.heard_segments
    if touched.revoiced:
        todo |= spoken_by(script, touched.revoiced)
    if touched.starts:
        todo |= reaching(script, touched.starts)
    if has_other_voice:
        todo |= lines.keys()
        outdate_voices(script.session, script.task, code)
    settle(script, sorted(todo & lines.keys() & script.segments.keys()))
    if todo or own:
        language.content_version += 1
        outdate_export(script.session, script.task, code)
        judge_again(script.session, script.task, code)
    changed = sorted((todo | own) & lines.keys())
    tell_all(script.session, script.task, code, "line", (("updated", line_facts(lines[key])) for key in changed))
