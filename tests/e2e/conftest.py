"""The whole product as processes, and what a user sees of it."""

import contextlib
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from localclip.sample import make_sample
from localclip.stack import Stack, StackOptions
from shared.testing import free_port, wait_until

# Leases and sweeps as short as a test wants them; the rules are the same. Who wants the picture read says so.
QUICK = {"NATS_ACK_WAIT_S": "4", "LOCALCLIP_SWEEP_S": "2", "LOCALCLIP_RESEND_AFTER_S": "8"}
QUICK |= {"LOCALCLIP_PICTURE_TEXT": "none"}
DONE = ("completed", "failed", "canceled", "stale")


@dataclass
class Product:
    """A running stack with its data folder."""

    stack: Stack
    data: Path
    http: httpx.Client

    def create(self, video: Path, config: str, *, start: bool = True, **files: Path) -> str:
        """Upload a video and return the task id."""
        with contextlib.ExitStack() as opened:
            parts: list[tuple[str, Any]] = [("config", (None, config)), ("start", (None, "true" if start else ""))]
            parts += [(name, (path.name, opened.enter_context(path.open("rb")))) for name, path in files.items()]
            parts.append(("video", (video.name, opened.enter_context(video.open("rb")))))
            answer = self.http.post("/api/tasks", files=parts)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["task_id"])

    def task(self, task_id: str) -> dict[str, Any]:
        """The task, tolerating a gateway that is just being started again."""
        answer = self.http.get(f"/api/tasks/{task_id}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def wait_for(self, task_id: str, status: str = "completed", timeout_s: float = 240) -> dict[str, Any]:
        """The task once it has `status`; any other end is an error."""

        def ended() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.HTTPError):
                task = self.task(task_id)
                if task["status"] in DONE:
                    assert task["status"] == status, str(task)
                    return task
            return None

        found = wait_until(ended, timeout_s, f"{task_id} does not become {status}")
        assert found is not None
        return found

    def wait_for_stage(self, task_id: str, language: str, stage: str, timeout_s: float = 120) -> None:
        """Return as soon as a stage is being worked on, or was."""

        def running() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                state = self.task(task_id)["language_status"][language]["stages"][stage]
                return state["status"] in ("processing", "completed")
            return False

        wait_until(running, timeout_s, f"{stage} does not start")

    def kill(self, name: str) -> None:
        """SIGKILL a service; the runner starts it again."""
        os.kill(self.stack.pids()[name], signal.SIGKILL)

    def lines(self, task_id: str, language: str) -> list[dict[str, Any]]:
        """Lines of a language."""
        found: list[dict[str, Any]] = self.http.get(f"/api/tasks/{task_id}/languages/{language}/lines").json()
        return found

    def artifact(self, task_id: str, language: str, name: str) -> bytes:
        """A file's content."""
        answer = self.http.get(f"/api/tasks/{task_id}/artifacts/{language}/{name}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def objects(self, task_id: str) -> list[str]:
        """Keys of all objects of a task, without its id."""
        root = self.data / "objects" / "tasks" / task_id
        return sorted(path.relative_to(root).as_posix() for path in _files(root))

    def rows(self, task_id: str) -> dict[str, int]:
        """Rows of a task by table."""
        with contextlib.closing(sqlite3.connect(self.data / "localclip.db")) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            found = {}
            for table in tables:
                columns = {column[1] for column in database.execute(f"PRAGMA table_info({table})")}
                if "task_id" in columns:
                    query = f"SELECT count(*) FROM {table} WHERE task_id = ?"  # noqa: S608 (our own table names)
                    found[table] = database.execute(query, (task_id,)).fetchone()[0]
            return found

    def temporary_files(self) -> list[Path]:
        """What running jobs and unfinished writes have left in the working folders."""
        places = (self.data / "tmp", self.data / "objects" / ".incoming")
        return [path for place in places for path in _files(place)]


def _files(root: Path) -> list[Path]:
    """Every file below; folders that go meanwhile do not matter, which `Path.rglob` would stumble over."""
    return [Path(folder, name) for folder, _, names in os.walk(root) for name in names]


@contextlib.contextmanager
def running(data: Path, **settings: str) -> Iterator[Product]:
    """Start the product on a fresh port."""
    options = StackOptions(data=data, port=free_port(), isolated=True)
    stack = Stack(options, ambient={**os.environ, **QUICK, **settings})
    with stack, httpx.Client(base_url=stack.url, timeout=30) as http:
        yield Product(stack, data, http)
        log = (data / "logs" / "nats-server.log").read_text(encoding="utf-8")
        assert [line for line in log.splitlines() if " Violation - " in line] == [], "a service lacks a right"


@pytest.fixture(scope="session")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample video: two speakers, eight sentences, half a minute."""
    return make_sample(tmp_path_factory.mktemp("sample") / "dialogue.mp4")


@pytest.fixture(scope="session")
def exchange(dialogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first three sentences of the sample, for what is done many times over."""
    path = tmp_path_factory.mktemp("sample") / "exchange.mp4"
    cut = ["ffmpeg", "-v", "error", "-i", str(dialogue), "-t", "9.3", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*cut, "-c:a", "aac", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product, shared by the tests of a module."""
    with running(tmp_path_factory.mktemp("product")) as found:
        yield found
