"""Deleted tasks are erased: a few at a time, whatever becomes of one, and not by a gateway that no longer leads."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nats as client
import pytest
from faststream.nats import NatsBroker
from sqlmodel import select

from services.gateway.db.engine import Database
from services.gateway.db.tables import OutboxKind, OutboxRow, Task, now
from services.gateway.operations.erasing import Eraser
from services.gateway.pipeline.loops import ended
from services.gateway.settings import GatewaySettings
from services.gateway.web.threads import Threads
from shared.messaging import Role, provision
from shared.storage import DirectoryStore, StorageError
from shared.testing import NatsServer, wait_until_async

pytestmark = pytest.mark.anyio
MANY = 7


class Hanging(DirectoryStore):
    """A store that deletes nothing until it is told to, and refuses one task the first time."""

    def __init__(self, root: Path, refused: str = "") -> None:
        super().__init__(root)
        self.go_on, self.refused = threading.Event(), refused
        self.asked, self.inside, self.most = list[str](), 0, 0
        self._counting = threading.Lock()

    def delete(self, prefix: str) -> int:
        with self._counting:
            self.asked.append(prefix)
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            assert self.go_on.wait(60)
            if self.refused in prefix and self.asked.count(prefix) == 1:
                raise StorageError("refused")
            return super().delete(prefix)
        finally:
            with self._counting:
                self.inside -= 1


@pytest.fixture
def store(tmp_path: Path) -> Hanging:
    """It refuses the third task once."""
    return Hanging(tmp_path / "objects", "task_2")


@pytest.fixture
async def eraser(store: Hanging, sqlite_url: str, nats: NatsServer) -> AsyncIterator[Eraser]:
    """An eraser, and deleted tasks."""
    database, threads, broker = Database(sqlite_url), Threads(), NatsBroker(nats.login(Role.GATEWAY))
    connection = await client.connect(nats.login(Role.GATEWAY))
    await provision(connection.jetstream())
    await connection.close()
    await broker.connect()
    await asyncio.to_thread(_fill, database)
    yield Eraser(database, broker, store, threads, GatewaySettings())
    store.go_on.set()
    await broker.stop()
    threads.close()
    database.close()


def _fill(database: Database) -> None:
    names: dict[str, Any] = {"video_filename": "v.mp4", "video_original_name": "v.mp4", "video_key": "v"}
    with database.write() as session:
        session.add_all([Task(task_id=f"task_{n}", video_size=1, deleted_at=now(), **names) for n in range(MANY)])


async def left(eraser: Eraser) -> list[str]:
    def read() -> list[str]:
        with eraser._database.read() as session:
            return list(session.exec(select(Task.task_id)))

    return await asyncio.to_thread(read)


async def test_a_store_that_hangs_keeps_few_threads(eraser: Eraser, store: Hanging) -> None:
    """The others are for requests; when it is back, every task is erased."""
    turn = asyncio.create_task(eraser.turn())
    await wait_until_async(lambda: store.inside == 4, 30, "nothing is erased")
    store.go_on.set()
    await turn
    assert (store.most, len(store.asked)) == (4, MANY)
    assert await left(eraser) == ["task_2"]


async def test_one_that_cannot_be_erased_is_tried_again(eraser: Eraser, store: Hanging) -> None:
    """In the next turn, and the others are not."""
    store.go_on.set()
    await eraser.turn()
    assert await left(eraser) == ["task_2"]
    store.asked.clear()
    store.refused = "nobody"
    await eraser.turn()
    assert (await left(eraser), store.asked) == ([], ["tasks/task_2/"])


async def test_a_turn_that_is_broken_off_ends_beside_a_store_that_hangs(eraser: Eraser, store: Hanging) -> None:
    """So the lead can be given up; what was not erased is left to the next leader."""
    turn = asyncio.create_task(eraser.turn())
    await wait_until_async(lambda: store.inside == 4, 30, "nothing is erased")
    await ended(turn)
    assert turn.cancelled()
    store.refused = "nobody"
    store.go_on.set()
    assert len(await left(eraser)) == MANY
    await eraser.turn()
    assert await left(eraser) == []


async def test_whose_a_task_was_is_known_until_its_end_was_told(eraser: Eraser, store: Hanging) -> None:
    """A webhook would not be told otherwise; what is stored goes at once, and what is refused is not waited for."""
    store.refused = "nobody"
    store.go_on.set()
    await asyncio.to_thread(_tell, eraser._database, "task_0", None)
    await asyncio.to_thread(_tell, eraser._database, "task_1", now())
    await eraser.turn()
    assert (await left(eraser), "tasks/task_0/" in store.asked) == (["task_0"], True)
    await asyncio.to_thread(_tell, eraser._database, "task_0", now())
    await eraser.turn()
    assert await left(eraser) == []


def _tell(database: Database, task_id: str, set_aside_at: datetime | None) -> None:
    with database.write() as session:
        for row in session.exec(select(OutboxRow).where(OutboxRow.task_id == task_id)):
            session.delete(row)
        session.add(OutboxRow(kind=OutboxKind.FACT, task_id=task_id, payload="{}", set_aside_at=set_aside_at))
