"""Telling what a task waits for takes no more when hundreds of its lines wait."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobKind, JobRow, JobState, Task, now
from services.gateway.operations.lately import Lately
from services.gateway.operations.waits import WaitRead, list_waits
from services.gateway.script.lines import line_shard
from services.gateway.web.keys import Caller
from shared.pipeline import Lane, Stage

TASK = "task_20260101_000000_00000001"
AT_MOST = 60


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A task of which nothing waits yet."""
    made = Database(database_url)
    made.migrate()
    named: dict[str, Any] = {
        "video_filename": "a.mp4",
        "video_original_name": "a.mp4",
        "video_key": "a",
        "video_size": 1,
    }
    with made.write() as session:
        session.add(Task(task_id=TASK, config={"target_languages": ["es"]}, **named))
    yield made
    made.close()


def fill(database: Database, *numbers: int, task_id: str = TASK, **more: Any) -> None:
    """A line of each number is to be dubbed again."""
    rows = [
        JobRow(
            task_id=task_id,
            language="es",
            stage=Stage.CLONING,
            shard=line_shard(f"s{number:04}"),
            attempt=1,
            kind=JobKind.CLONE_LINES,
            payload="{}",
            **{"lane": Lane.INTERACTIVE} | more,
        ).model_dump(exclude={"id"})
        for number in numbers
    ]
    with database.write() as session:
        session.execute(sa.insert(JobRow), rows)


def asked(database: Database, slots: int = 1) -> tuple[dict[str | None, WaitRead], int]:
    """The waits of the task by their line, and how many statements that took."""
    statements: list[object] = []

    def count(*_: object) -> None:
        statements.append(None)

    workers = SimpleNamespace(of=lambda stage: [slots] if stage is Stage.CLONING else [])
    parts = SimpleNamespace(
        database=database, workers=workers, audience=SimpleNamespace(known_progress=lambda *_: None)
    )
    sa.event.listen(database.engine, "before_cursor_execute", count)
    found = list_waits(TASK, cast(Any, parts), Caller(None), Lately())
    sa.event.remove(database.engine, "before_cursor_execute", count)
    return {one.segment_id: one for one in found}, len(statements)


def test_many_open_lines_take_as_many_statements_as_few(database: Database) -> None:
    """Each is told its own place all the same."""
    took = []
    for first, last in ((0, 250), (250, 500)):
        fill(database, *range(first, last))
        found, statements = asked(database)
        assert [found[f"s{number:04}"].ahead for number in range(last)] == list(range(last))
        took.append(statements)
    assert took[0] == took[1] < AT_MOST


def test_jobs_that_are_out_take_no_statements_of_their_own(database: Database) -> None:
    """They are done in the order in which they went out, and those a person waits for before the batch."""
    took = []
    for first, last in ((0, 20), (20, 40)):
        for number in range(first, last):  # the later its number, the earlier it went out
            at = now() - timedelta(seconds=number)
            fill(database, number, state=JobState.DISPATCHED, dispatched_at=at)
        fill(database, *range(100 + first, 100 + last), lane=Lane.BATCH)
        fill(database, *range(200 + first, 200 + last))
        fill(database, *range(300 + first, 300 + last), state=JobState.HELD)
        found, statements = asked(database)
        places = [*reversed(range(last)), *range(200, 200 + last), *range(100, 100 + last)]
        assert [found[f"s{number:04}"].ahead for number in places] == list(range(3 * last))
        assert {found[f"s{number:04}"].state for number in range(300, 300 + last)} == {"paused"}
        took.append(statements)
    assert took[0] == took[1] < AT_MOST


def test_a_job_that_does_not_go_out_yet_is_behind_all_of_its_lane(database: Database) -> None:
    """Such as one that is paused: what may go out does so before it."""
    fill(database, *range(5))
    fill(database, *range(10, 13), lane=Lane.BATCH)
    fill(database, 20, state=JobState.HELD)
    fill(database, 21, state=JobState.HELD, lane=Lane.BATCH)
    found, _ = asked(database)
    assert (found["s0020"].ahead, found["s0021"].ahead) == (5, 8)


def test_lines_of_others_are_counted_but_not_told(database: Database) -> None:
    """Somebody else's turn comes after every one of ours."""
    fill(database, *range(20), task_id="task_20260101_000000_00000002", owner="ann", task_order=1)
    fill(database, *range(20), owner="bob", task_order=2)
    found, statements = asked(database)
    assert [found[f"s{number:04}"].ahead for number in range(20)] == list(range(1, 40, 2))
    assert statements < AT_MOST
