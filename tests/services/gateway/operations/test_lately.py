"""What ended lately is read once for all who ask, and nothing of it is missed or counted twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState
from services.gateway.operations.lately import Lately
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.fair_share import WINDOW, Ledger
from shared.pipeline import Lane, Stage

BEGIN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class Clock:
    """It stands until it is moved."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Reads:
    """The rows of ended jobs that were read."""

    def __init__(self, database: Database, lately: Lately) -> None:
        self.database, self.lately, self.since = database, lately, list[Any]()
        sa.event.listen(database.engine, "before_cursor_execute", self._note)

    def _note(self, _: object, __: object, sql: str, values: Any, *___: object) -> None:
        if "finished_at >=" in sql:
            self.since.append(values[0] if isinstance(values, tuple) else next(iter(values.values())))

    def ledger(self) -> Ledger:
        with self.database.read() as session:
            return self.lately.ledger(session)


@pytest.fixture
def clock() -> Clock:
    """Noon."""
    return Clock()


@pytest.fixture
def reads(database_url: str, clock: Clock) -> Iterator[Reads]:
    """An empty database."""
    database = Database(database_url)
    yield Reads(database, Lately(0, clock))
    database.close()


def end(database: Database, shard: str, ended_at: datetime, took_s: float = 5, **more: Any) -> None:
    """A job that is over."""
    times: dict[str, Any] = {"dispatched_at": ended_at - timedelta(seconds=took_s), "finished_at": ended_at}
    named: dict[str, Any] = {"task_id": "task_1", "language": "es", "stage": Stage.EXPORT, "attempt": 1, "shard": shard}
    with database.write() as session:
        session.add(JobRow(**named | times | {"state": JobState.DONE, "payload": "", "owner": "ann"} | more))


def spent(ledger: Ledger, at: datetime) -> dict[str, float]:
    return ledger.spent_s(Stage.EXPORT, Lane.BATCH, at)


def test_many_who_ask_at_once_read_once(reads: Reads, clock: Clock) -> None:
    """What ends meanwhile is told two seconds later, and then only what is new is read."""
    end(reads.database, "0", clock.at - timedelta(seconds=60))
    assert [spent(reads.ledger(), clock.at) for _ in range(20)] == [{"ann": 5}] * 20
    assert len(reads.since) == 1
    end(reads.database, "1", clock.at)
    clock.move(1)
    assert (spent(reads.ledger(), clock.at), len(reads.since)) == ({"ann": 5}, 1)
    clock.move(1)
    assert (spent(reads.ledger(), clock.at), len(reads.since)) == ({"ann": 10}, 2)
    first, second = (datetime.fromisoformat(str(one)).replace(tzinfo=UTC) for one in reads.since)
    assert second - first > WINDOW - timedelta(seconds=60)


def test_few_are_told_at_once(reads: Reads, clock: Clock) -> None:
    """Each who asks reads what is new; in a busy installation that would be thousands of jobs."""
    reads.lately = Lately(2, clock)
    for number in range(3):
        end(reads.database, f"{number}", clock.at)
        assert spent(reads.ledger(), clock.at) == {"ann": min(number + 1, 2) * 5}
    assert len(reads.since) == 2


def test_what_is_out_is_never_old(reads: Reads, clock: Clock) -> None:
    """Where a job that was just handed out stands among the others is asked about at once."""
    assert reads.ledger().out(Stage.EXPORT, Lane.BATCH) == []
    end(reads.database, "0", clock.at, state=JobState.DISPATCHED, finished_at=None, dispatched_at=clock.at)
    clock.move(0.5)
    assert len(reads.ledger().out(Stage.EXPORT, Lane.BATCH)) == 1
    assert len(reads.since) == 1


def test_an_end_that_is_committed_late_counts_once(reads: Reads, clock: Clock) -> None:
    """Its time is before that of the last look."""
    end(reads.database, "0", clock.at)
    reads.ledger()
    end(reads.database, "1", clock.at - timedelta(seconds=20))
    for _ in range(3):
        clock.move(2)
        assert spent(reads.ledger(), clock.at) == {"ann": 10}


def test_it_is_what_the_database_says(reads: Reads, clock: Clock) -> None:
    """After any time, also one in which nobody asked; what is older than ten minutes no longer counts."""
    for number in range(40):
        end(reads.database, f"{number}", clock.at, took_s=number, owner=("ann", "bob")[number % 2])
        clock.move((1, 45, 0.1, 700)[number % 4] if number % 8 == 3 else (1, 45, 0.1, 20)[number % 4])
        found = reads.ledger()
        with reads.database.read() as session:
            whole = Ledger(pipeline_rows.ended_jobs(session, clock.at - WINDOW))
        whole.look((), clock.at)
        for owner, seconds in spent(whole, clock.at).items():
            assert spent(found, clock.at).get(owner, 0.0) == pytest.approx(seconds, abs=2 * number)


def test_how_long_a_stage_takes(reads: Reads, clock: Clock) -> None:
    """The median of the last twenty in ten minutes, whoever's they were."""
    for number in range(30):
        end(reads.database, f"{number}", clock.at - timedelta(seconds=30 - number), took_s=number, lane=Lane.BATCH)
    end(reads.database, "other", clock.at, took_s=500, stage=Stage.CLONING)
    reads.ledger()
    assert reads.lately.typical_s(Stage.EXPORT) == 19.5
    assert reads.lately.typical_s(Stage.TRANSLATION) is None
    clock.move(700)
    reads.ledger()
    assert reads.lately.typical_s(Stage.EXPORT) is None
