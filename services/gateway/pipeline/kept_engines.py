"""The engines a task keeps: the first that did the work of a port in a language, until a person upgrades it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from services.gateway.db import Session
from services.gateway.db.tables import Task, TaskEngine
from services.gateway.pipeline.engines import first_choice
from services.gateway.pipeline.rows import add_kept_engine, kept_engine
from shared.messaging import (
    CloneLines,
    DiarizeVideo,
    EngineChoice,
    EngineInfo,
    ProposeBrief,
    RewriteLines,
    TranslateLines,
)

ENGINES = "engines"
"""The key under which a session holds the announced engines."""

Kept = TypeVar("Kept", DiarizeVideo, TranslateLines, RewriteLines, ProposeBrief, CloneLines)
_PORTS = {
    DiarizeVideo: "recognizer",
    TranslateLines: "translator",
    RewriteLines: "translator",
    ProposeBrief: "translator",
    CloneLines: "voice",
}


def announced(session: Session) -> Sequence[EngineInfo]:
    """The engines that were available when the transaction began; none if no worker has ever been there."""
    found: Sequence[EngineInfo] = session.info.get(ENGINES, ())
    return found


def choice_of(row: TaskEngine) -> EngineChoice:
    """The same in the form that a job carries."""
    return EngineChoice(port=row.port, engine=row.engine, model=row.model, digest=row.digest, marks=row.marks)


def marks_of(session: Session, task_id: str, language: str) -> str:
    """What distinguishes the takes of this language's voice from those of earlier voices."""
    row = kept_engine(session, task_id, language, "voice")
    return row.marks if row else ""


def keeping(session: Session, task: Task, jobs: Iterable[Kept]) -> list[Kept]:
    """`jobs` of one kind and language with the engine that their task keeps.

    A language that has none yet gets the engine available now, so that all its jobs that are made together are done
    alike. An engine that has not been used yet can still give way to a better one later.
    """
    found = list(jobs)
    if not found:
        return []
    port = _PORTS[type(found[0])]
    row = kept_engine(session, task.task_id, found[0].language, port)
    if (row is None or not row.used) and not isinstance(found[0], DiarizeVideo):
        row = _settled(session, task, found[0], port, row)
    return [job.model_copy(update={"kept": choice_of(row)}) for job in found] if row else found


def _settled(
    session: Session,
    task: Task,
    job: TranslateLines | RewriteLines | ProposeBrief | CloneLines,
    port: str,
    row: TaskEngine | None,
) -> TaskEngine | None:
    source = None if isinstance(job, CloneLines) else job.source_language
    best = first_choice(announced(session), port, job.language, source)
    if best is None:
        return row
    row = row or TaskEngine(task_id=task.task_id, language=job.language, port=port, engine="")
    _put(row, best)
    add_kept_engine(session, row)
    return row


def used(session: Session, task: Task, language: str, choices: Iterable[EngineChoice]) -> None:
    """Keep the engines that did the work; the first ones stay."""
    for choice in choices:
        row = kept_engine(session, task.task_id, language, choice.port)
        if row is not None and row.used:
            continue
        row = row or TaskEngine(task_id=task.task_id, language=language, port=choice.port, engine="")
        _put(row, choice)
        row.used = True
        add_kept_engine(session, row)


def _put(row: TaskEngine, choice: EngineChoice) -> None:
    row.engine, row.model, row.digest = choice.engine, choice.model, choice.digest


def by_port(rows: Iterable[TaskEngine]) -> Mapping[tuple[str, str], TaskEngine]:
    """Rows that count, by language and port."""
    return {(row.language, row.port): row for row in rows if row.used}
