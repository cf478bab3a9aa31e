"""What every route needs: the parts of the application, and the rows that a request names."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from faststream.nats import NatsBroker
from starlette.requests import HTTPConnection

from services.gateway.db import Session
from services.gateway.db.engine import Database
from services.gateway.db.tables import LineRow, SegmentRow, SpeakerRow, Task, TaskLanguage
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.channels import Channels
from services.gateway.pipeline.loops import Wake
from services.gateway.pipeline.workers import Capabilities, Workers
from services.gateway.script import rows as script_rows
from services.gateway.settings import GatewaySettings
from services.gateway.web.keys import Caller
from services.gateway.web.problems import not_found
from services.gateway.web.readiness import Readiness
from services.gateway.web.signing import Signer
from services.gateway.web.threads import Threads
from shared.messaging import EngineInfo
from shared.observability import Longest
from shared.storage import CopyTarget, ObjectStore, UploadStore

_TASK_ID = re.compile(r"task_[0-9]{8}_[0-9]{6}_[0-9a-f]{8}")


class Live(Protocol):
    """What other parts ask of the live events."""

    @property
    def is_listening(self) -> bool:
        """Whether events arrive."""

    async def start(self) -> None:
        """Listen to the broker."""

    def known_progress(self, task_id: str, language: str, stage: str) -> dict[str, object] | None:
        """The latest progress of a stage."""

    def clients(self) -> int:
        """How many clients listen."""


@dataclass
class Gateway:
    """The parts of the application; videos may be taken from `bucket` by key, and files copied to `target`."""

    settings: GatewaySettings
    database: Database
    store: UploadStore
    broker: NatsBroker
    channels: Channels
    audience: Live
    capabilities: Capabilities
    threads: Threads
    readiness: Readiness
    workers: Workers
    signer: Signer
    bucket: ObjectStore | None = None
    target: CopyTarget | None = None
    asyncapi: Callable[[], dict[str, Any]] = dict
    """Makes the broker's document once the application has been built."""
    erase: Wake | None = None
    stood: Longest = field(default_factory=Longest)


def gateway(connection: HTTPConnection) -> Gateway:
    """The parts, from the application's state."""
    parts: Gateway = connection.app.state.gateway
    return parts


def _gateway(request: Request) -> Gateway:
    return gateway(request)


Parts = Annotated[Gateway, Depends(_gateway)]


async def _engines(request: Request) -> tuple[EngineInfo, ...]:
    return await gateway(request).capabilities.engines()


Engines = Annotated[tuple[EngineInfo, ...], Depends(_engines)]
"""The announced engines; nothing if no worker has ever been there."""


def visible_task(session: Session, who: Caller, task_id: str) -> Task:
    """The task, if it exists and the caller may see it. Raises: Problem 404."""
    found = script_rows.task(session, task_id, who.owner) if _TASK_ID.fullmatch(task_id) else None
    if found is None:
        raise not_found(f"task '{task_id[:80]}'")
    return found


def locked_visible_task(session: Session, who: Caller, task_id: str) -> Task:
    """The same, with the row locked to the end of the transaction. Raises: Problem 404."""
    visible_task(session, who, task_id)
    found = script_rows.locked_task(session, task_id)
    if found is None or found.deleted_at is not None:
        raise not_found(f"task '{task_id}'")
    return found


def known_language(session: Session, task: Task, language: str) -> TaskLanguage:
    """A target language of the task. Raises: Problem 404."""
    found = pipeline_rows.language(session, task.task_id, language)
    if found is None:
        raise not_found(f"language '{language[:20]}' of this task")
    return found


def known_segment(session: Session, task_id: str, segment_id: str) -> SegmentRow:
    """A segment of the task. Raises: Problem 404."""
    found = script_rows.segment(session, task_id, segment_id)
    if found is None:
        raise not_found(f"segment '{segment_id[:40]}'")
    return found


def known_line(session: Session, task_id: str, language: str, segment_id: str) -> LineRow:
    """A line of the task. Raises: Problem 404."""
    found = script_rows.line(session, task_id, language, segment_id)
    if found is None:
        raise not_found(f"line '{segment_id[:40]}' in '{language[:20]}'")
    return found


def known_speaker(session: Session, task_id: str, speaker_id: str) -> SpeakerRow:
    """A speaker of the task. Raises: Problem 404."""
    found = script_rows.speaker(session, task_id, speaker_id)
    if found is None:
        raise not_found(f"speaker '{speaker_id[:40]}'")
    return found
