"""Ask the translator for another text of a line: shorter, longer, or different."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.reading import read_line
from services.gateway.editing.schemas import LineRead, WishesRead, WishNew
from services.gateway.pipeline import wishes
from services.gateway.pipeline.engines import first_choice, of_port
from services.gateway.pipeline.kept_engines import choice_of
from services.gateway.pipeline.parts import (
    Engines,
    Parts,
    known_language,
    known_line,
    known_segment,
    locked_visible_task,
    visible_task,
)
from services.gateway.pipeline.rows import kept_engine
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from services.gateway.web.claims import keep
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem
from shared.messaging import EngineInfo, Wish

router = APIRouter(prefix="/api/tasks/{task_id}/languages/{language}", tags=["lines"])
_ALL: Sequence[Wish] = ("shorter", "longer", "other")
_CONDENSED: Sequence[Wish] = ("shorter",)
"""What any translator can do: wordy phrases in its own text are shortened, as when a take does not fit."""


@router.get("/wishes", operation_id="list_wishes")
def list_wishes(task_id: str, language: str, parts: Parts, who: Who, engines: Engines) -> WishesRead:
    """What the translator of this language can be asked for: one that only translates can only shorten."""
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        known_language(session, task, language)
        translator = _translator(session, task, language, engines)
    if translator is None:
        return WishesRead(wishes=[], translator=None)
    return WishesRead(wishes=list(_ALL if translator.rewrites else _CONDENSED), translator=translator.name)


@router.post("/lines/{segment_id}/wish", status_code=202, operation_id="wish_for_line")
def wish_for_line(
    task_id: str, language: str, segment_id: str, wanted: WishNew, parts: Parts, who: Who, engines: Engines
) -> LineRead:
    """Ask the translator for another text of a line, ahead of all batch work; `line.updated` tells when it is there.

    It comes as one edit. `wish` of the line says that it waits or why there is none; the text stays meanwhile, and one
    that was edited meanwhile stays for good. Raises: 409 `nothing_to_rewrite` where the line has no text; 409
    `cannot_rewrite` where the translator cannot do what is asked.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        segment = known_segment(session, task_id, segment_id)
        line = known_line(session, task_id, language, segment_id)
        if not line.text:
            raise Problem(409, "nothing_to_rewrite", f"line {segment_id} has no text in '{language}' yet")
        translator = _translator(session, task, language, engines)
        if engines and translator is None:
            raise Problem(409, "cannot_rewrite", f"what translates into '{language}' in this task is not at hand")
        if translator is not None and not translator.rewrites and wanted.wish not in _CONDENSED:
            detail = f"{translator.name} has one text for a line; one that is a language model can be asked for others"
            raise Problem(409, "cannot_rewrite", detail)
        wishes.ask(Script(session, task, language), segment_id, wanted.wish, who.owner or "")
        session.flush()
        return keep(session, who.claim, read_line(segment, line))


def _translator(session: Session, task: Task, language: str, engines: Iterable[EngineInfo]) -> EngineInfo | None:
    """The engine that translates the language: the one it keeps, else the one that it would start with."""
    known = [engine for engine in of_port(engines, "translator") if not engine.problem]
    row = kept_engine(session, task.task_id, language, "translator")
    choice = choice_of(row) if row else first_choice(known, "translator", language, task.source_language)
    return next((engine for engine in known if choice and choice.is_same(engine.choice())), None)


def grant(session: Session, task: Task, line: LineRow, text: str, asked: dict[str, Any]) -> None:
    """Give a line the requested text, which then counts as settled, like one that a person wrote."""
    segment = script_rows.segments(session, task.task_id, [line.segment_id])[0]
    edit = Edit(session, task, "wish_for_line", asked["by"])
    edit.change(line, text=text, edited=True, pinned=False, origin="engine", segment_revision=segment.revision)
    edit.finish(f"{line.language}, line {line.segment_id}: {asked['wish']}, “{text[:80]}”")
