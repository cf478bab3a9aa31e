"""The whole product as child processes: broker, gateway and workers, started, watched and stopped together."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from localclip.broker import LocalBroker
from localclip.child import Child, OnLine
from localclip.errors import ServerUnreachable, StackError
from localclip.leftovers import end_leftovers, forget, remember
from localclip.lock import DataLock
from localclip.tools import find_tool
from localclip_client import Client
from shared.pipeline import Stage
from shared.ports import free_port

WORKERS: dict[str, Stage | None] = {
    "diarizer": Stage.DIARIZATION,
    "translator": Stage.TRANSLATION,
    "cloner": Stage.CLONING,
    "exporter": Stage.EXPORT,
    "progress": None,
}
BROKER, GATEWAY = "nats-server", "gateway"
BROKER_PORT = 4222
START_S, START_NEURAL_S = 120.0, 900.0
# Stopping takes at most 10 s: workers have the first 6.5 of them, then the gateway, then the broker.
WORKERS_GONE_S, GATEWAY_GONE_S, BROKER_GONE_S = 6.5, 8.0, 9.5
_HOPELESS_DEATHS = 3
_OWN_BROKER = ("NATS_URL", "NATS_USER", "NATS_PASSWORD", "NATS_TLS_CA")
_OWN = (*_OWN_BROKER, "DATABASE_URL", "UPLOAD_DIR", "LOCALCLIP_WORK_DIR")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class StackOptions:
    """What to run and where; `isolated` ignores brokers, databases and stores named by the environment."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    workers: tuple[str, ...] = tuple(WORKERS)
    isolated: bool = False


@dataclass(frozen=True)
class _Part:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def _usual_port(port: int) -> int:
    """`port` if nothing listens on it, else any free one."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return free_port()
    return port


def environment_for(options: StackOptions, ambient: Mapping[str, str], broker_url: str) -> dict[str, str]:
    """The environment of every child; settings of the person running it win unless the stack is isolated."""
    data = options.data.resolve()
    defaults = {
        "NATS_URL": broker_url,
        "DATABASE_URL": f"sqlite:///{(data / 'localclip.db').as_posix()}",
        "UPLOAD_DIR": str(data / "objects"),
        "LOCALCLIP_WORK_DIR": str(data / "tmp"),
        "LOCALCLIP_GRACE_S": "3",
        "LOCALCLIP_ABANDON_S": "2",
    }
    kept = dict(ambient)
    if options.isolated:
        defaults["MAX_VIDEO_SIZE_MB"] = "1000000"  # the limit protects a server from strangers
        kept = {name: value for name, value in kept.items() if name not in _OWN and not name.startswith("S3_")}
        kept.pop("LOCALCLIP_API_KEYS", None)
    root = Path(__file__).resolve().parent.parent
    search = os.pathsep.join(filter(None, [str(root), kept.get("PYTHONPATH", "")]))
    fixed = {
        "LOCALCLIP_HOST": options.host,
        "LOCALCLIP_PORT": str(options.port),
        "PYTHONPATH": search,
        "PYTHONUNBUFFERED": "1",
    }
    return defaults | {name: value for name, value in kept.items() if value or name not in defaults} | fixed


class Stack:
    """Runs from `start` to `stop`; a watching thread owns the children and restarts those that die."""

    def __init__(
        self,
        options: StackOptions,
        tell: Tell = lambda _: None,
        on_line: OnLine = lambda *_: None,
        ambient: Mapping[str, str] | None = None,
    ) -> None:
        self._options, self._tell, self._on_line = options, tell, on_line
        self._ambient = dict(os.environ if ambient is None else ambient)
        self._own_broker = options.isolated or not self._ambient.get("NATS_URL")
        self._broker = LocalBroker(options.data, free_port() if options.isolated else _usual_port(BROKER_PORT))
        self._children: list[Child] = []
        self._stop, self._hurry, self._over = threading.Event(), threading.Event(), threading.Event()
        self._over.set()  # nothing is running yet
        self._failure: StackError | None = None
        self._ready = False
        self._lock: DataLock | None = None
        self._thread = threading.Thread(target=self._watch, name="stack", daemon=True)

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._options.host, self._options.host)  # noqa: S104
        return f"http://{host}:{self._options.port}"

    @property
    def broker_url(self) -> str:
        """Where the broker answers, for scripts that follow along."""
        return self._broker.url if self._own_broker else self._ambient["NATS_URL"]

    @property
    def reader_file(self) -> Path | None:
        """The login of the operator's own programs at the broker; None if the broker is not ours."""
        return self._broker.reader_file if self._own_broker else None

    def broker_login(self, user: str) -> Mapping[str, str]:
        """Settings with which `user` speaks to the broker of this stack."""
        return self._broker.login(user)

    @property
    def api_key(self) -> str | None:
        """One of the gateway's keys, for the runner's own requests."""
        if self._options.isolated:
            return None
        first = self._ambient.get("LOCALCLIP_API_KEYS", "").split(",")[0]
        return first.partition(":")[2].strip() or None

    def pids(self) -> dict[str, int]:
        """The process ids of the children that are running."""
        return {child.name: child.pid for child in self._children if child.pid is not None}

    def start(self, timeout_s: float | None = None) -> None:
        """Start everything and wait until it can work; None: as long as models may take to load.

        Raises:
            StackError: a port is taken, a tool is missing, another runner holds the folder, or a part keeps dying.
        """
        if timeout_s is None:
            timeout_s = START_S if self._ambient.get("LOCALCLIP_PROFILE") == "embedded" else START_NEURAL_S
        self._refuse_the_impossible()
        self._options.data.mkdir(parents=True, exist_ok=True)
        self._lock = DataLock(self._options.data)
        if left := end_leftovers(self._options.data):
            self._tell(f"ended {left} processes that an earlier run left behind")
        self._over.clear()
        self._thread.start()
        try:
            self._await_ready(time.monotonic() + timeout_s)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Block until the stack is stopped from elsewhere.

        Raises:
            StackError: a part cannot be started.
        """
        while not self._over.wait(0.5):  # not `join`: if interrupted, it considers the thread ended (Python 3.11, 3.12)
            pass
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Stop every child in order, within 10 s; a second Ctrl-C stops them at once."""
        self._stop.set()
        while not self._over.is_set():
            try:
                self._over.wait(0.5)
            except KeyboardInterrupt:
                self._hurry.set()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _refuse_the_impossible(self) -> None:
        if self._own_broker and find_tool(BROKER) is None:
            raise StackError(
                "nats-server is not installed; run `localclip doctor` for the command that installs it, "
                "or name a running one with NATS_URL"
            )
        family = socket.AF_INET6 if ":" in self._options.host else socket.AF_INET
        with socket.socket(family) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._options.host, self._options.port))
            except OSError as error:
                raise StackError(
                    f"cannot listen on {self._options.host} port {self._options.port} ({error.strerror}); "
                    f"stop what uses it, or choose another port: localclip up --port {self._options.port + 1}"
                ) from error

    def _parts(self) -> Iterable[_Part]:
        environment = environment_for(self._options, self._ambient, self.broker_url)
        if self._own_broker:
            self._broker.prepare()
            yield _Part(BROKER, self._broker_command(), environment)
        for name in (GATEWAY, *self._options.workers):
            login = self._broker.login(name) if self._own_broker else {}
            yield _Part(name, (sys.executable, "-m", f"services.{name}"), {**environment, **login})

    def _broker_command(self) -> tuple[str, ...]:
        where = ("--addr", "127.0.0.1", "--port", self._broker.url.rpartition(":")[2])
        files = ("--jetstream", "--store_dir", str(self._broker.streams), "--config", str(self._broker.config))
        return (find_tool(BROKER) or BROKER, *where, *files)

    def _watch(self) -> None:
        """Own the children from their start to their end."""
        try:
            self._start_children()
            while not (self._failure or self._stop.wait(0.1)):
                self._check_children()
        except OSError as error:
            self._failure = StackError(f"cannot start a part of the stack: {error}")
        finally:
            self._shut_down(time.monotonic())
            self._over.set()

    def _start_children(self) -> None:
        for part in self._parts():
            child = Child(part.name, part.command, part.environment, self._log(part.name), self._on_line)
            self._children.append(child)
            child.start()
        remember(self._options.data, self.pids().values())

    def _check_children(self) -> None:
        now = time.monotonic()
        for child in self._children:
            before = child.pid
            news = child.check(now)
            if news:
                self._tell(f"{news} (log: {self._log(child.name)})")
            if child.pid != before:
                remember(self._options.data, self.pids().values())
            if not self._ready and child.deaths >= _HOPELESS_DEATHS:
                self._failure = _hopeless(child)
                return

    def _log(self, name: str) -> Path:
        return self._options.data / "logs" / f"{name}.log"

    def _shut_down(self, began: float) -> None:
        groups = (
            ([child for child in self._children if child.name not in (BROKER, GATEWAY)], WORKERS_GONE_S),
            ([child for child in self._children if child.name == GATEWAY], GATEWAY_GONE_S),
            ([child for child in self._children if child.name == BROKER], BROKER_GONE_S),
        )
        for children, gone_s in groups:
            for child in children:
                child.terminate()
            while any(child.pid for child in children):
                if time.monotonic() - began > gone_s or self._hurry.is_set():
                    for child in children:
                        child.kill()
                time.sleep(0.02)
        for child in self._children:
            child.close()
        forget(self._options.data)

    def _await_ready(self, deadline: float) -> None:
        with Client(self.url, self.api_key) as client:
            while not self._ready:
                if self._failure:
                    raise self._failure
                if self._over.is_set():
                    raise StackError("the runner was stopped")
                if time.monotonic() > deadline:
                    raise StackError(f"not ready in time: {self._missing(client)}; see {self._options.data}/logs")
                self._ready = self._missing(client) == ""
                self._stop.wait(0.1)

    def _missing(self, client: Client) -> str:
        """What is not ready yet, in words; empty when everything is."""
        try:
            answered, health = client.ready()
        except ServerUnreachable:
            return "the gateway does not answer"
        waiting = [name for name, good in health.checks.items() if not good]
        stages = [(name, stage) for name in self._options.workers if (stage := WORKERS[name])]
        waiting += [f"the {name}" for name, stage in stages if health.workers.get(stage, 0) < 1]
        return ", ".join(waiting) or ("" if answered else "the gateway")


def _hopeless(child: Child) -> StackError:
    errors = [line for line in child.tail if '"level": "error"' in line or '"level": "critical"' in line]
    tail = "\n  ".join((errors or child.tail)[-6:])
    return StackError(f"{child.name} died {child.deaths} times while starting; its last words:\n  {tail}")
