"""The engines a task keeps, and the upgrade to those available now: an edit like any other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from services.gateway.db import Session
from services.gateway.db.tables import EditRow, LineRow, Task, TaskEngine
from services.gateway.editing import rows as editing_rows
from services.gateway.editing.edits import Edit
from services.gateway.editing.schemas import EngineOffer, TaskEngineRead, UpgradeEngines
from services.gateway.pipeline.engines import (
    TO_TRANSLATE,
    Counts,
    effect,
    error_percent,
    first_choice,
    is_here,
    upgraded,
)
from services.gateway.pipeline.kept_engines import by_port, choice_of
from services.gateway.pipeline.parts import Engines, Parts, locked_visible_task, visible_task
from services.gateway.pipeline.rows import kept_engines_of
from services.gateway.pipeline.schemas import KeptEngine
from services.gateway.script import rows as script_rows
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem
from shared.messaging import EngineChoice, EngineInfo
from shared.pipeline import BASE

router = APIRouter(prefix="/api/tasks/{task_id}/engines", tags=["engines"])


@dataclass(frozen=True)
class Offer:
    """The engine a language keeps, and the one it could have instead."""

    row: TaskEngine
    better: EngineChoice
    counts: Counts


def offers(session: Session, task: Task, engines: Sequence[EngineInfo]) -> dict[tuple[str, str], Offer]:
    """By language and port, if something other than what the task keeps would be chosen today."""
    found = {}
    for (language, port), row in by_port(kept_engines_of(session, [task.task_id]).get(task.task_id, [])).items():
        spoken = task.source_language or ""
        of = spoken if language == BASE else language
        best = first_choice(engines, port, of, spoken or None)
        if best is not None and not best.is_same(choice_of(row)):
            found[language, port] = Offer(row, best, _counts(session, task, language))
    return found


def _counts(session: Session, task: Task, language: str) -> Counts:
    if language == BASE:
        return Counts(edits=editing_rows.newest_number(session, task.task_id))
    lines = script_rows.lines(session, task.task_id, language).values()
    return Counts(
        translated=sum(map(_is_the_engines, lines)),
        spoken=sum(1 for line in lines if line.take_key and not (line.pinned or line.omitted)),
    )


def _is_the_engines(line: LineRow) -> bool:
    """Whether its text is a translator's: what a person wrote, provided or settled stays, and so do pinned and omitted
    lines."""
    return line.text is not None and line.origin == "engine" and not (line.edited or line.pinned or line.omitted)


def upgrade(session: Session, task: Task, chosen: Collection[Offer], author: str | None) -> EditRow | None:
    """Accept the offers: from now on the task keeps these engines, and what others made of it is outdated."""
    edit = Edit(session, task, "upgrade_engines", author)
    for offer in chosen:
        new = upgraded(offer.better)
        edit.change(offer.row, engine=new.engine, model=new.model, digest=new.digest, marks=new.marks)
        if offer.row.port == "translator":
            for line in script_rows.lines(session, task.task_id, offer.row.language).values():
                if _is_the_engines(line):
                    edit.change(line, segment_revision=TO_TRANSLATE)
    return edit.finish("; ".join(_summary(offer) for offer in chosen))


def _summary(offer: Offer) -> str:
    return f"{offer.row.language}: {offer.better.model or offer.better.engine} as its {offer.row.port}"


@router.get("", operation_id="list_task_engines")
def list_task_engines(task_id: str, parts: Parts, who: Who, engines: Engines) -> list[TaskEngineRead]:
    """What each language keeps to, and what upgrading it would bring and do again."""
    with parts.database.read() as session:
        return _read(session, visible_task(session, who, task_id), engines)


@router.post("/upgrade", operation_id="upgrade_engines")
def upgrade_engines(
    task_id: str, parts: Parts, who: Who, engines: Engines, body: UpgradeEngines | None = None
) -> list[TaskEngineRead]:
    """Keep to what is here now. An edit, which can be undone: what others made is outdated, nothing is done again yet.

    Raises: 409 `nothing_to_upgrade`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        chosen = _chosen(offers(session, task, engines), body or UpgradeEngines())
        if not chosen:
            raise Problem(409, "nothing_to_upgrade", "the task keeps to the best engines that are here already")
        upgrade(session, task, chosen, who.owner)
        session.flush()
        return _read(session, task, engines)


def _chosen(found: Mapping[tuple[str, str], Offer], body: UpgradeEngines) -> list[Offer]:
    wants_base = BASE in (body.languages or ()) or "recognizer" in (body.ports or ())
    return [
        offer
        for (language, port), offer in found.items()
        if (wants_base if language == BASE else body.languages is None or language in body.languages)
        and (body.ports is None or port in body.ports)
    ]


def _read(session: Session, task: Task, engines: Sequence[EngineInfo]) -> list[TaskEngineRead]:
    found = offers(session, task, engines)
    rows = by_port(kept_engines_of(session, [task.task_id]).get(task.task_id, []))
    segments = script_rows.segment_count(session, task.task_id)
    return [_one(task, row, engines, found.get(key), segments) for key, row in rows.items()]


def _one(
    task: Task, row: TaskEngine, engines: Sequence[EngineInfo], offer: Offer | None, segments: int
) -> TaskEngineRead:
    of = (task.source_language or "") if row.language == BASE else row.language
    lines = {"recognizer": segments, "translator": offer.counts.translated if offer else 0}
    return TaskEngineRead(
        **row.model_dump(include=set(KeptEngine.model_fields)),
        here=is_here(engines, choice_of(row)),
        error_percent=error_percent(choice_of(row), of),
        offer=EngineOffer(
            **offer.better.model_dump(include={"engine", "model", "digest"}),
            error_percent=error_percent(offer.better, of),
            does_again=effect(row.port, offer.counts),
            lines=lines.get(row.port, offer.counts.spoken),
        )
        if offer
        else None,
    )
