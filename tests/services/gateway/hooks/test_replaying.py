"""What happened is found on the stream again: within bounds, and not at all while the broker is away."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from faststream.nats import NatsBroker
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from sqlmodel import col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import DeliveryRow, Task, WebhookRow
from services.gateway.hooks import replaying
from services.gateway.hooks.schemas import Replayed
from services.gateway.web.problems import Problem
from shared.messaging import fact
from tests.services.gateway.conftest import World
from tests.services.gateway.hooks.test_webhooks import LOOPBACK, Receiver, make, receiver

__all__ = ["receiver"]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HOOK = "hook_1"


class Stream:
    """A stream with a message every minute, which counts what is read of it; also a connection, and a broker."""

    is_connected = True

    def __init__(self) -> None:
        self.messages: list[RawStreamMsg] = []
        self.read = 0

    @property
    def connection(self) -> "Stream":
        return self

    def jetstream(self) -> "Stream":
        return self

    def add(self, name: str) -> None:
        number = len(self.messages) + 1
        told = fact(str(number), "task_1", "es", "export", name, {})
        told = told.model_copy(update={"time": BEGAN + timedelta(minutes=number)})
        stored = RawStreamMsg(subject=told.subject, seq=number, data=told.model_dump_json().encode(), time=told.time)
        self.messages.append(stored)

    async def stream_info(self, _: str) -> Any:
        return SimpleNamespace(state=SimpleNamespace(first_seq=1, last_seq=len(self.messages)))

    async def get_msg(self, _: str, *, seq: int, **__: Any) -> RawStreamMsg:
        self.read += 1
        if seq > len(self.messages):
            raise NotFoundError
        return self.messages[seq - 1]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with closing(Database(sqlite_url)) as database:
        with database.write() as session:
            names = {"video_filename": "a", "video_original_name": "a", "video_key": "a"}
            session.add(Task.model_validate({"task_id": "task_1", "owner": "ann", "video_size": 1, **names}))
            session.add(WebhookRow(webhook_id=HOOK, owner="ann", url="https://x", secret="whsec_AAAA", types=["*"]))
        yield database


async def replay(database: Database, broker: Any, since: datetime) -> Replayed:
    parts: Any = SimpleNamespace(database=database, broker=broker)
    return await replaying.replay(parts, "ann", HOOK, since, BEGAN + timedelta(days=1))


async def names(database: Database) -> list[str]:
    """The ids of the events that are on their way, in the order they were put there."""

    def read() -> list[str]:
        with database.read() as session:
            return list(session.exec(select(DeliveryRow.message_id).order_by(col(DeliveryRow.id))))

    return await asyncio.to_thread(read)


@pytest.mark.parametrize("facts", [(), (100,), (1, 2, 50, 99, 100)])
async def test_progress_counts_as_read(
    database: Database, monkeypatch: pytest.MonkeyPatch, facts: tuple[int, ...]
) -> None:
    """A request reads so much and says where to go on, also if there is nothing but progress; nothing is left out."""
    monkeypatch.setattr(replaying, "_MOST_READ", 20)
    monkeypatch.setattr(replaying, "_BATCH", 10)
    stream = Stream()
    for number in range(1, 101):
        stream.add("completed" if number in facts else "progress")
    since: datetime | None = BEGAN
    requests = 0
    while since is not None:
        before, at = stream.read, since
        since = (await replay(database, stream, since)).more_since
        requests += 1
        assert stream.read - before <= 20 + 8  # the search for the beginning halves a hundred messages
        assert since is None or since > at
    assert await names(database) == [str(number) for number in facts]
    assert requests >= 5


async def test_it_begins_where_it_is_asked_to(database: Database) -> None:
    """At the first event since then, whether or not something else was stored at that time."""
    stream = Stream()
    for number in range(1, 51):
        stream.add("progress" if number % 3 else "completed")
    assert await replay(database, stream, BEGAN + timedelta(minutes=30)) == Replayed(events=7)
    assert await names(database) == [str(number) for number in range(30, 51, 3)]


async def test_a_broker_that_was_never_reached_is_away(database: Database) -> None:
    """The request may be repeated, and says when."""
    with pytest.raises(Problem) as refused:
        await replay(database, NatsBroker(logger=None), BEGAN)
    assert (refused.value.status, refused.value.code) == (503, "broker_unavailable")
    assert "Retry-After" in (refused.value.headers or {})


async def test_a_broker_that_goes_away_meanwhile_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that is away from the beginning."""

    async def no_answer(*_: object, **__: object) -> RawStreamMsg:
        raise TimeoutError

    stream = Stream()
    stream.add("completed")
    monkeypatch.setattr(stream, "get_msg", no_answer)
    with pytest.raises(Problem) as refused:
        await replay(database, stream, BEGAN)
    assert (refused.value.status, refused.value.code) == (503, "broker_unavailable")


def test_without_a_broker_nothing_is_replayed(small_world: World, receiver: Receiver) -> None:
    """503, from the moment it is gone."""
    gateway = small_world.gateway(**LOOPBACK)
    hook = make(gateway, receiver)
    small_world.nats.kill()
    url = f"/api/webhooks/{hook['webhook_id']}/replay"
    answer = gateway.http.post(url, json={"since": datetime.now(UTC).isoformat()})
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable"), answer.text
    assert answer.headers["retry-after"]
