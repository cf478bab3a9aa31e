"""Whether a service is well, seen from outside."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shared.healthy import health_problem
from shared.observability import kept_health
from shared.testing import wait_until_async


async def test_the_file_tells_whether_the_service_can_work(tmp_path: Path) -> None:
    """Fresh and ready is well; not ready is well enough to be left running; after the end there is no file."""
    file, ready = tmp_path / "new" / "health.json", [True]
    async with kept_health(file, lambda: ready[0], beat_s=0.01):
        await wait_until_async(file.exists, 60, "no file")
        assert health_problem(file) is None
        ready[0] = False
        await wait_until_async(lambda: health_problem(file), 60, "it still says ready")
        assert health_problem(file) == "alive, but not connected to the broker"
        assert health_problem(file, alive_is_enough=True) is None
    assert health_problem(file, alive_is_enough=True) == "not started yet, or ended"


async def test_a_blocked_service_falls_silent(tmp_path: Path) -> None:
    """Nothing beats while the event loop stands still."""
    file = tmp_path / "health.json"
    async with kept_health(file, lambda: True, beat_s=0.01):
        await wait_until_async(file.exists, 60, "no file")
        time.sleep(0.3)  # noqa: ASYNC251 (the blocked loop is what is tested)
        problem = health_problem(file, alive_is_enough=True, stale_s=0.2)
    assert str(problem).startswith("silent for ")


async def test_a_full_disk_does_not_end_the_service(tmp_path: Path) -> None:
    """What cannot be written is survived, and seen as silence."""
    blocked = tmp_path / "a file"
    blocked.touch()
    async with kept_health(blocked / "health.json", lambda: True, beat_s=0.01):
        await asyncio.sleep(0.05)
    assert health_problem(blocked / "health.json") is not None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"ready": true}', '{"at": "x", "ready": true}'])
def test_what_is_no_health_file_is_a_problem(tmp_path: Path, content: str) -> None:
    """Never taken for health."""
    file = tmp_path / "health.json"
    file.write_text(content)
    assert "cannot be read" in str(health_problem(file))


def healthy(*arguments: str, **environment: str) -> tuple[int, str]:
    """The command of the images' health checks."""
    command = [sys.executable, "-m", "shared.healthy", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    """Exit code 0 or 1, and the reason for people."""
    file = tmp_path / "health.json"
    assert healthy() == (1, "give an address, or set LOCALCLIP_HEALTH_FILE")
    assert healthy(LOCALCLIP_HEALTH_FILE=str(file)) == (1, "not started yet, or ended")
    file.write_text(json.dumps({"ready": False, "at": time.time()}))
    assert healthy(LOCALCLIP_HEALTH_FILE=str(file))[0] == 1
    assert healthy("--alive", LOCALCLIP_HEALTH_FILE=str(file)) == (0, "")
    code, reason = healthy("http://127.0.0.1:9/healthz")
    assert code == 1
    assert "does not answer" in reason


def test_the_command_asks_an_address() -> None:
    """Success is well; another answer is told with what it says, and so is none."""
    answers = [b"HTTP/1.1 200 OK\r\n\r\n{}", b"HTTP/1.1 503 Service Unavailable\r\n\r\nno broker", b"", b"nonsense"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/readyz"

        def answer() -> None:
            for reply in answers:
                connection, _ = server.accept()
                with connection:
                    assert connection.recv(1000).startswith(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1:")
                    connection.sendall(reply)

        answering = threading.Thread(target=answer)
        answering.start()
        said = [healthy(url) for _ in answers]
        answering.join(60)
    assert said == [
        (0, ""),
        (1, f"{url} answers 503: no broker"),
        (1, f"{url} answers nothing:"),
        (1, f"{url} answers nothing:"),
    ]


def test_the_command_imports_next_to_nothing(tmp_path: Path) -> None:
    """It runs every few seconds in every container: what takes long to import is left to the services."""
    program = "import sys; known = set(sys.modules); import shared.healthy; print(*sorted(set(sys.modules) - known))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert tops & {"shared", "structlog", "pydantic", "asyncio", "httpx", "urllib", "http", "ssl", "email"} == {
        "shared"
    }
