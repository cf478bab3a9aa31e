"""A database that others hold: changes wait a while and are refused with 503, everything else goes on."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.gateway.db.engine import Database, DatabaseBusy, OnEventLoop
from services.gateway.db.tables import Task
from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World

WRITERS = 60
STAGE = "voice_cloning"
DONE = {200, 202}


@contextmanager
def held(url: str) -> Iterator[None]:
    """Nobody else can write to the database meanwhile."""
    database = Database(url)
    with database.engine.connect() as connection:
        if database.is_shared:
            connection.execute(text("LOCK TABLE tasks IN EXCLUSIVE MODE"))
        else:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.exec_driver_sql("ROLLBACK")
    database.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """As many clients as write at once."""
    with ThreadPoolExecutor(WRITERS) as made:
        yield made


def _change(gateway: Gateway, task_id: str, number: int) -> httpx.Response:
    """Plain routes and an asynchronous one that write."""
    if number % 3 == 2:
        return gateway.http.post(f"/api/tasks/{task_id}/process", json={"stage": STAGE})
    if number % 3:
        return gateway.http.patch(f"/api/tasks/{task_id}", json={"num_speakers": 1 + number % 5})
    return gateway.http.post(
        "/api/glossary/import",
        content=f"source_language,source\nen,word {number}",
        headers={"Content-Type": "text/csv", "Idempotency-Key": f"key-{number}"},
    )


def _statuses(asked: "list[Future[httpx.Response]]") -> set[int]:
    return {one.result().status_code for one in asked}


def _reads_go_on(gateway: Gateway, task_id: str) -> None:
    """Every read and the probes answer."""
    for path in ("/readyz", f"/api/tasks/{task_id}", "/api/tasks", f"/api/tasks/{task_id}/logs", "/healthz"):
        assert gateway.http.get(path, timeout=30).status_code == 200, path


def test_waiting_writers_stop_no_reader_and_succeed_in_the_end(world: World, pool: ThreadPoolExecutor) -> None:
    """Sixty of them wait for one lock; when it goes, all are done."""
    gateway = world.gateway(LOCALCLIP_DATABASE_WAIT_S="60")
    task_id = gateway.create('{"target_languages": ["es"]}')["task_id"]
    with held(world.database_url):
        asked = [pool.submit(_change, gateway, task_id, 3 * number + 1 + number % 2) for number in range(WRITERS)]
        for _ in range(5):
            _reads_go_on(gateway, task_id)
        assert not any(one.done() for one in asked)
    assert _statuses(asked) == {200, 202}


def test_a_change_that_waited_long_enough_is_refused_with_503(world: World, pool: ThreadPoolExecutor) -> None:
    """It tells when to come again, changes nothing, and works then."""
    gateway = world.gateway(LOCALCLIP_DATABASE_WAIT_S="0.5")
    task_id = gateway.create('{"target_languages": ["es"]}')["task_id"]
    with held(world.database_url):
        asked = [pool.submit(_change, gateway, task_id, number) for number in range(WRITERS)]
        answers = [one.result() for one in asked if one.result().status_code not in DONE]
        _reads_go_on(gateway, task_id)
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["code"] for answer in answers} == {"database_busy"}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    left = set(range(WRITERS))

    def are_done() -> bool:
        again = {number: pool.submit(_change, gateway, task_id, number) for number in left}
        left.difference_update(number for number, one in again.items() if one.result().status_code in DONE)
        return not left

    wait_until(are_done, 120, "a change is not taken, though nobody holds the database")


def test_a_database_that_went_away_is_busy_not_broken(postgres_cluster: Any, postgres: str) -> None:
    """Connections that break while they are used, and servers that shut down, are worth another try."""
    database = Database(postgres, wait_s=2)
    database.migrate()
    with pytest.raises(DatabaseBusy), database.write() as session:
        session.connection().execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with database.write() as session:
        session.add(_task("after"))
    database.close()


def test_no_connection_is_free(database_url: str) -> None:
    """Who finds all connections in use waits, and is told to come again."""
    database = Database(database_url, wait_s=0.2)
    database.migrate()
    taken = [database.engine.connect() for _ in range(30)]
    with pytest.raises(DatabaseBusy), database.read() as session:
        session.connection()
    for connection in taken:
        connection.close()
    database.close()


def test_reads_leave_connections_to_writers(database_url: str) -> None:
    """However many there are; one too many waits, and is told to come again."""
    database = Database(database_url, wait_s=0.2)
    database.migrate()
    with ExitStack() as opened:

        def read_on() -> None:
            while True:
                opened.enter_context(database.read()).connection()

        with pytest.raises(DatabaseBusy, match="too many read already"):
            read_on()
        with database.write() as session:
            session.add(_task("a"))
        assert database.answers()
    with database.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM tasks")).scalar() == 1
    database.close()


def test_two_that_wait_for_each_other(postgres: str, pool: ThreadPoolExecutor) -> None:
    """PostgreSQL ends one of them; that one may try again."""
    database = Database(postgres, wait_s=10)
    database.migrate()
    with database.write() as session:
        session.add_all([_task("a"), _task("b")])
    names = ("a", "b")
    reached = {name: Future[None]() for name in names}

    def both(first: str, second: str) -> str:
        try:
            with database.write() as session:
                _touch(session, first)
                reached[first].set_result(None)
                reached[second].result(10)
                _touch(session, second)
        except DatabaseBusy:
            return "busy"
        return "done"

    ends = [pool.submit(both, *names), pool.submit(both, *reversed(names))]
    assert sorted(one.result(30) for one in ends) == ["busy", "done"]
    database.close()


def test_sessions_are_refused_on_an_event_loop(sqlite_url: str) -> None:
    """So no route can make all others stand, whatever the lint rule did not see."""
    database = Database(sqlite_url)

    async def wrong(way: str) -> None:
        with getattr(database, way)():
            pass

    for way in ("read", "write"):
        with pytest.raises(OnEventLoop):
            asyncio.run(wrong(way))
    database.close()


def _touch(session: Any, task_id: str) -> None:
    session.connection().execute(text("UPDATE tasks SET note = 'x' WHERE task_id = :id"), {"id": task_id})


def _task(task_id: str) -> Task:
    return Task(task_id=task_id, video_filename="", video_original_name="", video_key="", video_size=0)
