"""What is over is forgotten bit by bit, and a sweep that finds nothing keeps nobody from writing."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from faststream.nats import NatsBroker
from sqlmodel import select

from services.gateway.db import Session
from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchRow, IdempotencyRow, JobRow, JobState, StageRun, Task, now
from services.gateway.operations import rows as operations_rows
from services.gateway.operations import sweep
from services.gateway.operations.sweep import Sweeper
from services.gateway.settings import GatewaySettings
from shared.pipeline import Stage, Status

LONG_AGO = timedelta(days=40)
NAMED: dict[str, Any] = {"video_filename": "v.mp4", "video_original_name": "v.mp4", "video_key": "v", "video_size": 1}


class Watched(Database):
    """It counts who wants to write."""

    writes = 0

    def write(self, *, quiet: bool = False) -> AbstractContextManager[Session]:
        self.writes += 1
        return super().write(quiet=quiet)


@pytest.fixture
def database(database_url: str) -> Iterator[Watched]:
    """An empty one."""
    made = Watched(database_url)
    yield made
    made.close()


def swept(database: Watched) -> int:
    """How often a sweep wanted to write."""
    before = database.writes
    Sweeper(database, NatsBroker(logger=None), GatewaySettings())._forget_rows()
    return database.writes - before


def answer(number: int, age: timedelta) -> IdempotencyRow:
    return IdempotencyRow(key=f"{number}", fingerprint="x", status=201, body="A" * 3000, created_at=now() - age)


def job(number: int, state: JobState = JobState.DONE, age: timedelta = timedelta(0)) -> JobRow:
    place: dict[str, Any] = {"task_id": "task_1", "language": "es", "stage": Stage.CLONING, "attempt": 1}
    return JobRow(
        **place,
        shard=f"{number}",
        run_stage=Stage.CLONING,
        state=state,
        payload="{}",
        finished_at=now() - age if state == JobState.DONE else None,
    )


def test_nothing_is_written_where_nothing_is_over(database: Watched) -> None:
    """Such as the messages of jobs that ended in a run which is still running."""
    with database.write() as session:
        session.add(StageRun(task_id="task_1", language="es", stage=Stage.CLONING, attempt=1, status=Status.PROCESSING))
        session.add_all(job(number, age=LONG_AGO) for number in range(50))
        session.add(job(50, JobState.READY))
        session.add_all(answer(number, timedelta(hours=1)) for number in range(50))
        session.add(BatchRow(batch_id="batch_1", name="x"))
        session.add(Task(task_id="task_1", status="uploading", **NAMED))
    assert swept(database) == 0
    with database.write() as session:
        session.exec(select(StageRun)).one().status = Status.COMPLETED
    assert swept(database) == 1
    with database.read() as session:
        assert [row.shard for row in session.exec(select(JobRow))] == ["50"]
    assert swept(database) == 0


def test_everything_that_is_over_goes_once(database: Watched) -> None:
    """An upload that was given up is deleted then, not again in each sweep until it is erased."""
    old = now() - LONG_AGO
    with database.write() as session:
        session.add(answer(1, LONG_AGO))
        session.add(answer(2, timedelta(0)))
        session.add(BatchRow(batch_id="batch_1", name="x", deleted_at=old))
        session.add(BatchRow(batch_id="batch_2", name="x", deleted_at=old, wish="delete"))
        session.add(Task(task_id="task_1", status="uploading", updated_at=old, **NAMED))
        session.add(Task(task_id="task_2", updated_at=old, **NAMED))
    assert [swept(database) for _ in range(3)] == [2, 0, 0]
    with database.read() as session:
        assert list(session.exec(select(IdempotencyRow.key))) == ["2"]
        assert list(session.exec(select(BatchRow.batch_id))) == ["batch_2"]
        assert [task_id for task_id, _ in operations_rows.deleted_tasks(session)] == ["task_1"]


def test_a_sweep_forgets_so_many_at_most(database: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may write in between."""
    monkeypatch.setattr(sweep, "_MOST_CLEARED", 20)
    monkeypatch.setattr(sweep, "_ANSWERS_AT_ONCE", 10)
    with database.write() as session:
        session.add_all(answer(number, LONG_AGO) for number in range(50))

    def left() -> int:
        with database.read() as session:
            return len(session.exec(select(IdempotencyRow.key)).all())

    assert [(swept(database), left()) for _ in range(4)] == [(2, 30), (2, 10), (1, 0), (0, 0)]


def test_a_job_whose_run_runs_again_keeps_its_message(database: Watched) -> None:
    """It may begin between the look and the turn to write."""
    at = now()
    kept = operations_rows.Kept(at, at, at, at)
    with database.write() as session:
        session.add(job(1, age=LONG_AGO))
    with database.read() as session:
        found = operations_rows.over(session, kept, 10)
    assert (found.messages, found.jobs) == ([1], [1])
    with database.write() as session:
        session.add(StageRun(task_id="task_1", language="es", stage=Stage.CLONING, attempt=1, status=Status.PROCESSING))
    with database.write() as session:
        operations_rows.forget(session, found, kept)
    with database.read() as session:
        assert session.exec(select(JobRow.payload)).one() == "{}"


def test_only_the_jobs_of_messages_are_looked_at(database: Watched) -> None:
    """Not every job of their tasks, and hundreds with a few statements."""
    with database.write() as session:
        session.add_all(job(number) for number in range(700))
    wanted = [("task_1", "es", str(Stage.CLONING), str(number), 1) for number in range(650, 1300)]
    fetched: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, *___: fetched.append(sql))
    with database.read() as session:
        found = operations_rows.job_states(session, wanted)
    assert found == dict.fromkeys(wanted[:50], JobState.DONE)
    assert sum("JOIN jobs" in sql for sql in fetched) == 2


def test_of_tasks_that_leave_nothing_else_is_read(database: Watched) -> None:
    """Thousands may leave at once, each with its settings."""
    at = now()
    with database.write() as session:
        session.add(Task(task_id="task_1", deleted_at=at, **NAMED))
        session.add(Task(task_id="task_2", **NAMED))
    read: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, *___: read.append(sql))
    with database.read() as session:
        assert operations_rows.deleted_tasks(session) == [("task_1", at)]
    assert not any("config" in sql for sql in read)
