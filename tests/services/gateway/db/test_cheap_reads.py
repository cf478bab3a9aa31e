"""What is read often reads little, and what nobody needs any more goes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState, LineRow, SegmentRow, StageRun, Task, TaskLanguage, now
from services.gateway.operations import rows as operations_rows
from services.gateway.operations.rows import Kept
from services.gateway.pipeline import rows as pipeline_rows
from shared.pipeline import Stage, Status

TASK = "task_20260101_000000_00000000"
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
NAMED = {"video_filename": "a.mp4", "video_original_name": "Müller ruft an.mp4", "video_key": "a", "video_size": 1}


@pytest.fixture
def database(database_url: str) -> Database:
    """An empty one, on each kind of server."""
    database = Database(database_url)
    database.migrate()
    return database


@pytest.fixture
def sqlite(sqlite_url: str) -> Database:
    """One that tells how it finds rows."""
    database = Database(sqlite_url)
    database.migrate()
    return database


def plans(database: Database, read: Any) -> list[str]:
    """How SQLite finds the rows of each statement of `read`."""
    seen: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, values, *___: seen.append((sql, values)))
    with database.read() as session:
        read(session)
    asked = [one for one in seen if one[0].lstrip().startswith(("SELECT", "WITH"))]
    with database.engine.connect() as connection:
        return [
            str(row[3])
            for sql, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]


def test_a_page_is_found_in_an_index(sqlite: Database) -> None:
    """Of all tasks only those of the page are read, for an owner as for everybody."""
    for owner in (None, "ada"):
        found = plans(sqlite, lambda session, who=owner: pipeline_rows.tasks(session, who, 50, 10, None))
        assert not any("TEMP B-TREE" in one or one.startswith("SCAN tasks USING INDEX") for one in found)
        assert sum("COVERING INDEX ix_tasks_shown" in one for one in found) == 2
        found = plans(sqlite, lambda session, who=owner: pipeline_rows.tasks(session, who, 0, 9, None, "a b"))
        assert sum("COVERING INDEX ix_tasks_shown" in one for one in found) == 1
        assert not any("TEMP B-TREE" in one for one in found)


def test_issues_are_counted_without_reading_lines_that_are_right(sqlite: Database) -> None:
    """Neither in a list of tasks nor for the review."""
    for read in (
        lambda session: pipeline_rows.issue_counts(session, [TASK]),
        lambda session: pipeline_rows.lines_to_review(session, TASK, minor=False, every=False),
    ):
        found = plans(sqlite, read)
        assert any("ix_lines_wrong" in one for one in found)
        assert all("INTEGER PRIMARY KEY" in one or "ix_lines_wrong" in one for one in found if " lines " in one)


def test_what_leaves_is_found_in_an_index(sqlite: Database) -> None:
    """A sweep does not look at the tasks that stay."""
    assert plans(sqlite, operations_rows.deleted_tasks) == ["SCAN tasks USING INDEX ix_tasks_leaving"]


def test_what_is_to_be_forgotten_is_found_in_indexes(sqlite: Database) -> None:
    """Neither the answers of a day are read for it, nor the messages of running runs; a state is found by its key."""
    kept = Kept(NEVER, NEVER, NEVER, NEVER)
    found = plans(sqlite, lambda session: operations_rows.over(session, kept, 9))
    assert "SEARCH idempotency_keys USING INDEX ix_idempotency_keys_created (created_at<?)" in found
    assert "SCAN jobs USING INDEX ix_jobs_kept_runs" in found
    assert not any(one.startswith("SCAN ") and "INDEX" not in one for one in found if " batches" not in one)
    keys = [(TASK, "es", "export", str(number), 1) for number in range(3)]
    states = plans(sqlite, lambda session: operations_rows.job_states(session, keys))
    assert any(
        one.startswith("SEARCH jobs USING INDEX sqlite_autoindex_jobs_1") and "attempt=?" in one for one in states
    )


def test_what_is_to_be_published_is_found_in_indexes(sqlite: Database) -> None:
    """However many facts of one task wait, no others are looked at than those that are taken."""
    flags = plans(sqlite, lambda session: pipeline_rows.waiting_flags(session, 9))
    assert flags == ["SCAN outbox USING INDEX ix_outbox_flags"]
    found = plans(sqlite, lambda session: pipeline_rows.waiting_facts(session, 9, ""))
    facts = [one for one in found if " outbox " in one]
    assert len(facts) == 4
    assert all(one.startswith("SEARCH outbox USING INDEX ix_outbox_facts") for one in facts)


def line(number: int, **fields: Any) -> LineRow:
    return LineRow(task_id=TASK, language="es", segment_id=f"s{number}", text="x", **fields)


def test_every_kind_of_issue_is_counted(database: Database) -> None:
    """And no line twice, or of another task."""
    dubbed: dict[str, Any] = {"state": "dubbed", "take_key": "k"}
    wrong = [
        line(1, state="failed"),
        line(2, state="stale", take_key="k", fit="overflow"),
        line(3, state="translated"),
        line(4, **dubbed, fit="overflow"),
        line(5, **dubbed, error_rate=0.5),
        line(6, **dubbed),  # its segment was edited
        line(7, **dubbed, segment_revision=3),
    ]
    right = [
        line(11, **dubbed),
        line(12, **dubbed, fit="tight", error_rate=0.4),
        line(13, **dubbed, fit="overflow", pinned=True),
        line(14, state="failed", omitted=True),
        line(15, **dubbed, segment_revision=2),  # translated anew since the edit
        LineRow(task_id=TASK, language="fr", segment_id="s1", state="translated"),  # not exported yet
        LineRow(task_id="another", language="es", segment_id="s1", state="failed"),
    ]
    edited = {"s6": 2, "s15": 2}
    with database.write() as session:
        session.add(Task(task_id=TASK, **NAMED))
        session.add(TaskLanguage(task_id=TASK, language="es", exported_version=1))
        session.add(TaskLanguage(task_id=TASK, language="fr"))
        for number in range(1, 16):
            key = f"s{number}"
            times: dict[str, Any] = {"start_s": number, "end_s": number + 0.5, "speaker_id": "a", "text": "x"}
            session.add(SegmentRow(task_id=TASK, segment_id=key, revision=edited.get(key, 1), **times))
        session.add_all([*wrong, *right])
        session.flush()
        assert pipeline_rows.issue_counts(session, [TASK]) == {(TASK, "es"): len(wrong)}
        found = pipeline_rows.lines_to_review(session, TASK, minor=False, every=False)
        assert {one.segment_id for one in wrong} <= {one.segment_id for one, _ in found}
        minor = pipeline_rows.lines_to_review(session, TASK, minor=True, every=False)
        assert "s12" in {one.segment_id for one, _ in minor}
        assert len(pipeline_rows.lines_to_review(session, TASK, minor=True, every=True)) == 13


def test_a_search_finds_a_page_and_counts_all(database: Database) -> None:
    """Newest first, like the list; what is still arriving or leaving is not there."""
    with database.write() as session:
        for number in range(30):
            session.add(Task(task_id=f"task_{number:02}", **NAMED | {"video_original_name": f"Clip {number}.mp4"}))
        session.add(Task(task_id="task_up", status="uploading", **NAMED))
        session.add(Task(task_id="task_gone", deleted_at=now(), **NAMED))
        session.flush()
        page, total = pipeline_rows.tasks(session, None, 5, 3, None, "clip MP4")
        assert ([one.task_id for one in page], total) == (["task_24", "task_23", "task_22"], 30)
        page, total = pipeline_rows.tasks(session, None, 28, 5, None)
        assert ([one.task_id for one in page], total) == (["task_01", "task_00"], 30)


def job(shard: str, state: JobState, stage: Stage = Stage.CLONING, **fields: Any) -> JobRow:
    address: dict[str, Any] = {"task_id": TASK, "language": "es", "stage": stage, "attempt": 1, "shard": shard}
    return JobRow(**address, **{"run_stage": stage, "payload": "{}", "document": "{}", **fields}, state=state)


def left(session: Session) -> dict[str, str]:
    session.expire_all()
    return {row.shard: row.payload for row in session.exec(select(JobRow).order_by(col(JobRow.id)))}


def forget(session: Session, **since: datetime) -> None:
    kept = Kept(**{name: since.get(name, NEVER) for name in ("answers", "batches", "jobs", "uploads")})
    operations_rows.forget(session, operations_rows.over(session, kept, 1000), kept)


def test_messages_go_with_their_jobs_and_jobs_after_a_month(database: Database) -> None:
    """Not those of a run that is under way, and none that may still be sent."""
    old = now() - timedelta(days=40)
    with database.write() as session:
        for stage, status in ((Stage.CLONING, Status.COMPLETED), (Stage.EXPORT, Status.PROCESSING)):
            session.add(StageRun(task_id=TASK, language="es", stage=stage, attempt=1, status=status))
        session.add_all(
            [
                job("old", JobState.DONE, finished_at=old),
                job("failed", JobState.FAILED, finished_at=now()),
                job("alone", JobState.CANCELED, finished_at=now(), run_stage=None),
                job("ready", JobState.READY),
                job("under way", JobState.DONE, Stage.EXPORT, finished_at=old),
            ]
        )
    with database.write() as session:
        forget(session, jobs=old - timedelta(days=1))
    with database.read() as session:
        assert left(session) == {"old": "", "failed": "", "alone": "", "ready": "{}", "under way": "{}"}
    with database.write() as session:
        forget(session, jobs=now() - timedelta(days=30))
    with database.read() as session:
        assert set(left(session)) == {"failed", "alone", "ready", "under way"}
