"""A language is judged once for all results that are recorded together, and by nothing but what its lines say."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlmodel import col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobKind, JobRow, OutboxRow, TaskLanguage
from services.gateway.pipeline import outdating
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.again import dub_again
from services.gateway.pipeline.gate import GateLimits, judge
from services.gateway.pipeline.hearing import listen_to_all
from services.gateway.pipeline.results import record
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from shared.messaging import JOB, HeardLine, HearTakes, JobFailed, LanguageExported, TakesHeard
from shared.pipeline import Stage
from tests.services.gateway.db.test_statements import Video

REPORT: dict[str, Any] = {"loudness": {"integrated_lufs": -16.0}, "wer": {"natural": 0.1}}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many lines were judged each time."""
    found: list[int] = []

    def counting(report: Any, lines: Any, *rest: Any, **more: Any) -> Any:
        found.append(len(lines))
        return judge(report, lines, *rest, **more)

    monkeypatch.setattr(outdating, "judge", counting)
    return found


class Exported(Video):
    """A video whose Spanish is exported."""

    def __init__(self, database: Database, lines: int) -> None:
        super().__init__(database, lines)
        self.transcribe()
        for stage in (Stage.TRANSLATION, Stage.CLONING):
            self.answer(*self.jobs(stage, "es"))
        self.export()

    def export(self) -> None:
        (job,) = self.jobs(Stage.EXPORT, "es")
        with self.database.write() as session:
            assert record(session, LanguageExported(**_of(job), files=(), report=REPORT))

    def dub_again(self, *numbers: int) -> list[JobRow]:
        """The jobs of lines that a person wants dubbed again."""
        with self.database.write() as session:
            task = script_rows.locked_task(session, self.task_id)
            assert task is not None
            dub_again(Script(session, task, "es"), [f"s{number:04}" for number in numbers])
        return self.jobs(Stage.CLONING, "es")

    def language(self) -> TaskLanguage:
        with self.database.read() as session:
            row = pipeline_rows.language(session, self.task_id, "es")
        assert row is not None
        return row

    def reasons(self) -> list[str]:
        """Why Spanish is not good enough."""
        return [one["code"] for one in (self.language().gate or {})["reasons"]]


def _of(job: JobRow) -> dict[str, Any]:
    return {name: getattr(job, name) for name in ("task_id", "language", "stage", "shard", "attempt")}


def _failed(job: JobRow) -> JobFailed:
    return JobFailed(**_of(job), code="internal", message="broken")


def test_what_is_judged_of_lines_is_what_they_are(database: Database) -> None:
    """Read without making objects of them."""
    video = Exported(database, 12)
    with database.write() as session:
        for number, line in enumerate(script_rows.lines(session, video.task_id, "es").values()):
            line.state = ("dubbed", "failed", "stale")[number % 3]
            line.omitted = number == 5
            line.speed, line.fit = 1.0 + number / 10, ("natural", "overflow")[number % 2]
            line.error_rate, line.similarity = number / 12, 0.5
    with video.counted() as session:
        before = video.loaded
        lines = script_rows.judged_lines(session, video.task_id, "es")
        assert video.loaded == before
        rows = list(script_rows.lines(session, video.task_id, "es").values())
    limits = GateLimits(min_similarity=0.6, max_line_error_rate=0.1)
    doubtful = {"s0001", "s0004"}
    expected = judge(REPORT, rows, limits, -16.0, doubtful=doubtful)
    assert judge(REPORT, cast(Any, lines), limits, -16.0, doubtful=doubtful) == expected
    assert len(expected.reasons) >= 4


def test_a_line_that_is_dubbed_again_changes_the_verdict_at_once(database: Database) -> None:
    """Whoever looks after its result sees what the language is now."""
    video = Exported(database, 3)
    assert video.reasons() == []
    (job,) = video.dub_again(1)
    with database.write() as session:
        assert record(session, _failed(job))
    assert video.reasons() == ["lines_failed"]
    (job,) = video.dub_again(1)
    video.answer(job)
    assert video.reasons() == ["export_older"]


def test_lines_that_are_dubbed_together_are_judged_once(database: Database, judged: list[int]) -> None:
    """However many; the rows of the others are not made objects of."""
    loaded = []
    for lines in (8, 80):
        video = Exported(database, lines)
        jobs = video.dub_again(*range(4))
        judged.clear()
        before = video.loaded
        video.answer(*jobs)
        loaded.append(video.loaded - before)
        assert judged == [lines]
        assert video.reasons() == ["export_older"]
    assert loaded[0] == loaded[1]


def test_takes_that_are_heard_together_are_judged_once(database: Database, judged: list[int]) -> None:
    """After the last of them."""
    video = Exported(database, 40)
    with database.write() as session:
        task = script_rows.locked_task(session, video.task_id)
        assert task is not None
        assert listen_to_all(Script(session, task, "es")) == 40
    with database.read() as session:
        of_task = select(JobRow).where(JobRow.task_id == video.task_id, JobRow.kind == JobKind.HEAR_TAKES)
        jobs = session.exec(of_task.order_by(col(JobRow.id))).all()
    assert len(jobs) > 1
    judged.clear()
    with database.write() as session:
        for job in jobs:
            assert record(session, TakesHeard(**_of(job), lines=_heard(job)))
    assert judged == [40]
    gate = video.language().gate or {}
    assert (gate["lines_heard"], video.reasons()) == (40, ["misheard"])


def _heard(job: JobRow) -> tuple[HeardLine, ...]:
    made = JOB.validate_json(job.payload)
    assert isinstance(made, HearTakes)
    return tuple(HeardLine(segment_id=one.segment_id, revision=one.revision, error_rate=0.9) for one in made.lines)


def test_what_is_told_with_the_end_of_a_task_is_its_verdict_then(database: Database) -> None:
    """Also where the last export is recorded together with a line of another language."""
    video = Exported(database, 3)
    (line,) = video.dub_again(1)
    for code in ("fr", "de"):
        for stage in (Stage.TRANSLATION, Stage.CLONING):
            video.answer(*video.jobs(stage, code))
    exports = [*video.jobs(Stage.EXPORT, "fr"), *video.jobs(Stage.EXPORT, "de")]
    with database.write() as session:
        for one in (_failed(line), *(LanguageExported(**_of(job), files=(), report=REPORT) for job in exports)):
            assert record(session, one)
    with database.read() as session:
        told = session.exec(select(OutboxRow.payload).order_by(col(OutboxRow.id))).all()
    (end,) = (one for one in told if one and "localclip.task.completed" in one)
    assert "lines_failed" in end
