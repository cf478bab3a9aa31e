"""Live events: server-sent events per task and for all tasks, and the first version's WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from services.gateway.batches import rows as batch_rows
from services.gateway.live.audience import PROGRESS, Audience, Frame
from services.gateway.live.stream import Visit, frames, to_legacy
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.parts import Gateway, Parts, gateway, visible_task
from services.gateway.pipeline.reading import read_task, read_tasks
from services.gateway.pipeline.schemas import TaskRead
from services.gateway.script import rows as script_rows
from services.gateway.web.keys import Caller, Who, caller
from services.gateway.web.problems import Problem
from shared.pipeline import Stage, Status

router = APIRouter(tags=["events"])
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_TASKS: TypeAdapter[list[TaskRead]] = TypeAdapter(list[TaskRead])
_HELLO_TASKS = 50


def _audience(connection: HTTPConnection) -> Audience:
    found: Audience = connection.app.state.audience
    return found


Everybody = Annotated[Audience, Depends(_audience)]


def _ready(audience: Everybody) -> None:
    """Refuse before the answer begins: inside a stream it would be too late for a status."""
    if not audience.is_listening:
        raise Problem(
            503, "broker_unavailable", "live events are away; poll the tasks meanwhile", headers={"Retry-After": "2"}
        )


LastEventQuery = Annotated[
    int | None, Query(ge=0, alias="last_event_id", description="for a new connection, which cannot send the header")
]


def _known(last_event_id: Annotated[int | None, Header(ge=0)] = None, last_event: LastEventQuery = None) -> int | None:
    """The id of the latest event that the client has."""
    return last_event_id if last_event_id is not None else last_event


Known = Annotated[int | None, Depends(_known)]
_SSE: dict[str, Any] = {
    "dependencies": [Depends(_ready)],
    "response_class": StreamingResponse,
    "responses": {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
}


@router.get("/api/tasks/{task_id}/events", operation_id="task_events", **_SSE)
async def task_events(task_id: str, parts: Parts, audience: Everybody, who: Who, known: Known) -> StreamingResponse:
    """Events of one task: `hello` with its state, facts with an id, progress, `heartbeat` every few seconds."""
    await asyncio.to_thread(_check, parts, who, task_id)

    async def hello() -> bytes:
        await _fetch_progress(parts, audience, task_id)
        return await asyncio.to_thread(_hello_task, parts, who, task_id)

    async def may_see(_: str) -> bool:
        return True

    visit = Visit(task_id, known, may_see, hello, parts.settings.heartbeat_s)
    return _stream(parts, audience, visit)


@router.get("/api/events", operation_id="all_events", **_SSE)
async def all_events(parts: Parts, audience: Everybody, who: Who, known: Known) -> StreamingResponse:
    """Events of all tasks the caller may see; `hello` brings those that are being worked on."""

    async def hello() -> bytes:
        return await asyncio.to_thread(_hello_all, parts, who)

    visit = Visit(None, known, _visibility(parts, audience, who), hello, parts.settings.heartbeat_s)
    return _stream(parts, audience, visit)


def _stream(parts: Gateway, audience: Audience, visit: Visit) -> StreamingResponse:
    source: AsyncIterator[bytes] = frames(audience, parts.broker, visit)
    return StreamingResponse(source, media_type="text/event-stream", headers=_HEADERS)


def _check(parts: Gateway, who: Caller, task_id: str) -> None:
    with parts.database.read() as session:
        visible_task(session, who, task_id)


async def _fetch_progress(parts: Gateway, audience: Audience, task_id: str) -> None:
    """Load what was published before this gateway started, so that a new client sees it at once."""
    for language, stage in await asyncio.to_thread(_running, parts, task_id):
        await audience.latest_progress(task_id, language, stage)


def _running(parts: Gateway, task_id: str) -> list[tuple[str, Stage]]:
    with parts.database.read() as session:
        runs = pipeline_rows.newest_runs(session, [task_id]).get(task_id, {})
    return [key for key, run in runs.items() if run.status == Status.PROCESSING]


def _hello_task(parts: Gateway, who: Caller, task_id: str) -> bytes:
    with parts.database.read() as session:
        task = read_task(session, parts.audience, visible_task(session, who, task_id))
    return b'{"task":' + task.model_dump_json().encode() + b"}"


def _hello_all(parts: Gateway, who: Caller) -> bytes:
    with parts.database.read() as session:
        page, _ = pipeline_rows.tasks(session, who.owner, 0, _HELLO_TASKS, Status.PROCESSING)
        return b'{"tasks":' + _TASKS.dump_json(read_tasks(session, parts.audience, page)) + b"}"


def _visibility(parts: Gateway, audience: Audience, who: Caller) -> Callable[[str], Awaitable[bool]]:
    """Whether the caller may see a task or batch."""
    if who.owner is None:

        async def everything(_: str) -> bool:
            return True

        return everything
    look_up = partial(_owner, parts)

    async def own(id_: str) -> bool:
        return await audience.owners.owner(id_, look_up) == who.owner

    return own


def _owner(parts: Gateway, id_: str) -> str | None:
    """Whose a task or batch is."""
    with parts.database.read() as session:
        owner = batch_rows.owner if id_.startswith("batch_") else script_rows.owner
        return owner(session, id_)


@router.websocket("/ws/tasks/{task_id}")
async def websocket(
    socket: WebSocket, task_id: str, every: Annotated[bool, Query(alias="all", description="facts too")] = False
) -> None:
    """For clients of the first version: progress as it had it, or with `?all=true` facts beside it.

    What they send is ignored.
    """
    parts, audience = gateway(socket), _audience(socket)
    try:
        await asyncio.to_thread(_check, parts, caller(socket), task_id)
    except Problem as problem:
        await socket.close(4000 + problem.status, problem.detail)
        return
    await socket.accept()
    box = audience.join(task_id)
    reader = asyncio.create_task(_read_until_closed(socket))
    try:
        await _send(socket, audience.snapshot(task_id), every)
        while not box.closed and not reader.done():
            await _send(socket, await box.take(1.0), every)
        if box.closed:
            await socket.close(1013, "reconnect")
    except WebSocketDisconnect:
        return
    finally:
        audience.leave(box)
        reader.cancel()


async def _send(socket: WebSocket, waiting: Iterable[Frame], every: bool) -> None:
    for frame in waiting:
        if every or frame.event == PROGRESS:
            await socket.send_json(to_legacy(frame))


async def _read_until_closed(socket: WebSocket) -> None:
    try:
        while True:
            await socket.receive()
    except (WebSocketDisconnect, RuntimeError):
        return
