"""A long recording: its pieces are jobs of their own, and one puts them together."""

import signal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState, Task, TaskLanguage
from services.gateway.pipeline import board
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.results import record
from services.gateway.pipeline.steps import carry_out
from services.gateway.script import rows as script_rows
from services.progress.folding import fold, percent
from shared.messaging import (
    BEFORE_PIECES,
    JOB,
    DiarizeVideo,
    JobFailed,
    RawProgress,
    RecognizeSpeech,
    SpeechCut,
    SpeechRecognized,
)
from shared.pipeline import BASE, ErrorCode, Stage, Status
from shared.storage import DirectoryStore, keys
from shared.testing import wait_until
from tests.services.gateway.conftest import World

TASK = "task_20260101_000000_00000000"
ADDRESS: dict[str, Any] = {"task_id": TASK, "language": BASE, "stage": Stage.DIARIZATION, "attempt": 1}


@pytest.fixture
def database(sqlite_url: str) -> Database:
    """A task whose first job has just found that it is long: three pieces."""
    database = Database(sqlite_url)
    database.migrate()
    named = {"video_filename": "a.mp4", "video_original_name": "a.mp4", "video_key": "a", "video_size": 1}
    with database.write() as session:
        task = Task(task_id=TASK, config={"target_languages": ["es"]}, **named)
        session.add(task)
        session.add(TaskLanguage(task_id=TASK, language="es"))
        session.flush()
        carry_out(session, task, board.request(pipeline_rows.board(session, task), ["es"], Stage.EXPORT))
        assert record(session, SpeechCut(**ADDRESS, shard="0", plan_key="plan", pieces_s=(60.0, 90.0, 50.0)))
    return database


def jobs(session: Session) -> list[JobRow]:
    return list(session.exec(select(JobRow).order_by(col(JobRow.id))))


def recognized(session: Session, number: int) -> bool:
    return record(session, SpeechRecognized(**ADDRESS, shard=f"speech-{number}", plan_key="plan", words=()))


def test_the_last_piece_makes_the_job_that_joins_them(database: Database) -> None:
    """Whichever it is, and a result that comes twice counts once; the run waits for that job."""
    with database.write() as session:
        first, *pieces = jobs(session)
        assert (first.state, [one.shard for one in pieces]) == (JobState.DONE, ["speech-0", "speech-1", "speech-2"])
        assert recognized(session, 2)
        assert not recognized(session, 2)
        assert recognized(session, 0)
        assert len(jobs(session)) == 4
        assert recognized(session, 1)
        *_, join = jobs(session)
        made = JOB.validate_json(join.payload)
        assert isinstance(made, DiarizeVideo)
        assert (join.shard, made.plan_key, made.video_key) == ("join", "plan", "a")
        run = pipeline_rows.run(session, TASK, BASE, Stage.DIARIZATION, 1)
        assert run
        assert (run.status, run.jobs_done, run.jobs_total) == (Status.PROCESSING, 4, 5)


def test_a_piece_that_fails_ends_the_run(database: Database) -> None:
    """The others are given up, and nothing joins them."""
    with database.write() as session:
        failure = JobFailed(**ADDRESS, shard="speech-1", code=ErrorCode.ENGINE_FAILED, message="no")
        assert record(session, failure)
        assert [one.state for one in jobs(session)] == [
            JobState.DONE,
            JobState.CANCELED,
            JobState.FAILED,
            JobState.CANCELED,
        ]
        assert not recognized(session, 0)
        task = script_rows.locked_task(session, TASK)
        assert task
        assert task.status == Status.FAILED


def test_progress_goes_on_over_the_pieces(database: Database) -> None:
    """The weights of all jobs make one whole, and nothing goes back where a recording is cut."""
    with database.write() as session:
        for number in range(3):
            recognized(session, number)
        made = [JOB.validate_json(row.payload) for row in jobs(session)]
    told, known = [], None
    for job in made:
        parts = (0.1, BEFORE_PIECES) if job.shard == "0" else (0.0, 0.5, 1.0)
        for fraction in parts:
            word = RawProgress(
                **ADDRESS, shard=job.shard, weight=job.weight, total_weight=job.total_weight, fraction=fraction
            )
            known = fold(known, word, 0.0)
            told.append(percent(known))
    assert told == sorted(told)
    assert [told[1], told[-1]] == [20, 100]
    assert isinstance(made[1], RecognizeSpeech)


def test_a_worker_that_dies_repeats_its_piece_alone(small_world: World) -> None:
    """What others have recognized stays."""
    gateway = small_world.gateway(NATS_ACK_WAIT_S="2")
    dying = small_world.workers(STUB_PIECES="3", STUB_HOLD="recognize_speech-1", NATS_ACK_WAIT_S="2")
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    store = DirectoryStore(small_world.folder / "objects")

    def tries() -> list[str]:
        return sorted(one.key.rpartition("/")[2] for one in store.list(keys.processed(task_id, 1, "tries/")))

    wait_until(lambda: len(tries()) == 2, 60, "the second piece is not begun")
    first, second = tries()
    dying.end(signal.SIGKILL)
    small_world.workers(STUB_PIECES="3", NATS_ACK_WAIT_S="2")
    gateway.wait_for(task_id)
    assert [one.partition("-")[0] for one in tries()] == ["0", "1", "1", "2"]
    assert {first, second} < set(tries())
    listed = gateway.http.get(f"/api/tasks/{task_id}/jobs", params={"language": "base"}).json()
    assert [(one["kind"], one["shard"]) for one in listed] == [
        ("diarize_video", "0"),
        ("recognize_speech", "speech-0"),
        ("recognize_speech", "speech-1"),
        ("recognize_speech", "speech-2"),
        ("diarize_video", "join"),
    ]
