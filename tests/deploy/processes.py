"""The services of docker-compose.yml as processes of this machine, beside a real broker, database and object store.

Commands and environment are those of the compose file and of the images. Only where things are is translated: host
names, ports and folders. Nothing of this process's environment reaches a service, so what works here works because the
compose file says it.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.testing import (
    MinioServer,
    NatsServer,
    PostgresServer,
    free_port,
    minio_server,
    nats_server,
    wait_until,
)
from tests.deploy.composition import ROOT, Composed, compose, image

STAGES = ("diarizer", "translator", "cloner", "exporter")
_READY_S = 180.0
_ASK_AGAIN_S = 0.5  # each question is a process, which takes from those that are starting
_END_S = 150.0  # stop_grace_period of the workers: Docker waits as long


@dataclass
class Replica:
    """One container's process."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it in a folder of its own."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.log.parent, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for its end and return its exit code."""
        assert self.process is not None
        return self.process.wait(_END_S)

    def runs(self) -> bool:
        """Whether it was started and did not end."""
        return self.process is not None and self.process.poll() is None

    def is_healthy(self, health: tuple[str, ...]) -> bool:
        """What the health check of its image says."""
        command = [sys.executable, *health[1:]]
        return not subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode

    def said(self, event: str) -> list[dict[str, Any]]:
        """Its log lines about `event`."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == event:
                    found.append(entry)
        return found


@dataclass
class Servers:
    """What the services talk to, and how the compose file calls it."""

    nats: NatsServer
    minio: MinioServer
    postgres: PostgresServer
    database: str

    @property
    def database_url(self) -> str:
        """The database for tests that look into it."""
        return urlsplit(self.postgres.url)._replace(path=f"/{self.database}").geturl()

    @property
    def places(self) -> dict[str, str]:
        """Host and port of the compose file to those of this machine."""
        return {
            "nats://nats:4222": self.nats.url,
            "@postgres:5432/localclip": f"@{self.postgres.url.split('@')[1].rpartition('/')[0]}/{self.database}",
            "silo:9000": self.minio.endpoint,
        }


@dataclass
class ProcessStack:
    """Any number of replicas of every service of a profile."""

    folder: Path
    variables: Mapping[str, str]
    servers: Servers
    replicas: dict[str, list[Replica]] = field(default_factory=dict)

    @property
    def services(self) -> dict[str, Composed]:
        """What of the compose file is ours and runs with the cpu profile."""
        found = compose(self.variables).values()
        return {entry.name: entry for entry in found if entry.target and "cpu" in entry.raw.get("profiles", ["cpu"])}

    def start(self, **counts: int) -> None:
        """Start every service, in as many replicas as are asked for, and wait until all are healthy."""
        for name, entry in self.services.items():
            for number in range(counts.get(name, 1)):
                replica = self._replica(entry, number)
                self.replicas.setdefault(name, []).append(replica)
                replica.start()
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        """Ask the health check of each image until it is content."""
        for name, replicas in self.replicas.items():
            health = image(str(self.services[name].target)).health
            for replica in replicas:

                def content(replica: Replica = replica, health: tuple[str, ...] = health) -> bool:
                    assert replica.runs(), f"{replica.name} ended; see {replica.log}"
                    if replica.is_healthy(_at(health, replica.environment.get("LOCALCLIP_PORT"))):
                        return True
                    time.sleep(_ASK_AGAIN_S)
                    return False

                wait_until(content, _READY_S, f"{replica.name} is not healthy; see {replica.log}")

    def stop(self) -> dict[str, int]:
        """SIGTERM to all, as `docker compose stop` does; exit codes by replica."""
        running = [replica for replicas in self.replicas.values() for replica in replicas if replica.runs()]
        for replica in running:
            replica.send(signal.SIGTERM)
        codes = {replica.name: replica.end() for replica in running}
        self.replicas.clear()
        return codes

    def stop_service(self, name: str) -> None:
        """SIGTERM to every replica of one service."""
        for replica in self.replicas.pop(name):
            replica.send(signal.SIGTERM)
            replica.end()

    def kill(self) -> None:
        """End whatever still runs."""
        for replicas in self.replicas.values():
            for replica in replicas:
                if replica.runs():
                    replica.send(signal.SIGKILL)
                    replica.end()

    def clients(self) -> list[httpx.Client]:
        """A client of each gateway, with the key of the compose file."""
        key = self.variables["LOCALCLIP_API_KEYS"].partition(":")[2]
        headers = {"Authorization": f"Bearer {key}"}
        ports = [replica.environment["LOCALCLIP_PORT"] for replica in self.replicas["gateway"]]
        return [httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) for port in ports]

    def _replica(self, entry: Composed, number: int) -> Replica:
        name = f"{entry.name}-{number}"
        home = self.folder / f"{name}-{uuid.uuid4().hex[:6]}"
        home.mkdir()
        built = image(str(entry.target))
        environment = {**built.environment, **entry.environment}
        environment = {name: self._translated(value, home) for name, value in environment.items()}
        if "LOCALCLIP_PORT" in environment:
            environment |= {"LOCALCLIP_HOST": "127.0.0.1", "LOCALCLIP_PORT": str(free_port())}
        environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        command = (sys.executable, *built.command[1:])
        return Replica(name, command, environment, home / "log", None)

    def _translated(self, value: str, home: Path) -> str:
        for there, here in self.servers.places.items():
            value = value.replace(there, here)
        if value == "/srv/web":
            return str(ROOT / "frontend" / "dist")
        return str(home / value.removeprefix("/").replace("/", "-")) if value.startswith("/") else value


def _at(health: tuple[str, ...], port: str | None) -> tuple[str, ...]:
    return tuple(word.replace(":8080/", f":{port}/") for word in health)


@contextlib.contextmanager
def servers(folder: Path, variables: Mapping[str, str], postgres: PostgresServer) -> Iterator[Servers]:
    """Broker, object store and database as the compose file sets them up, with nothing in them."""
    entries = compose(variables)
    broker, silo = entries["nats"], entries["silo"].environment
    config = ROOT / str(broker.raw["volumes"][0]).split(":")[0]
    database = f"stack_{uuid.uuid4().hex[:12]}"
    with contextlib.ExitStack() as started:
        nats = started.enter_context(nats_server(folder / "nats", None, config, broker.environment))
        keys = silo["MINIO_ROOT_USER"], silo["MINIO_ROOT_PASSWORD"]
        minio = started.enter_context(minio_server(folder / "objects", *keys))
        postgres.create_database(database)
        try:
            yield Servers(nats, minio, postgres, database)
            assert nats.refusals() == [], "a service lacks a right: see shared/messaging/_accounts.py"
        finally:
            postgres.drop_database(database)


def tool(name: str) -> str | None:
    """A program on PATH, or where Debian keeps those of PostgreSQL."""
    found = shutil.which(name)
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found or (str(beside[-1]) if beside else None)
