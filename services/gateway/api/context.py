"""What every route needs, and who is asking."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from faststream.nats import NatsBroker
from sqlmodel import Session
from starlette.requests import HTTPConnection

from services.gateway.api.problems import Problem, not_found
from services.gateway.background.loops import Wake
from services.gateway.capabilities import Capabilities
from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.tables import LineRow, SegmentRow, SpeakerRow, Task, TaskLanguage
from services.gateway.live.hub import Hub
from services.gateway.live.workers import Workers
from services.gateway.readiness import Readiness
from services.gateway.settings import GatewaySettings
from services.gateway.threads import Threads
from shared.messaging import EngineInfo
from shared.observability import Longest
from shared.storage import UploadStore

_TASK_ID = re.compile(r"task_[0-9]{8}_[0-9]{6}_[0-9a-f]{8}")


@dataclass
class Gateway:
    """The parts the application is made of."""

    settings: GatewaySettings
    database: Database
    store: UploadStore
    broker: NatsBroker
    hub: Hub
    capabilities: Capabilities
    threads: Threads
    readiness: Readiness
    workers: Workers
    sweep: Wake | None = None
    stood: Longest = field(default_factory=Longest)


@dataclass(frozen=True)
class Caller:
    """Who is asking; `owner` None sees every task (no keys are configured)."""

    owner: str | None

    @property
    def account(self) -> str:
        """Whose glossary, memory, cast, clips and settings count; everybody's where there are no keys."""
        return self.owner or ""


def gateway(connection: HTTPConnection) -> Gateway:
    """The parts, from the application's state."""
    parts: Gateway = connection.app.state.gateway
    return parts


def authenticate(connection: HTTPConnection, keys: Mapping[str, str]) -> Caller:
    """Check the API key: `Authorization: Bearer`, `X-API-Key`, or the cookie `localclip_key`.

    Raises:
        Problem: 401 when there are keys and none of them was sent.
    """
    if not keys:
        return Caller(None)
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    sent = bearer if scheme.lower() == "bearer" else connection.headers.get("x-api-key", "")
    sent = sent or connection.cookies.get("localclip_key", "")
    for key, name in keys.items():
        if secrets.compare_digest(key.encode(), sent.encode()):
            return Caller(name)
    raise Problem(401, "unauthorized", "send an API key", headers={"WWW-Authenticate": "Bearer"})


def caller(connection: HTTPConnection) -> Caller:
    """Who was let in; a route that the entrance does not guard has no caller, and asking for one is an error."""
    found: Caller = connection.scope["state"]["caller"]
    return found


def _gateway(request: Request) -> Gateway:
    return gateway(request)


def _caller(request: Request) -> Caller:
    return caller(request)


Parts = Annotated[Gateway, Depends(_gateway)]
Who = Annotated[Caller, Depends(_caller)]


async def _engines(request: Request) -> tuple[EngineInfo, ...]:
    return await gateway(request).capabilities.engines()


Engines = Annotated[tuple[EngineInfo, ...], Depends(_engines)]
"""The announced engines; nothing while no worker was ever there."""


def visible_task(session: Session, who: Caller, task_id: str) -> Task:
    """The task, if it exists and the caller may see it. Raises: Problem 404."""
    found = queries.task(session, task_id, who.owner) if _TASK_ID.fullmatch(task_id) else None
    if found is None:
        raise not_found(f"task '{task_id[:80]}'")
    return found


def locked_visible_task(session: Session, who: Caller, task_id: str) -> Task:
    """The same, with the row locked to the end of the transaction. Raises: Problem 404."""
    visible_task(session, who, task_id)
    found = queries.locked_task(session, task_id)
    if found is None or found.deleted_at is not None:
        raise not_found(f"task '{task_id}'")
    return found


def known_language(session: Session, task: Task, language: str) -> TaskLanguage:
    """A target language of the task. Raises: Problem 404."""
    found = queries.language(session, task.task_id, language)
    if found is None:
        raise not_found(f"language '{language[:20]}' of this task")
    return found


def known_segment(session: Session, task_id: str, segment_id: str) -> SegmentRow:
    """A segment of the task. Raises: Problem 404."""
    found = queries.segment(session, task_id, segment_id)
    if found is None:
        raise not_found(f"segment '{segment_id[:40]}'")
    return found


def known_line(session: Session, task_id: str, language: str, segment_id: str) -> LineRow:
    """A line of the task. Raises: Problem 404."""
    found = queries.line(session, task_id, language, segment_id)
    if found is None:
        raise not_found(f"line '{segment_id[:40]}' in '{language[:20]}'")
    return found


def known_speaker(session: Session, task_id: str, speaker_id: str) -> SpeakerRow:
    """A speaker of the task. Raises: Problem 404."""
    found = queries.speaker(session, task_id, speaker_id)
    if found is None:
        raise not_found(f"speaker '{speaker_id[:40]}'")
    return found


def check_version(request: Request, version: int) -> None:
    """Compare `If-Match` with the version at hand. Raises: Problem 428 without the header, 412 on a conflict."""
    sent = request.headers.get("if-match")
    if sent is None:
        raise Problem(428, "precondition_required", "send If-Match with the ETag of what you edited, or *")
    if sent.strip() != "*" and etag(version) not in [part.strip().removeprefix("W/") for part in sent.split(",")]:
        raise Problem(
            412,
            "version_conflict",
            "it was changed meanwhile; read it again and repeat the edit",
            headers={"ETag": etag(version)},
        )


def check_version_sent(request: Request, version: int) -> None:
    """The same, where a client may leave `If-Match` out. Raises: Problem 412."""
    if "if-match" in request.headers:
        check_version(request, version)


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'
