"""What the dispatcher costs the database."""

import asyncio
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from nats.js.api import PubAck
from sqlmodel import select

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState
from services.gateway.pipeline.dispatch import Dispatcher
from services.gateway.pipeline.fair_share import rank
from services.gateway.web.threads import Threads
from shared.messaging import TranslateLines
from shared.pipeline import Stage
from shared.storage import DirectoryStore


class Stream:
    """Stands for the broker: takes what is published."""

    def __init__(self) -> None:
        self.connection, self.taken = self, list[tuple[str, bytes, str]]()

    def jetstream(self) -> "Stream":
        return self

    async def publish(self, subject: str, body: bytes, *, headers: dict[str, str], **_: Any) -> PubAck:
        self.taken.append((subject, body, headers["Nats-Msg-Id"]))
        return PubAck(stream="LOCALCLIP_JOBS", seq=len(self.taken))


class Slots:
    """Workers of every stage with six slots."""

    def of(self, _: Stage) -> list[int]:
        return [6]


def test_jobs_that_go_out_together_are_noted_in_one_transaction(sqlite_url: str, tmp_path: Path) -> None:
    """And as they are written down; that note wakes nobody, for there is nothing more to send."""
    database = Database(sqlite_url)
    database.migrate()
    jobs = [
        TranslateLines(task_id=f"task{number}", language="es", attempt=1, source_language="en", lines=())
        for number in range(5)
    ]
    with database.write() as session:
        for number, job in enumerate(jobs):
            place = vars(rank(Stage.TRANSLATION, number, 60.0, 1, long=False))
            address: dict[str, Any] = {"task_id": job.task_id, "language": "es", "shard": "0", "attempt": 1}
            session.add(JobRow(**address, stage=Stage.TRANSLATION, payload=job.model_dump_json(), **place))
    commits, told = list[object](), list[None]()
    sa.event.listen(database.engine, "commit", commits.append)
    database.on_commit.append(lambda: told.append(None))
    stream, store = Stream(), DirectoryStore(tmp_path)

    async def turn() -> None:
        await Dispatcher(database, stream, store, Threads(), Slots()).turn()  # type: ignore[arg-type]

    asyncio.run(turn())
    assert [body for _, body, _ in stream.taken] == [job.model_dump_json().encode() for job in jobs]
    assert [(subject, id_) for subject, _, id_ in stream.taken] == [
        (str(job.subject()), f"{job.key()}:0") for job in jobs
    ]
    assert (len(commits), told) == (1, [])
    with database.read() as session:
        assert {row.state for row in session.exec(select(JobRow))} == {JobState.DISPATCHED}
    database.close()
