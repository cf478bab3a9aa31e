"""Everything that can be killed: broker, database, gateways, workers and progress, each a process of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg

from shared.messaging import Role
from shared.testing import NatsServer, PostgresServer, ServerUnavailable, free_port, nats_server, postgres_server
from tests.chaos.plan import WORKERS, Database, Strike, gateways

ROOT = Path(__file__).parents[2]
_STOP_S = 40.0
_START_S = 180.0
_LOOK_S = 0.1
_LOG_BYTES = 16 * 1024 * 1024
SETTINGS = {
    "LOCALCLIP_HEARTBEAT_S": "2",
    "LOCALCLIP_SWEEP_S": "2",
    "LOCALCLIP_RESEND_AFTER_S": "8",
    "LOCALCLIP_DELETE_GRACE_S": "15",
    "LOCALCLIP_LISTENING_PATIENCE_S": "20",
    "LOCALCLIP_GRACE_S": "2",
    # A job that is killed again and again by us is not a job that kills its worker.
    "LOCALCLIP_MAX_TRIES": "100",
    "LOCALCLIP_RETRY_DELAYS_S": "[0.5, 1.0, 2.0]",
    "NATS_ACK_WAIT_S": "6",
    "MAX_VIDEO_SIZE_MB": "2",
    "STUB_SEGMENTS": "34",  # two shards of a stage, so that their results have to be joined
    "STUB_DELAY_S": "0.15",
    "STUB_HEARS": "es",
}


class NotUpError(Exception):
    """Something does not come up again, however long one waits."""


class Member(Protocol):
    """One process; `is_up` tells whether it does its work, `ended` whether it went away by itself."""

    name: str

    def start(self) -> None:
        """Start it, and return before it is up."""

    def is_up(self) -> bool:
        """Whether it works."""

    def ended(self) -> int | None:
        """Its exit code when it is not running."""

    def strike(self, *, gently: bool) -> None:
        """End it: by SIGTERM, or as a crash would."""


class Service:
    """A process of ours. `stuck` counts how often it did not heed SIGTERM."""

    def __init__(
        self, name: str, command: list[str], environment: Mapping[str, str], log: Path, up: Callable[["Service"], bool]
    ) -> None:
        self.name, self.log, self.stuck = name, log, 0
        self._command, self._environment, self._up = command, environment, up
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    def start(self) -> None:
        """Start it; its log goes on, unless it has grown too long."""
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_dies_with_us(), sys.executable, *self._command],
                cwd=ROOT,
                env={**_inherited(), **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def is_up(self) -> bool:
        """Whether it works."""
        return self.ended() is None and self._up(self)

    def has_said(self, word: str) -> bool:
        """Whether `word` stands in its log since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._seen)
            return word.encode() in log.read()

    def ended(self) -> int | None:
        """Its exit code when it is not running."""
        return -1 if self._process is None else self._process.poll()

    def strike(self, *, gently: bool) -> None:
        """End it, and wait for that."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM if gently else signal.SIGKILL)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.stuck += 1
            self._process.kill()
            self._process.wait()


class Server:
    """The broker or the database: started again until it comes up."""

    def __init__(self, name: str, server: NatsServer | PostgresServer) -> None:
        self.name, self._server, self._up = name, server, True

    def start(self) -> None:
        """Start it; what a crashed PostgreSQL leaves of its memory takes a moment to go."""
        for _ in range(60):
            with contextlib.suppress(ServerUnavailable, TimeoutError):
                self._server.start()
                self._up = True
                return
        raise NotUpError(f"the {self.name} does not start again")

    def is_up(self) -> bool:
        """Whether it was started."""
        return self._up

    def ended(self) -> int | None:
        """It is never looked after: only strikes end it."""
        return None

    def strike(self, *, gently: bool) -> None:
        """End it."""
        self._up = False
        if gently:
            self._server.stop()
        else:
            self._server.kill()


class Stack:
    """All members by name. What was struck is started again after its pause, and so is what ends by itself."""

    def __init__(
        self, folder: Path, broker: NatsServer, database_url: str, urls: list[str], members: list[Member]
    ) -> None:
        self.folder, self.broker, self.database_url, self.urls = folder, broker, database_url, urls
        self.members = {member.name: member for member in members}
        self.kills: Counter[str] = Counter()
        self.ended: list[str] = []
        self._away: set[str] = set()
        self._coming_back: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    @property
    def objects(self) -> Path:
        """The folder of the object store."""
        return self.folder / "objects"

    @property
    def work(self) -> Path:
        """Where workers keep the folders of their jobs."""
        return self.folder / "work"

    async def start(self) -> None:
        """Start all services, and wait until they work."""
        for member in self.members.values():
            if isinstance(member, Service):
                member.start()
        self._watch = asyncio.create_task(self._look_after())
        await self.all_up()

    async def strike(self, strike: Strike) -> None:
        """Carry out one kill; returns once the victim is gone."""
        victim = self.members[strike.victim]
        await self._until(lambda: strike.victim not in self._away, strike.victim)
        if strike.when_ready:
            await self._until(victim.is_up, strike.victim)
        self._away.add(strike.victim)
        await asyncio.to_thread(victim.strike, gently=strike.gently)
        self.kills[strike.victim.rstrip("-12")] += 1
        back = asyncio.create_task(self._bring_back(victim, strike.pause_s))
        self._coming_back.add(back)
        back.add_done_callback(self._coming_back.discard)

    async def all_up(self) -> None:
        """Wait until everything works again."""
        await asyncio.gather(*self._coming_back)
        for member in self.members.values():
            await self._until(member.is_up, member.name)

    async def stop(self) -> None:
        """End the services in order, then count which of them had to be killed."""
        if self._watch:
            self._watch.cancel()
        await asyncio.gather(*self._coming_back, return_exceptions=True)
        running = [one for one in self.members.values() if isinstance(one, Service) and one.ended() is None]
        await asyncio.gather(*(asyncio.to_thread(one.strike, gently=True) for one in running))

    def stuck(self) -> list[str]:
        """Who did not end within its time after SIGTERM."""
        return [f"{m.name}: {m.stuck} times" for m in self.members.values() if isinstance(m, Service) and m.stuck]

    async def _bring_back(self, member: Member, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        await asyncio.to_thread(member.start)
        self._away.discard(member.name)

    async def _look_after(self) -> None:
        """Start again what ended by itself, as an orchestrator would."""
        while True:
            for name, member in self.members.items():
                if name not in self._away and (code := member.ended()) is not None:
                    self.ended.append(f"{name} ended by itself with code {code}")
                    member.start()
            await asyncio.sleep(1.0)

    async def _until(self, condition: Callable[[], bool], name: str) -> None:
        try:
            async with asyncio.timeout(_START_S):
                while True:
                    if await asyncio.to_thread(condition):
                        return
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise NotUpError(f"{name} does not come up in {_START_S:.0f} s; see {self.folder}") from None


@contextmanager
def prepared(folder: Path, database: Database, settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A stack in `folder` with its broker and its database running. Raises: ServerUnavailable.

    `settings` come before those of every run.
    """
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(nats_server(folder / "broker"))
        members: list[Member] = [Server("broker", broker)]
        url = f"sqlite:///{folder}/localclip.db"
        if database == "postgresql":
            cluster = Path(tempfile.mkdtemp(prefix="localclip-chaos-"))  # where its unprivileged user can reach it
            stack.callback(shutil.rmtree, cluster, ignore_errors=True)
            postgres = stack.enter_context(postgres_server(cluster))
            url = _database(postgres)
            members.append(Server("database", postgres))
        environment = {
            **SETTINGS,
            **(settings or {}),
            "DATABASE_URL": url,
            "UPLOAD_DIR": str(folder / "objects"),
            "LOCALCLIP_WORK_DIR": str(folder / "work"),
        }
        ports = {name: free_port() for name in gateways(database)}
        logins = {str(role): environment | {"NATS_URL": broker.login(role)} for role in Role}
        members += [_gateway(folder, logins["gateway"], name, port) for name, port in ports.items()]
        members += [_worker(folder, logins[name], name) for name in WORKERS]
        members.append(_progress(folder, logins["progress"]))
        yield Stack(folder, broker, url, [f"http://127.0.0.1:{port}" for port in ports.values()], members)


def _database(server: PostgresServer) -> str:
    """A database that survives a crash of the server: the cluster of tests may forget what it committed last."""
    name = f"chaos_{uuid.uuid4().hex}"
    url = server.create_database(name)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    return url


def _gateway(folder: Path, environment: dict[str, str], name: str, port: int) -> Service:
    return Service(
        name,
        ["-m", "services.gateway"],
        {**environment, "LOCALCLIP_PORT": str(port)},
        folder / f"{name}.log",
        lambda _: _is_ready(port),
    )


def _worker(folder: Path, environment: dict[str, str], name: str) -> Service:
    command = ["-m", "tests.chaos.workers", name]
    return Service(name, command, environment, folder / f"{name}.log", lambda service: service.has_said("worker_ready"))


def _progress(folder: Path, environment: dict[str, str]) -> Service:
    command, log = ["-m", "services.progress"], folder / "progress.log"
    return Service("progress", command, environment, log, lambda service: service.has_said("progress_ready"))


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz?all=true", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _inherited() -> dict[str, str]:
    """Our variables but the one that would have every start compile all sources again."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _dies_with_us() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv") if sys.platform.startswith("linux") else None
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
