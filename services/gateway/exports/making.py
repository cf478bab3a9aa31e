"""Exports by recipe: begin, follow, fetch, remove."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.db import Session
from services.gateway.db.engine import DatabaseBusy
from services.gateway.db.tables import ExportRow, Task
from services.gateway.exports.recipes import PRESETS, Finished, file_name, finished_languages, refusals
from services.gateway.exports.schemas import ExportedLanguage, ExportFile, ExportRead, PresetRead
from services.gateway.pipeline import canceling
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.engines import of_port
from services.gateway.pipeline.parts import Gateway, Parts, locked_visible_task, visible_task
from services.gateway.pipeline.rendering import Standing, begin, prepare, standing
from services.gateway.script.script import media
from services.gateway.web.claims import keep
from services.gateway.web.files import serve
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from services.gateway.web.threads import turns
from shared.messaging import SOURCE, EngineInfo, ExportRecipe, expanded
from shared.pipeline import BASE, Lane, LineState, Stage, Status
from shared.storage import keys

router = APIRouter(tags=["exports"])

_EXPORTS = "/api/tasks/{task_id}/exports"


@router.get("/api/recipes", operation_id="list_recipes")
def list_recipes(who: Who) -> list[PresetRead]:
    """Recipes to begin with; `*` stands for every finished language of a task."""
    return [PresetRead(name=p.name, title=p.title, description=p.description, recipe=p.recipe) for p in PRESETS]


@router.post(_EXPORTS, status_code=202, operation_id="start_export")
async def start_export(
    task_id: str,
    recipe: ExportRecipe,
    request: Request,
    parts: Parts,
    who: Who,
    lane: Annotated[Lane, Query(description="`batch` for one of many: it lets what people wait for go first")] = (
        Lane.INTERACTIVE
    ),
) -> ExportRead:
    """Make files of a dubbed task by a recipe; nothing is dubbed again. `recipe.completed` tells when they are there.

    Posting the same recipe again makes a new export of what the task has become.
    """
    order = _Order(task_id, recipe, await parts.capabilities.engines(), lane)
    for _ in range(_TRIES):
        async with _place(request):
            ready = await asyncio.to_thread(_prepare, order, parts, who)
        made = await turns(request).run(_start, order, ready, parts, who)
        if made is not None:
            return made
    return await turns(request).run(_start_anew, order, parts, who)


_AT_ONCE = 2
"""The lines of a film in many languages take a core for about a second."""
_PATIENCE_S = 30.0
"""Longer than for a turn to write: nobody else waits meanwhile."""
_TRIES = 3
"""After that the lines are read in the transaction: there are tasks in which something changes every second."""


@dataclass(frozen=True)
class _Order:
    """An export as it was requested, with the engines there are."""

    task_id: str
    recipe: ExportRecipe
    engines: Sequence[EngineInfo]
    lane: Lane


@dataclass(frozen=True)
class _Ready:
    """What an export is made from: prepared before the transaction, and good for it if the task is still `at` that."""

    recipe: ExportRecipe
    languages: Sequence[str]
    document: str | None
    at: Standing


@asynccontextmanager
async def _place(request: Request) -> AsyncIterator[None]:
    """Be one of the few that are prepared at once; no other request waits for them. Raises: DatabaseBusy."""
    state = request.app.state
    if not hasattr(state, "preparing_exports"):
        state.preparing_exports = asyncio.Semaphore(_AT_ONCE)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await state.preparing_exports.acquire()
    except TimeoutError as error:
        raise DatabaseBusy("too many exports are being prepared already") from error
    try:
        yield
    finally:
        state.preparing_exports.release()


def _prepare(order: _Order, parts: Gateway, who: Caller) -> _Ready:
    with parts.database.read() as session:
        return _ready(session, visible_task(session, who, order.task_id), order)


def _ready(session: Session, task: Task, order: _Order) -> _Ready:
    """Raises: Problem 409, 422."""
    at = standing(session, task)  # first: what changes from here on is noticed
    recipe = _possible(task, at, order)
    named = {language for _, language in recipe.dubs()}
    named |= {code for _, text in recipe.texts() for code in (text.language, text.second)}
    languages = sorted(code for code in named if code not in (None, SOURCE))
    return _Ready(recipe, languages, prepare(session, task, recipe, languages), at)


def _start(order: _Order, ready: _Ready, parts: Gateway, who: Caller) -> ExportRead | None:
    """Begin what is `ready`; None if the task has changed since."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, order.task_id)
        return _begun(session, task, order, ready, parts, who) if standing(session, task) == ready.at else None


def _start_anew(order: _Order, parts: Gateway, who: Caller) -> ExportRead:
    with parts.database.write() as session:
        task = locked_visible_task(session, who, order.task_id)
        return _begun(session, task, order, _ready(session, task, order), parts, who)


def _begun(session: Session, task: Task, order: _Order, ready: _Ready, parts: Gateway, who: Caller) -> ExportRead:
    recipe = ready.recipe
    recipe = recipe.model_copy(update={"name": recipe.name or file_name(task.video_original_name, recipe)})
    made = begin(session, task, recipe, ready.languages, order.lane, ready.at, ready.document)
    session.flush()
    attempt = pipeline_rows.attempts_of_exports(session, task.task_id, [made.export_id]).get(made.export_id)
    versions = {code: one.content_version for code, one in ready.at.languages.items()}
    return keep(session, who.claim, _read(made, attempt, parts, versions))


def _possible(task: Task, at: Standing, order: _Order) -> ExportRecipe:
    """The recipe with every language named. Raises: Problem 409, 422."""
    if task.media is None:
        raise Problem(409, "not_ready", "the video was not looked at yet; process the task first")
    languages = {code: _finished(at, code) for code in at.languages}
    try:
        recipe = expanded(order.recipe, finished_languages(order.recipe, languages))
    except ValueError as error:
        raise unprocessable("no_such_recipe", _words(error), "") from error
    judged = of_port(order.engines, "mixer")  # nothing is refused while no worker has announced itself
    found = refusals(
        recipe,
        languages,
        has_audio=media(task).audio_codec is not None,
        has_lines=at.segments.segments > 0,
        has_separator=not judged or bool(of_port(order.engines, "separator")),
    )
    for refusal in found:
        raise unprocessable(refusal.code, refusal.detail, refusal.pointer)
    return recipe


def _words(error: ValueError) -> str:
    text = str(error)
    return "no language of this task is finished that the recipe could be made of" if "\n" in text else text


def _finished(at: Standing, language: str) -> Finished:
    lines = [one for one in at.lines if one.language == language]
    cloning = at.runs.get((language, Stage.CLONING))
    spoken = cloning is not None and cloning["status"] in (Status.COMPLETED, Status.STALE)
    takes = any(one.spoken and not one.omitted and one.state != LineState.FAILED for one in lines)
    return Finished(any(one.translated for one in lines), spoken and takes)


@router.get(_EXPORTS, operation_id="list_exports")
def list_exports(task_id: str, parts: Parts, who: Who) -> list[ExportRead]:
    """Exports by recipe, newest first."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        found = pipeline_rows.exports(session, task_id)
        attempts = pipeline_rows.attempts_of_exports(session, task_id, [made.export_id for made in found])
        versions = _versions(session, task_id)
        return [_read(made, attempts.get(made.export_id), parts, versions) for made in found]


@router.get(_EXPORTS + "/{export_id}", operation_id="get_export")
def get_export(task_id: str, export_id: str, parts: Parts, who: Who) -> ExportRead:
    """One export by recipe."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        made = _known(session, task_id, export_id)
        attempt = pipeline_rows.attempts_of_exports(session, task_id, [export_id]).get(export_id)
        return _read(made, attempt, parts, _versions(session, task_id))


@router.delete(_EXPORTS + "/{export_id}", status_code=204, operation_id="delete_export")
async def delete_export(task_id: str, export_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Stop an export if it is still being made, and remove its files."""
    await turns(request).run(_forget, parts, who, task_id, export_id)
    # if we die before this, the files are removed with their task
    await parts.threads.transfer(parts.store.delete, keys.recipe_prefix(task_id, export_id))


def _forget(parts: Gateway, who: Caller, task_id: str, export_id: str) -> None:
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        made = _known(session, task_id, export_id)
        canceling.cancel_export(session, task, made)
        session.flush()
        session.delete(made)


@router.get(_EXPORTS + "/{export_id}/files/{name}", operation_id="get_export_file", response_class=StreamingResponse)
@router.head(_EXPORTS + "/{export_id}/files/{name}", include_in_schema=False)
def get_export_file(task_id: str, export_id: str, name: str, request: Request, parts: Parts, who: Who) -> Response:
    """One file, to be saved, with `Range`, `If-Range` and `If-None-Match`."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        files = _known(session, task_id, export_id).files
    file = next((file for file in files if file["name"] == name), None)
    if file is None:
        raise not_found(f"file '{name[:80]}' of this export")
    return serve(parts, request, file["key"], name, file["media_type"], download=True)


def _known(session: Session, task_id: str, export_id: str) -> ExportRow:
    found = pipeline_rows.export(session, task_id, export_id)
    if found is None:
        raise not_found(f"export '{export_id[:40]}'")
    return found


def _versions(session: Session, task_id: str) -> Mapping[str, int]:
    """How often the content of each language has changed so far."""
    return {one.language: one.content_version for one in pipeline_rows.language_states(session, task_id)}


def _state(kept: Mapping[str, Any], version: int | None) -> ExportedLanguage:
    current = kept["version"] == version and not kept["lines_unspoken"]
    return ExportedLanguage.model_validate({**kept, "state": "current" if current else "older"})


def _read(made: ExportRow, attempt: int | None, parts: Gateway, versions: Mapping[str, int]) -> ExportRead:
    """Progress is what the progress service reported for this export's attempt; it follows a task's newest one."""
    progress, message = 100 if made.status == Status.COMPLETED else 0, ""
    if made.status == Status.PROCESSING and attempt is None and ExportRecipe.model_validate(made.recipe).publication:
        message = "translating title and description"
    if made.status == Status.PROCESSING and attempt is not None:
        told = parts.audience.known_progress(made.task_id, BASE, Stage.EXPORT)
        if told and told.get("attempt") == attempt:
            progress, message = min(99, int(str(told["progress"]))), str(told.get("message", ""))
    url = f"/api/tasks/{made.task_id}/exports/{made.export_id}/files/"
    return ExportRead(
        export_id=made.export_id,
        status=Status(made.status),
        progress=progress,
        message=message,
        recipe=ExportRecipe.model_validate(made.recipe),
        files=[ExportFile(**file, url=url + quote(file["name"])) for file in made.files],
        languages={code: _state(kept, versions.get(code)) for code, kept in (made.languages or {}).items()},
        report=made.report,
        error_code=made.error_code,
        error_message=made.error_message,
        created_at=made.created_at,
        finished_at=made.finished_at,
    )
