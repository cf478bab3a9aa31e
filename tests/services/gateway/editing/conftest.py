"""A gateway without broker: the real application and database, with the workers' answers recorded in process."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from services.gateway.app import create_app
from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState, OutboxKind, OutboxRow
from services.gateway.pipeline.results import record
from services.gateway.pipeline.transcripts import prepare
from services.gateway.settings import GatewaySettings
from shared.messaging import (
    JOB,
    AnyJob,
    BrokerSettings,
    CloneLines,
    DiarizeVideo,
    ExportLanguage,
    Fact,
    JobContext,
    Result,
    RewriteLines,
    TranslateLines,
)
from shared.pipeline import Stage
from shared.storage import DirectoryStore, keys, put_bytes, read_bytes
from shared.testing import PostgresServer
from shared.transcript import Transcript
from tests.services.gateway import stub_workers
from tests.services.gateway.conftest import VIDEO


@dataclass
class Studio:
    """One task of three lines in two languages; `spoken` and `translated` are what the workers were asked for."""

    http: TestClient
    database: Database
    store: DirectoryStore
    folder: Path
    task_id: str = ""
    spoken: list[CloneLines] = field(default_factory=list)
    translated: list[TranslateLines] = field(default_factory=list)
    clone: Any = stub_workers.clone

    @property
    def base(self) -> str:
        return f"/api/tasks/{self.task_id}"

    def work(self) -> None:
        """Do all open jobs, and those that follow from them."""
        while row := self._next():
            job = JOB.validate_json(row.payload)
            if row.document is not None:
                where = keys.document(row.task_id, row.language, Stage(row.stage), row.shard, row.attempt)
                put_bytes(self.store, where, row.document.encode())
            self.answer(self.do(job))

    def _next(self) -> JobRow | None:
        with self.database.read() as session:
            return session.exec(select(JobRow).where(JobRow.state == JobState.READY).order_by(col(JobRow.id))).first()

    def open_jobs(self) -> list[AnyJob]:
        with self.database.read() as session:
            rows = session.exec(select(JobRow).where(JobRow.state == JobState.READY).order_by(col(JobRow.id)))
            return [JOB.validate_json(row.payload) for row in rows]

    def do(self, job: AnyJob) -> Result:
        """What a worker makes of a job."""
        context = JobContext(self.store, self.folder)
        match job:
            case DiarizeVideo():
                return stub_workers.diarize(job, context)
            case TranslateLines():
                self.translated.append(job)
                return stub_workers.translate(job, context)
            case RewriteLines():
                return stub_workers.translate(job, context)
            case CloneLines():
                self.spoken.append(job)
                found: Result = self.clone(job, context)
                return found
            case ExportLanguage():
                return stub_workers.export(job, context)
        raise TypeError(job)

    def answer(self, result: Result) -> None:
        transcript = None
        if result.kind == "transcript_ready":
            transcript = Transcript.model_validate_json(read_bytes(self.store, result.transcript_key))
        with self.database.write() as session:
            record(session, result, prepare(result.task_id, transcript) if transcript else None)

    def said(self) -> list[tuple[str, str]]:
        """Segment and text of every line spoken since the last call."""
        found = [(line.segment_id, line.text) for job in self.spoken for line in job.lines]
        self.spoken.clear()
        return found

    def call(self, method: str, path: str, status: int = 200, **json: Any) -> Any:
        """Ask the gateway; every edit matches any version."""
        body = {"json": json} if json else {}
        answer: httpx.Response = self.http.request(method, self.base + path, headers={"If-Match": "*"}, **body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def line(self, language: str, segment_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/languages/{language}/lines/{segment_id}")
        return found

    def lines(self, language: str) -> dict[str, dict[str, Any]]:
        return {line["segment_id"]: line for line in self.call("GET", f"/languages/{language}/lines")}

    def segments(self) -> dict[str, dict[str, Any]]:
        return {segment["segment_id"]: segment for segment in self.call("GET", "/segments")}

    def stale(self, language: str) -> list[str]:
        return [key for key, line in self.lines(language).items() if line["state"] == "stale"]

    def status(self, language: str) -> str:
        return str(self.call("GET", "")["language_status"][language]["status"])

    def facts(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Language, type and data of every fact told since the last call."""
        with self.database.write() as session:
            rows = session.exec(select(OutboxRow).order_by(col(OutboxRow.id))).all()
            found = [Fact.model_validate_json(row.payload) for row in rows if row.kind == OutboxKind.FACT]
            for row in rows:
                session.delete(row)
        return [(fact.data["language"], fact.type.removeprefix("localclip."), fact.data) for fact in found]

    def state(self) -> dict[str, Any]:
        """What a person sees of the task, without counters."""
        hidden = {"version"}

        def seen(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
            return {key: {k: v for k, v in row.items() if k not in hidden} for key, row in rows.items()}

        speakers = {row["speaker_id"]: row for row in self.call("GET", "/speakers")}
        return {
            "segments": seen(self.segments()),
            "speakers": seen(speakers),
            **{language: seen(self.lines(language)) for language in ("es", "fr")},
        }


def open_studio(url: str, folder: Path) -> Studio:
    """An application on the database `url`; nothing is uploaded."""
    database, store = Database(url), DirectoryStore(folder / "objects")
    database.migrate()
    work = folder / "work"
    work.mkdir()
    app = create_app(GatewaySettings(), database, store, BrokerSettings())
    return Studio(TestClient(app, base_url="http://localhost"), database, store, work)


def dub_all(studio: Studio) -> Studio:
    """Upload a video and see it through."""
    parts = [
        ("config", (None, '{"target_languages": ["es", "fr"]}')),
        ("start", (None, "true")),
        ("video", ("a.mp4", VIDEO)),
    ]
    answer = studio.http.post("/api/tasks", files=parts)
    assert answer.status_code == 201, answer.text
    studio.task_id = answer.json()["task_id"]
    studio.work()
    assert (studio.status("es"), studio.status("fr")) == ("completed", "completed")
    studio.said()
    studio.translated.clear()
    studio.facts()
    return studio


@contextmanager
def copied(url: str, dubbed: Path, folder: Path) -> Iterator[Studio]:
    """The dubbed task again: on a database that is a copy, with a copy of the objects in `dubbed`."""
    shutil.copytree(dubbed / "objects", folder / "objects")
    studio = open_studio(url, folder)
    (task,) = studio.http.get("/api/tasks").json()
    studio.task_id = task["task_id"]
    yield studio
    studio.database.close()


@pytest.fixture(scope="session")
def dubbed_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a dubbed task that tests copy."""
    folder = tmp_path_factory.mktemp("dubbed")
    dub_all(open_studio(f"sqlite:///{folder}/localclip.db", folder)).database.close()
    return folder


@pytest.fixture(scope="session")
def dubbed_on_postgres(
    postgres_cluster: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The same on PostgreSQL: the name of its database, and the folder."""
    folder, name = tmp_path_factory.mktemp("dubbed"), f"dubbed_{uuid.uuid4().hex}"
    dub_all(open_studio(postgres_cluster.create_database(name), folder)).database.close()
    yield name, folder
    postgres_cluster.drop_database(name)


@pytest.fixture
def small_studio(dubbed_on_sqlite: Path, tmp_path: Path) -> Iterator[Studio]:
    """A dubbed task on SQLite."""
    shutil.copy(dubbed_on_sqlite / "localclip.db", tmp_path)
    with copied(f"sqlite:///{tmp_path}/localclip.db", dubbed_on_sqlite, tmp_path) as studio:
        yield studio


@pytest.fixture
def postgres_studio(
    dubbed_on_postgres: tuple[str, Path], postgres_cluster: PostgresServer, tmp_path: Path
) -> Iterator[Studio]:
    """A dubbed task on PostgreSQL."""
    template, folder = dubbed_on_postgres
    name = f"test_{uuid.uuid4().hex}"
    with copied(postgres_cluster.create_database(name, template), folder, tmp_path) as studio:
        yield studio
    postgres_cluster.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def studio(request: pytest.FixtureRequest) -> Studio:
    """A dubbed task, once with each database."""
    name = "small_studio" if request.param == "sqlite" else "postgres_studio"
    found: Studio = request.getfixturevalue(name)
    return found
