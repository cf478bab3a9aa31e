"""Gateways as processes, on SQLite and on PostgreSQL, with stub workers behind a real broker."""

import contextlib
import os
import re
import shutil
import signal
import ssl
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.db.engine import Database
from shared.messaging import STAGE_OF, Role
from shared.testing import NatsServer, PostgresServer, ServerUnavailable, free_port, nats_server, wait_until
from tests.support.forked import Forked

# httpx reads all authorities of the system for each client, in 50 ms, also where nothing is encrypted.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
VIDEO = b"\x00\x00\x00\x20ftypisom" + b"\x00" * 2000


@dataclass
class Service:
    """A child process that can be stopped, killed and started again."""

    module: str
    environment: dict[str, str]
    log: Path
    process: Forked | None = None

    def start(self) -> None:
        self.process = Forked(self.module, environment={**os.environ, **self.environment}, log=self.log)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@dataclass
class World:
    """One broker, one store, one database; gateways and workers come and go."""

    folder: Path
    nats: NatsServer
    database_url: str
    services: list[Service] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "NATS_URL": self.nats.login(Role.GATEWAY),
            "DATABASE_URL": self.database_url,
            "UPLOAD_DIR": str(self.folder / "objects"),
            "LOCALCLIP_WORK_DIR": str(self.folder / "tmp"),
            "LOCALCLIP_HEARTBEAT_S": "0.3",
            "LOCALCLIP_SWEEP_S": "1",
            "LOCALCLIP_RESEND_AFTER_S": "3",
            "LOCALCLIP_GRACE_S": "1",
            "MAX_VIDEO_SIZE_MB": "2",
            **more,
        }

    def gateway(self, module: str = "services.gateway", **more: str) -> "Gateway":
        port = free_port()
        service = self._service(module, **{"LOCALCLIP_PORT": str(port), **more})
        gateway = Gateway(service, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, verify=NO_TLS))
        gateway.wait_ready()
        return gateway

    def workers(self, **more: str) -> Service:
        logins = {f"STUB_{role}": self.nats.login(role) for role in STAGE_OF}
        return self._service("tests.services.gateway.stub_workers", **logins, **more)

    def progress(self) -> Service:
        """The progress service."""
        return self._service("services.progress", NATS_URL=self.nats.login(Role.PROGRESS))

    def _service(self, module: str, **more: str) -> Service:
        log = self.folder / f"{len(self.services)}-{module.rsplit('.', 1)[-1]}.log"
        service = Service(module, self.environment(**more), log)
        _read[log] = 0
        service.start()
        self.services.append(service)
        return service

    def close(self) -> None:
        for service in self.services:
            if service.process and service.process.poll() is None:
                service.process.kill()
                service.process.wait()


@dataclass
class Gateway:
    """A gateway process and a client of it."""

    service: Service
    http: httpx.Client

    def wait_ready(self) -> None:
        def ready() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return self.http.get("/readyz?all=true").status_code == 200
            return False

        wait_until(ready, 120, f"the gateway is not ready; see {self.service.log}")

    def create(
        self, config: str = "{}", video: bytes = VIDEO, *, start: bool = False, **files: bytes
    ) -> dict[str, Any]:
        """Upload; return the task."""
        parts: list[tuple[str, Any]] = [("config", (None, config)), ("start", (None, str(start).lower()))]
        parts += [(name, (f"{name}.srt", content)) for name, content in files.items()]
        parts.append(("video", ("my video.mp4", video)))
        answer = self.http.post("/api/tasks", files=parts)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def task(self, task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/api/tasks/{task_id}").json()
        return found

    def wait_for(self, task_id: str, status: str = "completed", timeout_s: float = 180) -> dict[str, Any]:
        """The task once it has a status."""

        def there() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.TransportError):
                task = self.task(task_id)
                return task if task.get("status") == status else None
            return None

        found = wait_until(there, timeout_s, f"not {status}: {task_id}")
        assert found is not None
        return found


_STOOD = re.compile(r'"loop_stood".*?"seconds": ([0-9.]+)|"seconds": ([0-9.]+).*?"loop_stood"')
_read: dict[Path, int] = {}
"""Logs of services, and how much of each was looked at."""


@pytest.fixture(autouse=True)
def loop_probe(request: pytest.FixtureRequest) -> Iterator[None]:
    """Note how long the event loop of a gateway stood during a test; it is told at the end, and fails nothing."""
    yield
    longest = max((seconds for log in list(_read) for seconds in _stood(log)), default=0.0)
    if longest:
        request.node.user_properties.append(("loop_stood_s", longest))


def _stood(log: Path) -> Iterator[float]:
    """What a log says that was not looked at before."""
    if not log.exists():
        del _read[log]
        return
    with log.open("rb") as file:
        file.seek(_read[log])
        new = file.read()
    _read[log] += len(new)
    for line in new.decode(errors="replace").splitlines():
        if found := _STOOD.search(line):
            yield float(found[1] or found[2])


@pytest.fixture(scope="session")
def tables_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them, which tests copy; the way there is tested elsewhere."""
    path = tmp_path_factory.mktemp("tables") / "localclip.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def tables_on_postgres(postgres_cluster: PostgresServer) -> Iterator[str]:
    """The name of the same on PostgreSQL."""
    name = f"tables_{uuid.uuid4().hex}"
    _migrate(postgres_cluster.create_database(name))
    yield name
    postgres_cluster.drop_database(name)


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


@pytest.fixture
def postgres(postgres_cluster: PostgresServer, tables_on_postgres: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with all tables and nothing in them."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_cluster.create_database(name, tables_on_postgres)
    postgres_cluster.drop_database(name)


@pytest.fixture
def sqlite_url(tables_on_sqlite: Path, tmp_path: Path) -> str:
    """An SQLite database with all tables and nothing in them."""
    shutil.copy(tables_on_sqlite, tmp_path)
    return f"sqlite:///{tmp_path}/localclip.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """One of each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres"))


@pytest.fixture
def world(tmp_path: Path, nats: NatsServer, database_url: str) -> Iterator[World]:
    """Everything around gateways, once with each database."""
    made = World(tmp_path, nats, database_url)
    yield made
    made.close()


@pytest.fixture
def small_world(tmp_path: Path, nats: NatsServer, sqlite_url: str) -> Iterator[World]:
    """The same on SQLite only, for what does not depend on the database."""
    made = World(tmp_path, nats, sqlite_url)
    yield made
    made.close()


@contextlib.contextmanager
def lone_gateway(folder: Path, **more: str) -> Iterator[Gateway]:
    """A gateway without workers, on SQLite, with a broker of its own."""
    try:
        with nats_server(folder / "nats") as server:
            world = World(folder, server, f"sqlite:///{folder}/localclip.db")
            try:
                yield world.gateway(**more)
            finally:
                world.close()
            assert server.refusals() == []
    except ServerUnavailable as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for the whole module."""
    with lone_gateway(tmp_path_factory.mktemp("gateway")) as found:
        yield found
