"""One gateway leads; it knows when it no longer does, and another takes over."""

import asyncio

import pytest
import sqlalchemy as sa

from services.gateway.db.engine import Database
from services.gateway.pipeline.loops import Leadership
from shared.testing import wait_until_async

pytestmark = pytest.mark.anyio
HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 7466202 AND granted"
HOLDER += " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


async def never() -> None:
    """A turn that only ends when it is broken off."""
    await asyncio.Event().wait()


async def nothing() -> None:
    """A turn that ends at once."""


def holder(database: Database) -> int | None:
    with database.engine.connect() as connection:
        return connection.execute(sa.text(HOLDER)).scalar()


def end_session(database: Database, pid: int | None) -> None:
    with database.engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


async def leads(leadership: Leadership) -> bool:
    try:
        await asyncio.wait_for(leadership.while_leading(nothing), 0.1)
    except TimeoutError:
        return False
    return True


async def test_a_lost_lead_breaks_off_what_runs_and_is_taken_again(postgres: str) -> None:
    """All loops at once; none of them touches the connection that holds the lock."""
    database = Database(postgres)
    first, second = Leadership(database), Leadership(database)
    try:
        keeping = asyncio.create_task(first.keep())
        await wait_until_async(lambda: leads(first), 20, "the first does not lead")
        waiting = asyncio.create_task(second.keep())
        assert not await leads(second)
        turns = [asyncio.create_task(first.while_leading(never)) for _ in range(3)]
        await asyncio.sleep(0)
        pid = await asyncio.to_thread(holder, database)
        await asyncio.to_thread(end_session, database, pid)
        done, _ = await asyncio.wait(turns, timeout=20)
        assert len(done) == 3

        async def led() -> bool:
            return await leads(first) or await leads(second)

        await wait_until_async(led, 20, "nobody leads")
        assert await asyncio.to_thread(holder, database) != pid
        for task in (keeping, waiting):
            task.cancel()
        await asyncio.wait({keeping, waiting})

        async def is_free() -> bool:  # the server ends a session a moment after its client has closed it
            return await asyncio.to_thread(holder, database) is None

        await wait_until_async(is_free, 20, "the lock stays")
    finally:
        await asyncio.to_thread(database.close)


async def test_who_stops_hands_over(postgres: str) -> None:
    """The lock does not stay behind on a pooled connection."""
    database = Database(postgres)
    first, second = Leadership(database), Leadership(database)
    try:
        keeping = asyncio.create_task(first.keep())
        await wait_until_async(lambda: leads(first), 20, "the first does not lead")
        waiting = asyncio.create_task(second.keep())
        keeping.cancel()
        await asyncio.wait({keeping})
        await wait_until_async(lambda: leads(second), 20, "the second does not take over")
        assert not await leads(first)
        waiting.cancel()
        await asyncio.wait({waiting})
    finally:
        await asyncio.to_thread(database.close)
