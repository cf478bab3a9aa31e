"""Change a task from the engines it keeps to, to those that are here now: an edit like any other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from services.gateway.database import history, queries
from services.gateway.database.edits import Edit
from services.gateway.database.kept_engines import by_port, choice_of, rows_of
from services.gateway.database.tables import EditRow, LineRow, Task, TaskEngine
from services.gateway.planning.keeping import TO_TRANSLATE, Counts, first_choice, upgraded
from shared.messaging import EngineChoice, EngineInfo
from shared.pipeline import BASE


@dataclass(frozen=True)
class Offer:
    """What a language keeps to, and what it could have in its place."""

    row: TaskEngine
    better: EngineChoice
    counts: Counts


def offers(session: Session, task: Task, engines: Sequence[EngineInfo]) -> dict[tuple[str, str], Offer]:
    """By language and port, where something else than what the task keeps to would be taken today."""
    found = {}
    for (language, port), row in by_port(rows_of(session, [task.task_id]).get(task.task_id, [])).items():
        spoken = task.source_language or ""
        of = spoken if language == BASE else language
        best = first_choice(engines, port, of, spoken or None)
        if best is not None and not best.is_same(choice_of(row)):
            found[language, port] = Offer(row, best, _counts(session, task, language))
    return found


def _counts(session: Session, task: Task, language: str) -> Counts:
    if language == BASE:
        return Counts(edits=history.newest_number(session, task.task_id))
    lines = queries.lines(session, task.task_id, language).values()
    return Counts(
        translated=sum(map(_is_the_engines, lines)),
        spoken=sum(1 for line in lines if line.take_key and not (line.pinned or line.omitted)),
    )


def _is_the_engines(line: LineRow) -> bool:
    """Its text is a translator's: what a person wrote, brought or settled stays, and what is spoken as it is pinned."""
    return line.text is not None and line.origin == "engine" and not (line.edited or line.pinned or line.omitted)


def upgrade(session: Session, task: Task, chosen: Collection[Offer], author: str | None) -> EditRow | None:
    """Take the offers: from now on the task keeps to these engines, and what others made of it is outdated."""
    edit = Edit(session, task, "upgrade_engines", author)
    for offer in chosen:
        new = upgraded(offer.better)
        edit.change(offer.row, engine=new.engine, model=new.model, digest=new.digest, marks=new.marks)
        if offer.row.port == "translator":
            for line in queries.lines(session, task.task_id, offer.row.language).values():
                if _is_the_engines(line):
                    edit.change(line, segment_revision=TO_TRANSLATE)
    return edit.finish("; ".join(_summary(offer) for offer in chosen))


def _summary(offer: Offer) -> str:
    return f"{offer.row.language}: {offer.better.model or offer.better.engine} as its {offer.row.port}"
