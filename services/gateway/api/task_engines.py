"""The engines a task keeps to, and the change to better ones."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from sqlmodel import Session

from services.gateway.api.context import Engines, Parts, Who, locked_visible_task, visible_task
from services.gateway.api.problems import Problem
from services.gateway.api.schemas import EngineOffer, KeptEngine, TaskEngineRead, UpgradeEngines
from services.gateway.database import queries
from services.gateway.database.kept_engines import by_port, choice_of, rows_of
from services.gateway.database.tables import Task, TaskEngine
from services.gateway.database.upgrading import Offer, offers, upgrade
from services.gateway.planning.keeping import effect, error_percent, is_here
from shared.messaging import EngineInfo
from shared.pipeline import BASE

router = APIRouter(prefix="/api/tasks/{task_id}/engines", tags=["engines"])


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
    rows = by_port(rows_of(session, [task.task_id]).get(task.task_id, []))
    segments = len(queries.spoken(session, task.task_id))
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
