"""Build what clients read of a task from its rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from services.gateway.db import Session
from services.gateway.db.tables import SourceRow, SourceState, Task, TaskEngine
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.parts import Live
from services.gateway.pipeline.questions import Question, question_of
from services.gateway.pipeline.rows import ShownLanguage, ShownRun
from services.gateway.pipeline.schemas import KeptEngine, LanguageStatus, SourceRead, TaskConfig, TaskRead
from services.gateway.pipeline.stops import stop_of
from services.gateway.script.cues import remarks_of, timing_of
from shared.pipeline import BASE, GRAPH, Stage, Status
from shared.transcript import MediaFacts

Runs = Mapping[tuple[str, str], ShownRun]
_OPEN = (Status.PENDING, Status.PROCESSING)
_READ = tuple(sorted(set(TaskRead.model_fields) & set(Task.model_fields) - {"config", "media"}))
_SETTINGS = tuple(TaskConfig.model_fields)


def read_tasks(session: Session, live: Live, tasks: Sequence[Task]) -> list[TaskRead]:
    """Several tasks with six queries in all."""
    ids = [task.task_id for task in tasks]
    languages = pipeline_rows.shown_languages(session, ids)
    runs = pipeline_rows.shown_runs(session, ids)
    issues = pipeline_rows.issue_counts(session, ids)
    engines = pipeline_rows.kept_engines_of(session, ids)
    sources = pipeline_rows.sources(session, [task.task_id for task in tasks if task.video_size == 0])
    silent = pipeline_rows.without_segments(
        session, [task.task_id for task in tasks if task.transcript_key and task.note]
    )
    found = []
    for task in tasks:
        read = _task(task, languages.get(task.task_id, []), runs.get(task.task_id, {}), issues, live)
        read.engines = [_engine(row) for row in engines.get(task.task_id, []) if row.used]
        read.nothing_to_dub = task.task_id in silent
        if task.task_id in sources:
            _await(read, sources[task.task_id])
        found.append(read)
    return found


def _await(read: TaskRead, row: SourceRow) -> None:
    """Describe a video that is not here."""
    read.source = SourceRead(**row.model_dump(include=set(SourceRead.model_fields)))
    of = f" of {row.size / 1e6:.0f}" if row.size else ""
    if row.state == SourceState.FETCHING:
        read.language_status[BASE].message = f"fetching the video: {row.received / 1e6:.0f}{of} MB"


def read_task(session: Session, live: Live, task: Task) -> TaskRead:
    """One task."""
    return read_tasks(session, live, [task])[0]


def _task(
    task: Task, languages: Sequence[ShownLanguage], runs: Runs, issues: Mapping[tuple[str, str], int], live: Live
) -> TaskRead:
    status = {BASE: _base(task, runs, live)}
    for row in languages:
        status[row.language] = _language(task, row, runs, issues.get((task.task_id, row.language), 0), live)
    known = {name: task.config[name] for name in _SETTINGS if name in task.config}
    return TaskRead(
        **{name: getattr(task, name) for name in _READ},
        language_status=status,
        config=TaskConfig.model_validate(known),
        waiting_for=_waiting_for(task),
        media=MediaFacts.model_validate(task.media) if task.media else None,
        subtitle_remarks=remarks_of(task.config),
        subtitle_timing=timing_of(task.config),
    )


def _engine(row: TaskEngine) -> KeptEngine:
    return KeptEngine(**row.model_dump(include=set(KeptEngine.model_fields)))


def _waiting_for(task: Task) -> Question | None:
    question = question_of(task.question)
    return question if question and question.answer is None and task.status == Status.PENDING else None


def _progress(task: Task, run: ShownRun | None, live: Live) -> dict[str, Any]:
    """Status and progress of a stage; for a running one, what the progress service reported last."""
    if run is None:
        return {"status": Status.PENDING, "progress": 0}
    found: dict[str, Any] = {"status": run.status, "progress": run.progress, "attempt": run.attempt}
    if run.status == Status.PROCESSING:
        told = live.known_progress(task.task_id, run.language, Stage(run.stage))
        if told and told.get("attempt") == run.attempt:
            found["progress"] = min(99, int(str(told["progress"])))
            found["message"], found["eta_seconds"] = told.get("message", ""), told.get("eta_seconds")
    if run.error_code:
        found["error_code"], found["error_message"] = run.error_code, run.error_message
    return found


def _base(task: Task, runs: Runs, live: Live) -> LanguageStatus:
    run = runs.get((BASE, Stage.DIARIZATION))
    state = _progress(task, run, live)
    return LanguageStatus(
        status=Status(state["status"]),
        progress=state["progress"],
        stage=Stage.DIARIZATION if run else None,
        message=state.get("message") or (task.note or ""),
        eta_seconds=state.get("eta_seconds"),
        error_code=state.get("error_code"),
        error_message=state.get("error_message"),
        stages={Stage.DIARIZATION: state},
    )


def _language(task: Task, row: ShownLanguage, runs: Runs, issues: int, live: Live) -> LanguageStatus:
    """A language; its overall progress is the weighted mean of all four stages."""
    stages: dict[str, dict[str, Any]] = {}
    total = 0.0
    current: Stage | None = None
    for spec in GRAPH:
        run = runs.get((row.language if spec.per_language else BASE, spec.stage))
        state = _progress(task, run, live)
        stages[spec.stage] = state
        total += spec.weight * (100 if state["status"] == Status.COMPLETED else state["progress"])
        if current is None and run is not None and run.status in _OPEN:
            current = spec.stage
    finished = row.status == Status.COMPLETED
    shown = stages.get(current or "", {})
    return LanguageStatus(
        status=Status(row.status),
        progress=100 if finished else min(99, round(total)),
        stage=current,
        message=shown.get("message", ""),
        eta_seconds=shown.get("eta_seconds"),
        issues=issues,
        brought=row.language in task.config.get("translation_keys", {}),
        gate_passed=row.gate["passed"] if row.gate else None,
        gate=("passed" if row.gate["passed"] else "failed") if row.gate else None,
        gate_reasons=row.gate.get("reasons", []) if row.gate else [],
        waiting_for=_held_by(task, row, stages) if row.status == Status.PENDING else None,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        error_code=row.error_code,
        error_message=row.error_message,
        stages=stages,
    )


def _held_by(
    task: Task, row: ShownLanguage, stages: Mapping[str, Mapping[str, Any]]
) -> Literal["doubtful_source", "approval"] | None:
    """What a pending language waits for: the answer to a question, or approval after its stop."""
    question, stop = _waiting_for(task), stop_of(task.config)
    if question:
        is_under_way = any(state["status"] in _OPEN and "attempt" in state for state in stages.values())
        return question.kind if is_under_way else None
    reached = stop is not None and row.approved_at is None and stages[stop]["status"] == Status.COMPLETED
    return "approval" if reached else None
