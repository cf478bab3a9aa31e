"""Videos that are fetched are apart: a row that is broken, a busy database or a large account stops no other."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.reading import read_items
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import BatchItem, BatchRow, SourceRow, Task
from services.gateway.settings import GatewaySettings
from services.gateway.uploads import fetching
from services.gateway.uploads import rows as uploads_rows
from services.gateway.uploads.fetching import Fetcher
from services.gateway.web.threads import Threads
from shared.storage import DirectoryStore

GOOD = {"target_languages": ["es"]}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty one, on each kind of server."""
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


class Idle(Fetcher):
    """One that fetches nothing: `fetched` are the tasks it would have fetched, which stay due."""

    def __init__(self, database: Database, store: DirectoryStore) -> None:
        super().__init__(database, store, Threads(), GatewaySettings())
        self.fetched: list[str] = []

    async def _fetch(self, task_id: str) -> None:
        self.fetched.append(task_id)
        await asyncio.to_thread(self._over, task_id)

    def _over(self, task_id: str) -> None:
        with self._database.write() as session:
            session.exec(select(SourceRow).where(SourceRow.task_id == task_id)).one().state = "arrived"


def add(session: Session, batch_id: str, owner: str, rows: int, config: Any = GOOD) -> None:
    session.add(BatchRow(batch_id=batch_id, owner=owner, name="Season"))
    for number in range(1, rows + 1):
        known = {"batch_id": batch_id, "number": number, "source": f"{owner}.mp4", "config": config}
        session.add(BatchItem(**known, address=f"http://127.0.0.1:9/{number}.mp4", languages=1))


def owners_of_tasks(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(Task.owner).order_by(col(Task.id))))


def test_a_row_that_cannot_be_read_stops_no_other(database: Database, directory_store: DirectoryStore) -> None:
    """It is given up, and tells why; the other rows of the same batch and of other accounts are fetched."""
    with database.write() as session:
        add(session, "a", "ann", 1, {"target_languages": ["es"], "of_tomorrow": True})
        add(session, "b", "bob", 2)
    fetcher = Idle(database, directory_store)
    asyncio.run(fetcher.turn())
    assert owners_of_tasks(database) == ["bob", "bob"]
    assert len(fetcher.fetched) == 2
    with database.read() as session:
        (row,) = read_items(session, batch_rows.items(session, "a", 0, 10)[0])
    assert (row.outcome, row.task_id, row.error_code) == ("canceled", None, "invalid_config")
    assert "of_tomorrow" in str(row.error_message)


def test_a_row_of_which_no_task_can_be_made_is_given_up_in_the_end(
    database: Database, directory_store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may pass is tried again; nothing of a task that was half made stays, and the others go on at once."""
    with database.write() as session:
        add(session, "a", "ann", 1)
        add(session, "b", "bob", 1)
    tries, await_source = [], fetching.await_source

    def fail_for_ann(session: Session, owner: str, *arguments: Any, **more: Any) -> Task:
        made = await_source(session, owner, *arguments, **more)
        if owner == "ann":
            tries.append(made.task_id)
            raise RuntimeError("something unexpected")
        return made

    monkeypatch.setattr(fetching, "await_source", fail_for_ann)
    fetcher = Idle(database, directory_store)
    fetcher._make_rows()
    assert owners_of_tasks(database) == ["bob"]
    for _ in range(12):
        fetcher._make_rows()
    assert len(tries) == 10
    assert owners_of_tasks(database) == ["bob"]
    with database.read() as session:
        assert [item.dropped for item in session.exec(select(BatchItem).order_by(col(BatchItem.id)))] == [True, False]


@pytest.mark.parametrize("query", ["due_sources", "coming_rows"])
def test_a_busy_database_ends_no_fetch(
    database: Database, directory_store: DirectoryStore, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Not to know what else is to be fetched is no reason to begin again what is on its way."""
    monkeypatch.setattr(fetching, "_LOOK_S", 0.01)
    with database.write() as session:
        add(session, "a", "ann", 1)
    looked: list[None] = []
    asked, busy = getattr(uploads_rows, query), asyncio.Event()

    class Slow(Idle):
        async def _fetch(self, task_id: str) -> None:
            await asyncio.wait_for(busy.wait(), 30)
            await super()._fetch(task_id)

    async def until_rest() -> None:
        loop = asyncio.get_running_loop()

        def busy_then(*arguments: Any) -> Any:
            looked.append(None)
            if len(looked) == 2:
                loop.call_soon_threadsafe(busy.set)
                raise DatabaseBusy("every connection is in use")
            return asked(*arguments)

        monkeypatch.setattr(uploads_rows, query, busy_then)
        await fetcher.turn()

    fetcher = Slow(database, directory_store)
    asyncio.run(until_rest())
    assert len(fetcher.fetched) == 1


def test_a_fetch_whose_end_cannot_be_recorded_ends_no_other(
    database: Database, directory_store: DirectoryStore
) -> None:
    """It rests for a while, and is then tried again."""
    with database.write() as session:
        add(session, "a", "ann", 1)
        add(session, "b", "bob", 1)
    broken = asyncio.Event()

    class Unsure(Idle):
        async def _fetch(self, task_id: str) -> None:
            if await asyncio.to_thread(self._is_of_ann, task_id):
                broken.set()
                raise DatabaseBusy("others were writing all the time")
            await asyncio.wait_for(broken.wait(), 30)
            await super()._fetch(task_id)

        def _is_of_ann(self, task_id: str) -> bool:
            with self._database.read() as session:
                return session.exec(select(Task.owner).where(Task.task_id == task_id)).one() == "ann"

    fetcher = Unsure(database, directory_store)
    asyncio.run(fetcher.turn())
    assert len(fetcher.fetched) == 1
    assert len(fetcher._resting) == 1


def test_rows_come_from_the_accounts_in_turn(database: Database) -> None:
    """Somebody with thousands of rows lets somebody with one in."""
    with database.write() as session:
        add(session, "a", "ann", 9)
        add(session, "b", "ann", 9)
        add(session, "c", "bob", 2)
        add(session, "d", "cleo", 1)
        session.exec(select(BatchItem).where(BatchItem.batch_id == "a", BatchItem.number == 1)).one().dropped = True
    with database.read() as session:
        found = uploads_rows.coming_rows(session, 6)
        every = uploads_rows.coming_rows(session, 100)
    assert found == [("a", 2), ("c", 1), ("d", 1), ("a", 3), ("c", 2), ("a", 4)]
    assert sorted(every) == [
        *(("a", number) for number in range(2, 10)),
        *(("b", number) for number in range(1, 10)),
        *(("c", number) for number in (1, 2)),
        ("d", 1),
    ]


def test_rows_that_come_are_found_in_an_index(sqlite_url: str) -> None:
    """Rows that have their task, or wait for somebody to send it, are not looked at."""
    database = Database(sqlite_url)
    with database.write() as session:
        add(session, "a", "ann", 2)
    seen: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, values, *___: seen.append((sql, values)))
    with database.read() as session:
        uploads_rows.coming_rows(session, 9)
    asked = [one for one in seen if one[0].startswith("SELECT")]
    with database.engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in asked]
    found = [str(row[3]) for plan in plans for row in plan if "batch_rows" in str(row[3])]
    assert len(found) == 2
    assert all("INDEX ix_batch_rows_coming (batch_id=?)" in one for one in found)
    assert not any("TEMP B-TREE" in str(row[3]) for plan in plans for row in plan)
    database.close()
