"""The stack starts, mends itself, and leaves nothing behind; real broker, real gateway."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from localclip.errors import ServerUnreachable, StackError
from localclip.stack import Stack, StackOptions, environment_for
from localclip_client import Client
from shared.testing import free_port

OPTIONS = StackOptions(Path("data"), port=8123)


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_settings_of_the_person_win_over_the_defaults() -> None:
    """A broker, database or store named in the environment is used."""
    ambient = {"NATS_URL": "nats://elsewhere", "S3_ENDPOINT": "s3:9000", "LOCALCLIP_GRACE_S": "9", "DATABASE_URL": ""}
    environment = environment_for(OPTIONS, ambient, "nats://own")
    assert environment["NATS_URL"] == "nats://elsewhere"
    assert environment["S3_ENDPOINT"] == "s3:9000"
    assert environment["LOCALCLIP_GRACE_S"] == "9"
    assert environment["DATABASE_URL"] == f"sqlite:///{Path('data/localclip.db').resolve()}"
    assert environment["LOCALCLIP_PORT"] == "8123"


def test_an_isolated_stack_ignores_them() -> None:
    """A temporary stack must not take jobs from a real one."""
    ambient = {"NATS_URL": "nats://elsewhere", "S3_ENDPOINT": "s3:9000", "LOCALCLIP_API_KEYS": "a:b", "HOME": "/root"}
    environment = environment_for(StackOptions(Path("data"), isolated=True), ambient, "nats://own")
    assert environment["NATS_URL"] == "nats://own"
    assert environment["HOME"] == "/root"
    assert not {"S3_ENDPOINT", "LOCALCLIP_API_KEYS"} & set(environment)


def test_a_taken_port_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port}.*--port {port + 1}"):
            Stack(StackOptions(tmp_path, port=port)).start()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_broker_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless another one is named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("localclip.tools._BESIDE_PATH", ())
    with pytest.raises(StackError, match="localclip doctor"):
        Stack(StackOptions(tmp_path, port=free_port()), ambient={}).start()


def test_a_part_that_cannot_start_ends_the_stack_with_its_last_words(tmp_path: Path) -> None:
    """A gateway with an impossible setting, for example."""
    ambient = dict(os.environ) | {"MAX_VIDEO_SIZE_MB": "much"}
    told: list[str] = []
    stack = Stack(StackOptions(tmp_path, port=free_port(), workers=()), tell=told.append, ambient=ambient)
    with pytest.raises(StackError, match=r"gateway died 3 times(.|\n)*max_video_size_mb|MAX_VIDEO_SIZE_MB"):
        stack.start()
    assert len(told) >= 2
    assert "gateway ended with exit code 1; starting it again in 0.5 s" in told[0]
    assert stack.pids() == {}


def test_of_a_part_that_cannot_start_errors_are_shown_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway whose port is taken after the runner has looked tells more of its end than of the reason."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack = Stack(StackOptions(tmp_path, port=other.getsockname()[1], workers=(), isolated=True))
        monkeypatch.setattr(stack, "_refuse_the_impossible", lambda: None)
        with pytest.raises(StackError, match=r"gateway died 3 times(.|\n)*address already in use"):
            stack.start()


def test_nothing_is_started_again_once_a_part_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the runner still waits for an answer: from whoever holds the port it may never come."""
    told: list[str] = []
    ambient = dict(os.environ) | {"MAX_VIDEO_SIZE_MB": "much"}
    stack = Stack(StackOptions(tmp_path, port=free_port(), workers=()), tell=told.append, ambient=ambient)

    def asked(_: Client) -> str:
        wait_for(stack._over.is_set, 240)
        return "no answer"

    monkeypatch.setattr(stack, "_missing", asked)
    with pytest.raises(StackError, match="gateway died 3 times"):
        stack.start()
    assert len(told) == 3


def test_a_runner_that_can_start_nothing_any_more_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine out of processes, for example, after everything was ready."""

    def out_of_processes() -> None:
        raise OSError("no more processes")

    with Stack(StackOptions(tmp_path, port=free_port(), workers=(), isolated=True)) as stack:
        monkeypatch.setattr(stack, "_check_children", out_of_processes)  # not of the class: others run beside it
        with pytest.raises(StackError, match="no more processes"):
            stack.wait()
    assert stack.pids() == {}


class Runner:
    """`localclip up` as a person runs it, without workers."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = self._start()
        self.lines: list[str] = []

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def command(self) -> list[str]:
        where = ["--data", str(self.data), "--port", str(self.port)]
        return [sys.executable, "-m", "localclip", "up", "--only", "none", *where]

    def read_until(self, pattern: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"ended without '{pattern}': {''.join(self.lines)}")

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, part: str) -> psutil.Process:
        return next(process for process in self.children() if part in " ".join(process.cmdline()))


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """Running and ready."""
    runner = Runner(tmp_path / "data")
    runner.read_until("LocalClip is ready at")
    yield runner
    runner.process.kill()
    runner.process.wait()
    if runner.process.stdout:
        runner.process.stdout.close()


def test_up_mends_what_dies_and_stops_cleanly(runner: Runner, tmp_path: Path) -> None:
    """A killed gateway and a killed broker come back; SIGTERM ends all within 10 s and with exit code 0."""
    for part, name in (("services.gateway", "gateway"), ("nats-server", "nats-server")):
        runner.child(part).kill()
        runner.read_until(f"{name} was killed by signal 9; starting it again in 0.5 s")
        with Client(runner.url) as client:
            wait_for(lambda: answers(client))
    second = subprocess.run([*runner.command()[:-1], str(free_port())], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"process {runner.process.pid}" in second.stderr
    children = runner.children()
    assert len(children) == 2
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(30) == 0
    assert [process for process in children if process.is_running()] == []
    assert "Application shutdown complete" in (tmp_path / "data/logs/gateway.log").read_text()
    assert "Server Exiting" in (tmp_path / "data/logs/nats-server.log").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the next start ends them")
def test_children_die_with_a_runner_that_is_killed(runner: Runner) -> None:
    """Nothing keeps the port or the broker's folder."""
    children = runner.children()
    runner.process.kill()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def answers(client: Client) -> bool:
    try:
        return client.ready()[0]
    except ServerUnreachable:
        return False
