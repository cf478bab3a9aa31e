"""The SQL behind the fair share, at five thousand rows, on both databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.tables import JobRow, JobState, Task
from services.gateway.planning.fair_share import choose
from shared.pipeline import Lane, Stage

MANY = 5000
WINDOW = 4


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with the newest schema."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


def fill(database: Database, *jobs: tuple[str, str, Stage, int], lane: Lane = Lane.BATCH, state: str = "ready") -> None:
    """Jobs of (owner, task, stage, how many), in this order; tasks are made as they come."""
    tasks, rows = {}, []
    for owner, task_id, stage, count in jobs:
        tasks[task_id] = {
            "task_id": task_id,
            "owner": owner,
            "video_filename": "v",
            "video_original_name": "v",
            "video_key": "k",
            "video_size": 1,
        }
        rows += [
            {
                "task_id": task_id,
                "language": "es",
                "stage": str(stage),
                "shard": f"{state}-{number}",
                "attempt": 1,
                "lane": str(lane),
                "state": state,
                "payload": "{}",
            }
            for number in range(count)
        ]
    with database.write() as session:
        known = set(session.execute(sa.select(Task.__table__.c.task_id)).scalars())
        fresh = [Task(**fields).model_dump(exclude={"id"}) for key, fields in tasks.items() if key not in known]
        if fresh:
            session.execute(sa.insert(Task), fresh)
        session.execute(sa.insert(JobRow), [JobRow(**one).model_dump(exclude={"id"}) for one in rows])


def next_tasks(database: Database, stage: Stage, lane: Lane = Lane.BATCH) -> list[str]:
    """Tasks in the order in which their jobs are handed out now."""
    with database.read() as session:
        out = queries.in_flight(session).get((stage, lane), {})
        ids = choose(queries.waiting(session, stage, lane, WINDOW), out, WINDOW)
        return [job.task_id for job in queries.jobs_by_id(session, ids)]


def test_one_stage_and_one_owner_do_not_hold_up_the_others(database: Database) -> None:
    """Thousands of videos of one person wait to be diarized; another stage and another person have their turn."""
    videos = [("one", f"video{number:04}", Stage.DIARIZATION, 1) for number in range(MANY)]
    fill(database, *videos, ("two", "clip", Stage.DIARIZATION, 1), ("one", "video0000", Stage.TRANSLATION, 3))
    assert next_tasks(database, Stage.DIARIZATION) == ["video0000", "clip", "video0001", "video0002"]
    assert next_tasks(database, Stage.TRANSLATION) == ["video0000"] * 3
    assert next_tasks(database, Stage.EXPORT) == []


def test_a_clip_is_not_behind_a_film_of_the_same_owner(database: Database) -> None:
    """Also where four films have jobs out already, and each has thousands more."""
    films = [("one", f"film{number}", Stage.CLONING, MANY // 4) for number in range(4)]
    fill(database, *films, ("one", "clip", Stage.CLONING, 2))
    fill(database, ("one", "film0", Stage.CLONING, 1), ("one", "film1", Stage.CLONING, 1), state="dispatched")
    assert next_tasks(database, Stage.CLONING) == ["film2", "film3"]
    fill(database, ("one", "film2", Stage.CLONING, 1), state="dispatched")
    with database.write() as session:
        session.execute(sa.delete(JobRow).where(JobRow.__table__.c.task_id == "film3"))
    assert next_tasks(database, Stage.CLONING) == ["clip"]


def test_what_was_begun_goes_before_newer_tasks(database: Database) -> None:
    """A job of an old task that came last, such as listening to its takes, does not wait for all newer videos."""
    fill(database, ("one", "old", Stage.DIARIZATION, 1), state="done")
    fill(database, *[("one", f"new{number}", Stage.DIARIZATION, 1) for number in range(9)])
    fill(database, ("one", "old", Stage.DIARIZATION, 1))
    assert next_tasks(database, Stage.DIARIZATION)[0] == "old"


def test_owners_take_turns_on_the_interactive_lane_too(database: Database) -> None:
    """What one clicked for thousands of lines leaves another's line its turn; lanes do not count for each other."""
    fill(database, ("one", "book", Stage.CLONING, MANY), ("two", "page", Stage.CLONING, 1), lane=Lane.INTERACTIVE)
    fill(database, ("two", "page", Stage.CLONING, WINDOW), state=JobState.DISPATCHED)
    assert next_tasks(database, Stage.CLONING, Lane.INTERACTIVE) == ["book", "page", "book", "book"]
    assert next_tasks(database, Stage.CLONING) == []


def test_the_rows_are_found_by_their_index(database: Database) -> None:
    """However many jobs have ended."""
    fill(database, *[("one", f"task{number}", Stage.EXPORT, 50) for number in range(100)], state="done")
    fill(database, ("one", "last", Stage.EXPORT, 3))
    explain = "EXPLAIN" if database.is_shared else "EXPLAIN QUERY PLAN"
    with database.write() as session:
        session.execute(sa.text("ANALYZE"))
    with database.read() as session:
        values = {"stage": str(Stage.EXPORT), "lane": str(Lane.BATCH), "window": WINDOW}
        plan = "\n".join(str(one) for one in session.execute(sa.text(f"{explain} {queries.NEXT.text}"), values))
    assert "Seq Scan on jobs" not in plan
    assert "ix_jobs_dispatched" in plan
    if not database.is_shared:
        assert "ix_jobs_ready" in plan
