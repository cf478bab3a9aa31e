"""The SQL behind the fair share, at five thousand rows, on both databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import TextClause

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.fair_share import rank
from shared.pipeline import Lane, Stage

MANY = 5000


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with the newest schema."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


def fill(database: Database, *jobs: tuple[str, int, Stage, int], video_s: float = 60.0, **more: object) -> None:
    """Jobs of (owner, task, stage, how many), in this order."""
    rows = [
        JobRow(
            task_id=f"task{task}",
            language="es",
            stage=stage,
            shard=f"{more.get('state', 'ready')}-{number}",
            attempt=1,
            payload="{}",
            owner=owner,
            **vars(rank(stage, task, video_s, 1, long=False)) | more,
        ).model_dump(exclude={"id"})
        for owner, task, stage, count in jobs
        for number in range(count)
    ]
    with database.write() as session:
        session.execute(sa.insert(JobRow), rows)


def test_the_first_of_each_owner_are_found_among_many(database: Database) -> None:
    """The oldest task, and the one with the least left, wherever their rows stand."""
    fill(database, *[("one", number, Stage.CLONING, 1) for number in range(2, MANY)], video_s=9000.0)
    fill(database, ("one", 9999, Stage.CLONING, 2), ("two", 8888, Stage.CLONING, 1), ("one", 1, Stage.EXPORT, 1))
    fill(database, ("one", 1, Stage.CLONING, 1), video_s=9000.0)
    with database.read() as session:
        assert pipeline_rows.ready_owners(session, Stage.CLONING, Lane.BATCH, long=False) == ["one", "two"]
        assert pipeline_rows.ready_owners(session, Stage.CLONING, Lane.BATCH, long=True) == []
        assert pipeline_rows.ready_owners(session, Stage.CLONING, Lane.INTERACTIVE, long=False) == []
        found = pipeline_rows.ready_jobs(session, Stage.CLONING, Lane.BATCH, "one", 3, long=False)
    assert [one.rank.task_order for one in found.oldest] == [1, 2, 3]
    assert [one.rank.left_s for one in found.shortest] == [120.0, 120.0, 18000.0]


def test_the_queues_in_which_jobs_wait(database: Database) -> None:
    """Not those whose jobs are out or over."""
    fill(database, ("one", 1, Stage.EXPORT, 2), long=True)
    fill(database, ("two", 2, Stage.TRANSLATION, 1))
    fill(database, ("two", 3, Stage.CLONING, 1), state="done")
    with database.read() as session:
        assert pipeline_rows.ready_queues(session) == {
            (Stage.EXPORT, Lane.BATCH, True),
            (Stage.TRANSLATION, Lane.BATCH, False),
        }


def test_jobs_that_are_out_and_jobs_that_ended(database: Database) -> None:
    """What is out is told with when it went; what ended by when, if it was ever out."""
    at = now()
    fill(database, ("one", 1, Stage.EXPORT, 2), state="dispatched", dispatched_at=at, long=True)
    fill(database, ("two", 2, Stage.EXPORT, 1), state="done", dispatched_at=at, finished_at=at)
    fill(database, ("two", 3, Stage.EXPORT, 1), state="canceled", finished_at=at)
    with database.read() as session:
        held = pipeline_rows.held_jobs(session)
        ended = pipeline_rows.ended_jobs(session, at)
    assert [(one.owner, one.queue, one.long, one.since) for one in held] == [
        ("one", (Stage.EXPORT, Lane.BATCH), True, at)
    ] * 2
    assert [(one.owner, ended_at) for one, ended_at in ended] == [("two", at)]


@pytest.mark.parametrize(
    "statement",
    [pipeline_rows.OWNERS, pipeline_rows.OLDEST, pipeline_rows.SHORTEST, pipeline_rows.READY_QUEUES],
    ids=["owners", "old", "short", "queues"],
)
def test_the_rows_are_found_by_their_index(database: Database, statement: TextClause) -> None:
    """However many jobs wait or have ended: nothing is sorted, and no table is read through."""
    fill(database, *[("one", number, Stage.EXPORT, 50) for number in range(60)], state="done")
    fill(database, *[("one", number, Stage.EXPORT, 30) for number in range(100, 200)])
    explain = "EXPLAIN" if database.is_shared else "EXPLAIN QUERY PLAN"
    values = {"stage": "export", "lane": "batch", "long": False, "owner": "one", "most": 4, "yes": True, "no": False}
    with database.write() as session:
        session.execute(sa.text("ANALYZE"))
    with database.read() as session:
        asked = {key: value for key, value in values.items() if f":{key}" in statement.text}
        plan = "\n".join(str(one) for one in session.execute(sa.text(f"{explain} {statement.text}"), asked))
    assert "Seq Scan on jobs" not in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
    assert "ix_jobs_shortest" in plan if statement is pipeline_rows.SHORTEST else "ix_jobs_" in plan
