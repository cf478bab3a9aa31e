"""In which order what waits is published when one task has thousands of facts, on a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import nats as client
import pytest
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import OutboxRow, Task
from services.gateway.pipeline.channels import Channels
from services.gateway.pipeline.facts import flag_cancel, tell_all, tell_batch
from services.gateway.pipeline.relay import Relay, Told
from services.gateway.web.signing import Signer
from shared.messaging import BrokerSettings, Role, connect_options, provision, subjects
from shared.pipeline import BASE
from shared.testing import NatsServer
from tests.shared.messaging.conftest import flushed

pytestmark = pytest.mark.anyio
MANY = 3_000
PORTION = 200
TOO_LARGE = "x" * 1_200_000
NAMED = {"video_filename": "a.mp4", "video_original_name": "a.mp4", "video_key": "a", "video_size": 1}
FILM, OTHER, THIRD = (Task(task_id=f"task_{number}", **NAMED) for number in range(3))


class Bench:
    """A relay, and somebody who hears everything on the broker in the order in which it came."""

    def __init__(self, database: Database, relay: Callable[..., Relay], onlooker: Client) -> None:
        self.database, self.onlooker = database, onlooker
        self.relay = relay(self._on_told)
        self.portions: list[list[str]] = []
        self.between: Callable[[Session], None] = lambda session: None
        self._heard: Subscription

    async def listen(self) -> None:
        """Hear all that comes from now on, through one subscription: several would mix it up."""
        self._heard = await self.onlooker.subscribe(">")
        await flushed(self.onlooker)

    def _on_told(self, session: Session, told: Sequence[Told]) -> None:
        """Note a portion, and let the test do something before the next one."""
        self.portions.append([_fact(one.fact.model_dump()) for one in told])
        self.between(session)

    async def write(self, work: Callable[[Session], None]) -> None:
        """Call it in a transaction."""

        def write() -> None:
            with self.database.write() as session:
                work(session)

        await asyncio.to_thread(write)

    async def left(self) -> Sequence[OutboxRow]:
        """What is still in the outbox."""

        def read() -> Sequence[OutboxRow]:
            with self.database.read() as session:
                return session.exec(select(OutboxRow).order_by(col(OutboxRow.id))).all()

        return await asyncio.to_thread(read)

    async def sent(self) -> list[str]:
        """Facts as `task:number`, and cancel flags as `cancel:key`, in the order in which the broker got them."""
        await self.onlooker.publish("that.is.all")
        found = []
        while (message := await self._heard.next_msg(timeout=60)).subject != "that.is.all":
            if message.subject.startswith(f"{subjects.EVENTS_PREFIX}."):
                found.append(_fact(json.loads(message.data)))
            elif message.subject.startswith(prefix := f"$KV.{subjects.CANCEL_BUCKET}."):
                found.append(f"cancel:{message.subject.removeprefix(prefix)}")
        return found


def _fact(told: dict[str, Any]) -> str:
    data = told["data"]
    return f"{data.get('task_id') or data['batch_id']}:{data['number']}"


@pytest.fixture
async def bench(database_url: str, nats: NatsServer) -> AsyncIterator[Bench]:
    """With each database."""
    login = nats.login(Role.GATEWAY)
    broker = NatsBroker(login, **connect_options(BrokerSettings(nats_url=login)))
    channels, signer = Channels(broker), Signer(b"k", timedelta(hours=1))
    await broker.connect()
    await provision(broker.connection.jetstream())
    await broker.start()
    onlooker = await client.connect(nats.url)
    with closing(Database(database_url)) as database:
        made = Bench(database, lambda on_told: Relay(database, broker, channels, signer, on_told), onlooker)
        await made.listen()
        yield made
    await onlooker.close()
    await broker.stop()


def tell(session: Session, task: Task, count: int, **more: Any) -> None:
    """Put so many numbered facts of a task into the outbox."""
    tell_all(session, task, BASE, "segment", [("updated", {"number": number, **more}) for number in range(count)])


def numbered(task: Task, count: int) -> list[str]:
    return [f"{task.task_id}:{number}" for number in range(count)]


def of(task: Task, told: Sequence[str]) -> list[str]:
    return [one for one in told if one.startswith(f"{task.task_id}:")]


async def test_a_cancel_flag_is_set_before_the_next_facts(bench: Bench) -> None:
    """Of three thousand that wait already, whether it was there when the turn began or came meanwhile."""

    def fill(session: Session) -> None:
        tell(session, FILM, MANY)
        flag_cancel(session, OTHER, None)

    def cancel(session: Session) -> None:
        if len(bench.portions) == 1:
            flag_cancel(session, THIRD, None)

    bench.between = cancel
    await bench.write(fill)
    await bench.relay.turn()
    sent, first = await bench.sent(), len(bench.portions[0])
    assert 0 < first <= PORTION
    assert sent.index("cancel:task_1") == 0
    assert sent.index("cancel:task_2") == 1 + first
    assert of(FILM, sent) == numbered(FILM, MANY)


async def test_flags_are_set_in_the_order_in_which_they_came(bench: Bench) -> None:
    """Also where more wait than fit into a portion: the newest counts in the end."""

    def flag(session: Session) -> None:
        tell(session, FILM, 10)
        for epoch in range(PORTION + 50):
            flag_cancel(session, FILM, "es", epoch)

    await bench.write(flag)
    await bench.relay.turn()
    assert await bench.sent() == [f"cancel:{FILM.task_id}.es"] * (PORTION + 50) + numbered(FILM, 10)
    flags = await bench.onlooker.jetstream().key_value(subjects.CANCEL_BUCKET)
    assert json.loads((await flags.get(f"{FILM.task_id}.es")).value or b"") == {"epoch": PORTION + 49}


async def test_many_facts_of_one_task_keep_nobody_waiting(bench: Bench) -> None:
    """Those of others are in the next portion; each task, and each batch, has its own order."""

    def fill(session: Session) -> None:
        tell(session, FILM, MANY)
        tell(session, OTHER, 20)
        for number in range(3):
            tell_batch(session, "batch_1", "updated", number=number)

    def come_later(session: Session) -> None:
        if len(bench.portions) == 1:
            tell(session, THIRD, 20)

    bench.between = come_later
    await bench.write(fill)
    await bench.relay.turn()
    first, second = bench.portions[:2]
    assert of(OTHER, first) == numbered(OTHER, 20)
    assert [one for one in first if one.startswith("batch_1:")] == [f"batch_1:{number}" for number in range(3)]
    assert of(THIRD, second) == numbered(THIRD, 20)
    sent = await bench.sent()
    assert [of(task, sent) for task in (FILM, OTHER, THIRD)] == [
        numbered(FILM, MANY),
        numbered(OTHER, 20),
        numbered(THIRD, 20),
    ]
    assert sorted(sent) == sorted(one for portion in bench.portions for one in portion)
    assert max(map(len, bench.portions)) <= PORTION
    assert await bench.left() == []


async def test_all_have_their_turn_where_more_tasks_wait_than_fit(bench: Bench) -> None:
    """Nobody has a second one before everybody had the first, and nobody's facts change their order."""
    tasks = [Task(task_id=f"many_{number:03}", **NAMED) for number in range(PORTION + 100)]

    def fill(session: Session) -> None:
        for task in reversed(tasks):
            tell(session, task, 3)

    await bench.write(fill)
    await bench.relay.turn()
    told = await bench.sent()
    assert {one.split(":")[0] for one in told[: len(tasks)]} == {task.task_id for task in tasks}
    assert all(of(task, told) == numbered(task, 3) for task in tasks)


async def test_a_refused_fact_holds_up_its_task_alone(bench: Bench) -> None:
    """In this turn and in all others, until it is set aside."""

    def fill(session: Session) -> None:
        tell(session, FILM, 1)
        tell(session, FILM, 1, text=TOO_LARGE)
        tell(session, FILM, PORTION)
        tell(session, OTHER, MANY // 10)
        flag_cancel(session, THIRD, None)

    await bench.write(fill)
    for turn in range(1, 10):
        await bench.relay.turn()
        (refused, *_) = [row for row in await bench.left() if row.task_id == FILM.task_id]
        assert (refused.attempts, refused.set_aside_at) == (turn, None)
    sent = await bench.sent()
    assert sent[0] == "cancel:task_2"
    assert of(FILM, sent) == numbered(FILM, 1)
    assert of(OTHER, sent) == numbered(OTHER, MANY // 10)
    await bench.relay.turn()
    await bench.relay.turn()
    assert of(FILM, await bench.sent()) == numbered(FILM, PORTION)
    (aside,) = await bench.left()
    assert aside.set_aside_at is not None


async def test_a_broker_that_fails_loses_and_repeats_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was published before is told and gone; the rest follows in order."""
    published = 0
    tell_one = Channels.tell

    async def fail_once(channels: Channels, fact: Any) -> int:
        nonlocal published
        published += 1
        if published == PORTION + 50:
            raise client.errors.TimeoutError
        return await tell_one(channels, fact)

    monkeypatch.setattr(Channels, "tell", fail_once)

    def fill(session: Session) -> None:
        tell(session, FILM, MANY // 10)
        tell(session, OTHER, 20)

    await bench.write(fill)
    with pytest.raises(client.errors.TimeoutError):
        await bench.relay.turn()
    await bench.relay.turn()
    sent = await bench.sent()
    assert sorted(sent) == sorted(one for portion in bench.portions for one in portion)
    assert of(FILM, sent) == numbered(FILM, MANY // 10)
    assert of(OTHER, sent) == numbered(OTHER, 20)


async def test_nothing_to_send_costs_two_statements(bench: Bench) -> None:
    """One looks for flags, one for facts."""
    statements: list[str] = []
    event.listen(bench.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    await bench.relay.turn()
    assert len([one for one in statements if "outbox" in one]) == 2
