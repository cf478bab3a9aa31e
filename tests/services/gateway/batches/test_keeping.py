"""Large batches keep no others waiting: what is asked of them, and what a pause holds, is done some at a time."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.gateway.batches import keeper as keeping
from services.gateway.batches import rows as batch_rows
from services.gateway.batches.joining import place
from services.gateway.batches.keeper import RETRY, Keeper
from services.gateway.batches.routes import resume_batch
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import BatchItem, BatchRow, BatchState, JobRow, JobState, Task
from services.gateway.pipeline.parts import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.web.keys import Caller
from services.gateway.web.problems import Problem
from shared.pipeline import Stage, Status

NAMES: dict[str, Any] = dict.fromkeys(("video_filename", "video_original_name", "video_key"), "")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty one, on each kind of server."""
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


def add(session: Session, batch_id: str, rows: int, status: Status = Status.PROCESSING, **fields: Any) -> None:
    """A batch with a task for each row."""
    session.add(BatchRow(batch_id=batch_id, name="Season", **fields))
    for number in range(1, rows + 1):
        task_id = f"{batch_id}{number}"
        session.add(BatchItem(batch_id=batch_id, number=number, source="a", task_id=task_id))
        session.add(Task(task_id=task_id, status=status, config={}, video_size=1, **NAMES))


def add_jobs(session: Session, batch_id: str, rows: int, state: JobState, **fields: Any) -> None:
    """A job of a stage for each row, and one that a person waits for, which no pause holds."""
    for number in range(1, rows + 1):
        known = {"task_id": f"{batch_id}{number}", "language": "es", "attempt": 1, "payload": "x", "state": state}
        session.add(JobRow(**known, stage=Stage.EXPORT, shard="0", run_stage=Stage.EXPORT, **fields))
    session.add(JobRow(**known | {"state": JobState.READY}, stage=Stage.CLONING, shard="line"))


def states(database: Database, batch_id: str) -> list[str]:
    with database.read() as session:
        query = select(JobRow.state).where(col(JobRow.task_id).startswith(batch_id), JobRow.stage == Stage.EXPORT)
        return list(session.exec(query))


def wish_of(database: Database, batch_id: str) -> str | None:
    with database.read() as session:
        return session.exec(select(BatchRow.wish).where(BatchRow.batch_id == batch_id)).one()


def keep(database: Database) -> None:
    asyncio.run(Keeper(database, GatewaySettings(), lambda: None).turn())


def test_what_is_asked_of_a_large_batch_keeps_no_other_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batches come in turn; all of it is done in the end, and what is asked again meanwhile once more."""
    monkeypatch.setattr(keeping, "_TASKS_AT_ONCE", 1)
    acted: list[str] = []
    with database.write() as session:
        add(session, "a", 3, Status.FAILED, wish=RETRY)
        add(session, "b", 1, Status.FAILED, wish=RETRY)

    def act(session: Session, task: Task) -> None:
        acted.append(task.task_id)
        if task.task_id == "a3":
            session.exec(select(BatchRow).where(BatchRow.batch_id == "b")).one().wish = RETRY

    monkeypatch.setitem(keeping._ACTS, RETRY, act)
    keep(database)
    assert acted == ["a1", "b1", "a2", "a3", "b1"]
    assert (wish_of(database, "a"), wish_of(database, "b")) == (None, None)


def test_a_task_for_which_it_fails_keeps_no_other_of_the_batch_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone is tried again in the next turns, not for ever; what was asked stays until then."""
    acted: list[str] = []
    with database.write() as session:
        add(session, "a", 3, Status.FAILED, wish=RETRY)
        add(session, "b", 2, Status.FAILED, wish=RETRY)

    def act(session: Session, task: Task) -> None:
        acted.append(task.task_id)
        if task.task_id == "a1" or acted.count("b2") == 1:
            raise ValueError("cannot be tried again")

    monkeypatch.setitem(keeping._ACTS, RETRY, act)
    keeper = Keeper(database, GatewaySettings(), lambda: None)
    asyncio.run(keeper.turn())
    assert (sorted(acted), wish_of(database, "a")) == (["a1", "a2", "a3", "b1", "b2"], RETRY)
    asyncio.run(keeper.turn())
    assert (acted[5:], wish_of(database, "b")) == (["a1", "b2"], None)
    for _ in range(8):
        assert wish_of(database, "a") == RETRY
        asyncio.run(keeper.turn())
    assert (acted[7:], wish_of(database, "a")) == (["a1"] * 8, None)


def moved(database: Database) -> list[int]:
    """How many jobs each transaction changes from now on."""
    counts: list[int] = [0]

    def count(_: Any, cursor: Any, sql: str, *__: Any) -> None:
        counts[-1] += cursor.rowcount if sql.startswith("UPDATE jobs") else 0

    event.listen(database.engine, "after_cursor_execute", count)
    event.listen(database.engine, "commit", lambda _: counts.append(0))
    return counts


def test_a_pause_holds_some_jobs_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in the end, and none that a person waits for."""
    monkeypatch.setattr(batch_rows, "_MOVED_AT_ONCE", 2)
    with database.write() as session:
        add(session, "a", 5, state=BatchState.PAUSED)
        add_jobs(session, "a", 5, JobState.READY)
    counts = moved(database)
    keep(database)
    assert sorted(one for one in counts if one) == [1, 2, 2]
    assert states(database, "a") == ["held"] * 5
    with database.read() as session:
        assert session.exec(select(JobRow.state).where(JobRow.stage == Stage.CLONING)).all() == ["ready"]


@pytest.mark.parametrize("asked", [None, RETRY])
def test_a_large_batch_is_resumed_some_jobs_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, asked: str | None
) -> None:
    """The keeper lets go what is left, after a restart too, and if somebody asks for something else meanwhile."""
    monkeypatch.setattr(batch_rows, "_MOVED_AT_ONCE", 2)
    with database.write() as session:
        add(session, "a", 5, state=BatchState.PAUSED)
        add_jobs(session, "a", 5, JobState.HELD)
    counts = moved(database)
    parts = cast(Gateway, SimpleNamespace(database=database, settings=GatewaySettings()))
    assert resume_batch("a", parts, Caller(None)).state == "open"
    assert sorted(states(database, "a")) == ["held"] * 3 + ["ready"] * 2
    if asked:
        with database.write() as session:
            session.exec(select(BatchRow)).one().wish = asked
    keep(database)
    assert sorted(one for one in counts if one) == [1, 2, 2]
    assert (states(database, "a"), wish_of(database, "a")) == (["ready"] * 5, None)


def test_a_pause_during_the_resuming_holds_all_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left to let go stays held."""
    monkeypatch.setattr(batch_rows, "_MOVED_AT_ONCE", 2)
    with database.write() as session:
        add(session, "a", 5, state=BatchState.PAUSED, wish="resume")
        add_jobs(session, "a", 3, JobState.HELD)
    keep(database)
    assert (states(database, "a"), wish_of(database, "a")) == (["held"] * 3, None)


def test_a_paused_batch_with_nothing_to_hold_is_only_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not ask for the write lock each second."""
    with database.write() as session:
        add(session, "a", 2, state=BatchState.PAUSED)
        add_jobs(session, "a", 2, JobState.HELD)
    written: list[Any] = []
    write = database.write
    monkeypatch.setattr(database, "write", lambda **more: (written.append(more), write(**more))[1])
    keep(database)
    assert written == []


def test_what_may_be_held_is_looked_for_in_the_batch(database: Database) -> None:
    """However many jobs of other batches are ready."""
    with database.write() as session:
        add(session, "a", 2, state=BatchState.PAUSED)
        add_jobs(session, "a", 2, JobState.READY)
        for number in range(40):
            add_jobs(session, f"other{number}-", 50, JobState.READY)
    with database.write() as session:
        session.execute(sa.text("ANALYZE"))
    seen: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, values, *___: seen.append((sql, values)))
    with database.write() as session:
        batch_rows.hold(session, "a")
    asked = [one for one in seen if one[0].lstrip().startswith("SELECT") and "jobs" in one[0]]
    explain = "EXPLAIN" if database.is_shared else "EXPLAIN QUERY PLAN"
    with database.engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"{explain} {sql}", values).all() for sql, values in asked]
    plan = "\n".join(str(one) for found in plans for one in found)
    assert "Seq Scan on jobs" not in plan
    assert "ix_jobs_state" not in plan
    assert "ix_jobs_of_batches" in plan or (database.is_shared and "ix_jobs_task_id" in plan)


def test_a_video_for_a_row_that_this_release_cannot_read(database: Database) -> None:
    """Whoever sends one is told what is wrong."""
    with database.write() as session:
        session.add(BatchRow(batch_id="a", name="Season"))
        session.add(BatchItem(batch_id="a", number=1, source="a", config={"of_tomorrow": 1}))
    with database.read() as session, pytest.raises(Problem, match=r"row 1 says: of_tomorrow: ") as told:
        place(session, Caller(None), "a", 1)
    assert (told.value.status, told.value.code) == (422, "invalid_config")


def test_what_is_locked_while_a_batch_is_resumed_is_not_left_behind(postgres: str) -> None:
    """Somebody cancels one of its tasks, and fails: a resume waits for that, or is refused and leaves the pause."""
    one, two = Database(postgres, wait_s=0.5), Database(postgres)
    one.migrate()
    with one.write() as session:
        add(session, "a", 1, state=BatchState.PAUSED)
        add_jobs(session, "a", 1, JobState.HELD)
    parts = cast(Gateway, SimpleNamespace(database=one, settings=GatewaySettings()))
    with two.read() as session:
        session.exec(select(JobRow).with_for_update()).all()
        with pytest.raises(DatabaseBusy):
            resume_batch("a", parts, Caller(None))
    assert states(one, "a") == ["held"]
    assert resume_batch("a", parts, Caller(None)).state == "open"
    assert states(one, "a") == ["ready"]
    one.close()
    two.close()
