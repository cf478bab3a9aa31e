"""A queue that lists messages and can read none, which nats-server 2.9 leaves after some crashes, is filled again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats as client
import pytest
from faststream.nats import NatsBroker
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from services.gateway.db.engine import Database
from services.gateway.operations.sweep import Sweeper
from services.gateway.settings import GatewaySettings
from shared.messaging import Role, provision, subjects
from shared.storage import DirectoryStore
from shared.testing import NatsServer

pytestmark = pytest.mark.anyio
SUBJECT = "localclip.jobs.export.batch.task_1.es.0.1"


class Broken:
    """The broker as it answers then: every message is counted and none is found."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js

    def __getattr__(self, name: str) -> Any:
        return getattr(self._js, name)

    async def get_msg(self, *_: Any, **__: Any) -> None:
        raise NotFoundError


@pytest.fixture
async def js(nats: NatsServer) -> AsyncIterator[JetStreamContext]:
    """A broker with one job in its queue."""
    connection = await client.connect(nats.login(Role.GATEWAY))
    found = connection.jetstream()
    await provision(found)
    await found.publish(SUBJECT, b"{}")
    yield found
    await connection.close()


@pytest.fixture
async def sweeper(tmp_path: Path, nats: NatsServer) -> Sweeper:
    """A sweeper of an empty database."""
    database = Database(f"sqlite:///{tmp_path}/localclip.db")
    return Sweeper(database, NatsBroker(nats.url), DirectoryStore(tmp_path / "objects"), GatewaySettings())


async def messages(js: JetStreamContext) -> int:
    return int((await js.stream_info(subjects.JOBS)).state.messages)


async def test_it_is_emptied_when_it_is_found_so_twice(js: JetStreamContext, sweeper: Sweeper) -> None:
    """Once may be a message that was just taken; after the second time its jobs can be published again."""
    await sweeper._empty_unreadable(Broken(js))  # type: ignore[arg-type]
    assert await messages(js) == 1
    await sweeper._empty_unreadable(Broken(js))  # type: ignore[arg-type]
    assert await messages(js) == 0
    await js.publish(SUBJECT, b"{}")
    assert await messages(js) == 1


async def test_a_queue_that_can_be_read_is_left_alone(js: JetStreamContext, sweeper: Sweeper) -> None:
    """However long its messages wait, and also after it could not be read once."""
    await sweeper._empty_unreadable(Broken(js))  # type: ignore[arg-type]
    for _ in range(3):
        await sweeper._empty_unreadable(js)
    assert await messages(js) == 1
