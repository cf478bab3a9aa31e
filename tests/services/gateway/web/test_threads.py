"""Pools that hang hold up what waits for them, and are noticed."""

import asyncio
import threading
from pathlib import Path

import pytest
from starlette.concurrency import run_in_threadpool

from services.gateway.db.engine import Database
from services.gateway.web.readiness import Readiness
from services.gateway.web.threads import Threads
from shared.storage import DirectoryStore, ObjectInfo
from shared.testing import wait_until_async


class Hanging(DirectoryStore):
    """A store that does not answer until it is told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.go_on, self.asked = threading.Event(), 0

    def stat(self, key: str) -> ObjectInfo:
        self.asked += 1
        assert self.go_on.wait(60)
        return super().stat(key)


@pytest.mark.parametrize("pool", ["work", "routes", "transfers"])
async def test_a_pool_that_stands_is_named(pool: str) -> None:
    """Once nothing got its turn for the time allowed, and not before; the others go on."""
    threads, over = Threads(patience_s=0.5, transfers_patience_s=0.5), threading.Event()
    threads.use()
    assert await threads.standing() == []
    run = {
        "work": lambda: asyncio.to_thread(over.wait, 120),
        "routes": lambda: run_in_threadpool(over.wait, 120),
        "transfers": lambda: threads.transfer(over.wait, 120),
    }[pool]
    held = [asyncio.ensure_future(run()) for _ in range(60)]

    async def named() -> bool:
        return await threads.standing() == [pool]

    try:
        await wait_until_async(named, 60, "it is not noticed")
    finally:
        over.set()
        await asyncio.gather(*held)
    assert await threads.standing() == []
    threads.close()


async def test_a_store_that_hangs_is_not_ready_and_asked_once(tmp_path: Path) -> None:
    """Whoever asks is answered; the questions do not pile up in threads; the database is ready all the while."""
    store, database, threads = Hanging(tmp_path / "objects"), Database(f"sqlite:///{tmp_path}/x.db"), Threads()
    readiness = Readiness(database, store, threads)
    answers = await asyncio.gather(*(readiness.store() for _ in range(20)), readiness.database())
    assert answers == [False] * 20 + [True]
    assert await readiness.store() is False
    assert store.asked == 1
    store.go_on.set()

    async def ready() -> bool:
        return await readiness.store()

    await wait_until_async(ready, 60, "it stays not ready")
    threads.close()
    database.close()
