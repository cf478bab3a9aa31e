"""A workbench: a broker, a store, worker processes, and questions about what happened."""

import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats as nats_client
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError

from shared.messaging import (
    RESULT,
    DeadLetter,
    Job,
    Provisioning,
    Result,
    Role,
    SourceLine,
    TranslateLines,
    WorkerSlots,
    provision,
    subjects,
)
from shared.pipeline import Lane, Stage
from shared.storage import DirectoryStore
from shared.testing import NatsServer, wait_until_async
from tests.support.forked import Forked

# A worker that gets no processor for that long loses its job to another: only where that is wanted is it SHORT_S.
PLAN = Provisioning(ack_wait_s=20)
SHORT_S = 2.0
_SCRIPT = Path(__file__).with_name("worker_process.py")


def entries(path: Path) -> list[dict[str, Any]]:
    """The JSON of each line; the last one may still be being written."""
    written = path.read_bytes()
    lines = written[: written.rfind(b"\n") + 1].splitlines()
    return [json.loads(line) for line in lines if line.startswith(b"{")]


async def flushed(client: Client) -> None:
    """Wait until the broker has all that was sent, subscriptions too.

    `flush` of nats-py 2.16 sends its question before what still waits to be sent: only a second one comes after it.
    """
    await client.flush()
    await client.flush()


@dataclass
class WorkerProcess:
    """One worker; its log is kept for the message of a failing test."""

    process: Forked
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [entry for entry in entries(self.log) if entry.get("event") == event]

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """SIGTERM."""
        self.process.send_signal(signal.SIGTERM)


@dataclass
class Bench:
    """Everything of one test."""

    server: NatsServer
    client: Client
    folder: Path
    store: DirectoryStore
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def js(self) -> JetStreamContext:
        return self.client.jetstream(timeout=5.0)

    async def worker(self, *, ready: bool = True, **settings: str) -> WorkerProcess:
        """Start a worker and wait until it asks for jobs."""
        environment = {
            **os.environ,
            "NATS_URL": self.server.login(Role.TRANSLATOR),
            "UPLOAD_DIR": str(self.folder / "objects"),
            "LOCALCLIP_WORK_DIR": str(self.folder / "work"),
            "LOCALCLIP_RETRY_DELAYS_S": "[0.2, 0.3]",
            **settings,
        }
        log = self.folder / f"worker-{len(self.workers)}.log"
        forked = Forked(str(_SCRIPT), str(self.folder / "journal"), environment=environment, log=log)
        worker = WorkerProcess(forked, log)
        self.workers.append(worker)
        if ready:
            await wait_until_async(lambda: worker.logged("worker_ready"), 60, f"worker to be ready: {log.read_text()}")
        return worker

    async def lease(self, seconds: float) -> None:
        """Set how long a job may be silent before another worker gets it; before any worker is started."""
        await provision(self.js, Provisioning(ack_wait_s=seconds))

    async def send(self, text: str, *, lane: Lane = Lane.BATCH, **fields: Any) -> TranslateLines:
        """Publish a job that says `text`."""
        number = fields.pop("number", 0)
        line = SourceLine(segment_id="s0001", text=text, speaker_id="A", slot_s=1, max_chars=10)
        address = {"task_id": f"task_{number:03}", "language": "es", "attempt": 1, **fields}
        job = TranslateLines(lane=lane, source_language="en", lines=(line,), **address)
        await self.publish(job)
        return job

    def go(self, name: str = "go") -> None:
        """Let the jobs end that work until `name`."""
        (self.folder / name).touch()

    async def heartbeats(self) -> list[WorkerSlots]:
        """What the workers say of themselves from now on; the list grows."""
        heard: list[WorkerSlots] = []

        async def hear(message: Msg) -> None:
            heard.append(WorkerSlots.model_validate_json(message.data))

        await self.client.subscribe(subjects.workers("*"), cb=hear)
        await flushed(self.client)
        return heard

    async def publish(self, job: Job) -> None:
        """Put a job into its stream."""
        await self.js.publish(str(job.subject()), job.model_dump_json().encode(), stream=subjects.JOBS)

    def journal(self, event: str | None = None) -> list[dict[str, Any]]:
        """What the handlers noted, in order."""
        path = self.folder / "journal"
        noted = entries(path) if path.exists() else []
        return [entry for entry in noted if event in (None, entry["event"])]

    async def begun(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until `count` handlers were begun."""
        return await wait_until_async(lambda: self._at_least(count), 60, f"{count} jobs to begin; {self.logs()}")

    def _at_least(self, count: int) -> list[dict[str, Any]]:
        begun = self.journal("begin")
        return begun if len(begun) >= count else []

    async def stored(self, stream: str) -> list[bytes]:
        """Everything in a stream."""
        state = (await self.js.stream_info(stream)).state
        if not state.messages:
            return []
        messages = [await self.js.get_msg(stream, seq) for seq in range(state.first_seq, state.last_seq + 1)]
        return [message.data or b"" for message in messages]

    async def results(self, count: int, timeout_s: float = 60) -> list[Result]:
        """Wait until no job is left and `count` results are reported; there must not be more."""

        async def settled() -> bool:
            try:
                jobs = (await self.js.stream_info(subjects.JOBS)).state.messages
                return jobs == 0 and len(await self.stored(subjects.RESULTS)) >= count
            except (NatsError, APIError):  # the broker is just coming back
                return False

        await wait_until_async(settled, timeout_s, f"{count} results and no job left; {self.logs()}")
        found = [RESULT.validate_json(data) for data in await self.stored(subjects.RESULTS)]
        assert len(found) == count, found
        return found

    async def broker_is_back(self) -> None:
        """Wait until the broker, started again, answers this test."""

        async def answers() -> bool:
            try:
                return bool(await self.js.account_info())
            except (NatsError, APIError):
                return False

        await wait_until_async(answers, 60, "the broker to answer again")

    async def deliveries(self) -> int:
        """How many deliveries the workers were given, repetitions included."""
        lanes = [subjects.job_consumer(Stage.TRANSLATION, lane) for lane in Lane]
        infos = [await self.js.consumer_info(subjects.JOBS, lane) for lane in lanes]
        return sum(info.delivered.consumer_seq for info in infos if info.delivered)

    async def dead(self) -> list[DeadLetter]:
        """All dead letters."""
        return [DeadLetter.model_validate_json(data) for data in await self.stored(subjects.DEAD)]

    async def cancel(self, job: Job, *, language: str | None = None, epoch: int = 0) -> None:
        """Set a cancel flag as the gateway does."""
        flags = await self.js.key_value(subjects.CANCEL_BUCKET)
        await flags.put(subjects.cancel_key(job.task_id, language), json.dumps({"epoch": epoch}).encode())

    def work_folders(self) -> list[Path]:
        """Temporary folders of jobs."""
        return list((self.folder / "work").glob("job-*"))

    async def exited(self, worker: WorkerProcess, timeout_s: float = 60) -> int:
        """Wait for the end of a worker and return its exit code."""
        await wait_until_async(lambda: worker.process.poll() is not None, timeout_s, f"worker to end; {self.logs()}")
        return worker.process.returncode

    def logs(self) -> str:
        """The end of every worker's log."""
        return "".join(f"\n--- {worker.log.name}\n{worker.log.read_text()[-1500:]}" for worker in self.workers)


@pytest.fixture
async def bench(nats: NatsServer, tmp_path: Path) -> AsyncIterator[Bench]:
    """A workbench on a provisioned broker; its workers are killed at the end."""
    client = await nats_client.connect(nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0.2)
    await provision(client.jetstream(), PLAN)
    bench = Bench(nats, client, tmp_path, DirectoryStore(tmp_path / "objects"))
    try:
        yield bench
    finally:
        for worker in bench.workers:
            worker.kill()
        await client.close()
