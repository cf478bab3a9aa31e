"""The whole product with engines of no cost, and the CPU time of each of its parts."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

from benchmarks.measure import broker, gateway, process
from benchmarks.sleeping_workers import HEADER
from shared.pipeline import Stage
from shared.testing import postgres_server

LANGUAGES = ("es", "fr")
WORKERS = 3


@dataclass(frozen=True)
class Stack:
    """A running product: `url` of the gateway, its own database, and the processes of each part."""

    url: str
    nats: str
    client: httpx.Client
    database: sa.Engine
    parts: Mapping[str, Sequence[psutil.Process]]
    environment: Mapping[str, str]

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each part so far, and under `machine` of everything that runs on this machine."""
        spent = {name: sum(map(_cpu_s, processes)) for name, processes in self.parts.items()}
        spent["database"] = sum(map(_cpu_s, _postgres()))
        return spent | {"machine": sum(_busy(psutil.cpu_times()))}

    def counted(self, statement: str) -> int:
        """The first column of the only row of a query."""
        with self.database.connect() as connection:
            return int(connection.execute(sa.text(statement)).scalar() or 0)

    def send(self, lines: int) -> str:
        """Upload a video with so many lines and start it."""
        video = {"lines": lines, "seconds": lines * 4.0, "work_s": 0}
        config = json.dumps({"target_languages": LANGUAGES, "source_language": "en"})
        parts = [
            ("config", (None, config.encode())),
            ("start", (None, b"true")),
            ("video", ("v.mp4", HEADER + json.dumps(video).encode())),
        ]
        answer = self.client.post("/api/tasks", files=parts).raise_for_status()
        return str(answer.json()["task_id"])

    def finish(self, tasks: int, limit_s: float = 900.0) -> None:
        """Wait until so many tasks are completed; the database is asked, so that waiting costs the gateway nothing."""
        deadline = time.monotonic() + limit_s
        while self.counted("SELECT count(*) FROM tasks WHERE status = 'completed'") < tasks:
            if self.counted("SELECT count(*) FROM tasks WHERE status = 'failed'"):
                raise RuntimeError("a task failed")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{tasks} tasks are not completed after {limit_s} s")
            time.sleep(0.1)

    @contextlib.contextmanager
    def workers(self, count: int = WORKERS) -> Iterator[None]:
        """Processes that each run all four stages."""
        command = [sys.executable, "-m", "benchmarks.sleeping_workers"]
        with contextlib.ExitStack() as running:
            started = [running.enter_context(process(command, dict(self.environment))) for _ in range(count)]
            self.parts["workers"][:] = started  # type: ignore[index]
            slots = 0
            while slots < count * 2:
                slots = min(self.client.get(f"/metrics/queues/{stage}").json()["slots"] for stage in Stage)
                time.sleep(0.1)
            yield


@contextlib.contextmanager
def stack(path: Path, *, postgres: bool = False, **settings: str) -> Iterator[Stack]:
    """Broker, progress service and gateway, on SQLite unless told otherwise."""
    path.mkdir()
    with contextlib.ExitStack() as running:
        before = set(psutil.Process().children())
        nats = running.enter_context(broker(path))
        (server,) = set(psutil.Process().children()) - before
        address = f"sqlite:///{path}/localclip.db"
        if postgres:
            # the server runs as a user of its own, who cannot reach a folder that is the tests' alone
            path.parent.chmod(0o755)
            path.chmod(0o755)
            cluster = running.enter_context(postgres_server(path / "postgres"))
            address = cluster.create_database("orchestration")
        environment = {
            "NATS_URL": nats,
            "UPLOAD_DIR": str(path / "objects"),
            "LOCALCLIP_WORK_DIR": str(path / "tmp"),
            "LOCALCLIP_LOG_LEVEL": "WARNING",
            "SHARD_S": "0",
        }
        progress = running.enter_context(process([sys.executable, "-m", "services.progress"], environment))
        url, child = running.enter_context(gateway(path, nats, DATABASE_URL=address, **settings))
        client = running.enter_context(httpx.Client(base_url=url, timeout=300))
        database = sa.create_engine(address)
        running.callback(database.dispose)
        parts: dict[str, list[psutil.Process]] = {
            "gateway": [child],
            "progress": [progress],
            "broker": [server],
            "workers": [],
        }
        yield Stack(url, nats, client, database, parts, environment)


@contextlib.contextmanager
def cost(running: Stack) -> Iterator[dict[str, Any]]:
    """Filled at the end of the block: seconds, CPU seconds of each part, and how busy others kept the machine."""
    figures: dict[str, Any] = {}
    own = psutil.Process()
    before, own_before, began = running.cpu(), _cpu_s(own), time.monotonic()
    yield figures
    seconds = time.monotonic() - began
    spent = {name: after - before.get(name, 0.0) for name, after in running.cpu().items()}
    machine = spent.pop("machine")
    others = machine - sum(spent.values()) - (_cpu_s(own) - own_before)
    figures["seconds"] = round(seconds, 2)
    figures["cpu_s"] = {name: round(value, 3) for name, value in spent.items()}
    figures["others_share"] = round(max(0.0, others) / seconds / (psutil.cpu_count() or 1), 2)


def _cpu_s(running: psutil.Process) -> float:
    times = running.cpu_times()
    return float(times.user + times.system)


def _busy(times: Any) -> tuple[float, ...]:
    return (times.user, times.nice, times.system, times.irq, times.softirq)


def _postgres() -> list[psutil.Process]:
    """The server that this process started: it and those who answer its clients."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.name().startswith("postgres"):
                found.append(child)
    return found
