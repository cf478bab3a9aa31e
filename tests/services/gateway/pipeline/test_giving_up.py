"""A job whose end cannot be recorded the usual way ends all the same, with whatever waits for it."""

from collections.abc import Iterator

import pytest

from services.gateway.db.engine import Database
from services.gateway.db.tables import ExportRow, JobKind, JobRow, JobState, Task
from services.gateway.pipeline import results
from services.gateway.pipeline import rows as pipeline_rows
from shared.messaging import JobFailed
from shared.pipeline import BASE, ErrorCode, Stage, Status


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with the newest schema."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


def test_an_export_fails_with_its_job(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be made for ever otherwise, and its batch or its viewer would wait."""
    shard = pipeline_rows.export_shard("x1")
    job = {"task_id": "t1", "language": BASE, "stage": Stage.EXPORT, "shard": shard, "attempt": 1}
    with database.write() as session:
        names = {"video_filename": "v.mp4", "video_original_name": "v.mp4", "video_key": "v"}
        session.add(Task(task_id="t1", source_language="en", video_size=1, **names))
        session.add(ExportRow(export_id="x1", task_id="t1", recipe={}, status=Status.PROCESSING))
        session.add(JobRow(**job, kind=JobKind.RENDER_RECIPE, state=JobState.DISPATCHED, payload="{}"))

    def raises(*_: object, **__: object) -> bool:
        raise ValueError("cannot be recorded")

    monkeypatch.setattr(results, "record", raises)
    results.give_up(database, JobFailed(**job, code=ErrorCode.RESULT_UNUSABLE, message="could not be taken in"))
    with database.read() as session:
        made = pipeline_rows.export(session, "t1", "x1")
        ended = pipeline_rows.job(session, "t1", BASE, Stage.EXPORT, shard, 1)
    assert made is not None
    assert (made.status, made.error_code) == (Status.FAILED, "result_unusable")
    assert made.finished_at is not None
    assert ended is not None
    assert ended.state == JobState.FAILED
