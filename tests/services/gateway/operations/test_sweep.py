"""What the sweeper finds: queues that list messages and can read none, as nats-server 2.9 leaves after some crashes,
and jobs without a message."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import nats as client
import pytest
from faststream.nats import NatsBroker
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobKind, JobRow, JobState, Task, now
from services.gateway.operations.sweep import Sweeper
from services.gateway.settings import GatewaySettings
from shared.messaging import Role, provision, subjects
from shared.pipeline import Stage
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
    return Sweeper(database, NatsBroker(nats.url), GatewaySettings())


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


@pytest.mark.parametrize(("recorded", "resends"), [(True, 0), (False, 1)])
async def test_a_job_without_a_message_is_sent_again_unless_its_result_was_on_the_way(
    js: JetStreamContext, sweeper: Sweeper, recorded: bool, resends: int
) -> None:
    """A message goes when its job is done, a moment before the result is recorded."""
    database = sweeper._database

    def hand_out() -> None:
        database.migrate()
        address: dict[str, Any] = {
            "task_id": "task_1",
            "language": "es",
            "stage": Stage.EXPORT,
            "shard": "7",
            "attempt": 1,
        }
        out: dict[str, Any] = {"state": JobState.DISPATCHED, "dispatched_at": now() - timedelta(hours=1)}
        with database.write() as session:
            names: dict[str, Any] = {"video_filename": "v.mp4", "video_original_name": "v.mp4", "video_key": "v"}
            session.add(Task(task_id="task_1", source_language="en", video_size=1, **names))
            session.add(JobRow(**address, **out, kind=JobKind.RENDER_RECIPE, payload="{}"))

    def record() -> None:
        with database.write() as session:
            session.get_one(JobRow, 1).state = JobState.DONE

    def sent_again() -> int:
        with database.read() as session:
            return session.get_one(JobRow, 1).resends

    await asyncio.to_thread(hand_out)
    await sweeper._reissue_lost(js)
    assert await asyncio.to_thread(sent_again) == 0
    if recorded:
        await asyncio.to_thread(record)
    await sweeper._reissue_lost(js)
    assert await asyncio.to_thread(sent_again) == resends
