"""Measuring: memory of process trees, percentiles, servers on free ports."""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import psutil

from shared.testing import free_port


class MemoryWatch:
    """Samples the resident memory of a process and its children until stopped; `peak` and `first` in bytes."""

    def __init__(self, pid: int, every_s: float = 0.05) -> None:
        self._process = psutil.Process(pid)
        self._every_s = every_s
        self._stop = threading.Event()
        self.first = self._sample()
        self.peak = self.first
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> int:
        total = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in (self._process, *self._process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += process.memory_info().rss
        return total

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self.peak = max(self.peak, self._sample())


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50_ms": round(cuts[49] * 1000, 3), "p99_ms": round(cuts[98] * 1000, 3)}


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder."""
    path = Path(tempfile.mkdtemp(prefix="localclip-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[psutil.Popen]:
    """A child process that ends with the block."""
    child = psutil.Popen(
        list(command),
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(15)
        except psutil.TimeoutExpired:
            child.kill()


@contextlib.contextmanager
def broker(path: Path) -> Iterator[str]:
    """A nats-server; yields its address."""
    port = free_port()
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(path / "nats")]
    with process(command):
        _wait_for_port(port)
        yield f"nats://127.0.0.1:{port}"


@contextlib.contextmanager
def gateway(path: Path, broker_url: str, **settings: str) -> Iterator[tuple[str, psutil.Popen]]:
    """A gateway on SQLite and a directory; yields its address and process."""
    port = free_port()
    environment = {
        "NATS_URL": broker_url,
        "DATABASE_URL": f"sqlite:///{path}/localclip.db",
        "UPLOAD_DIR": str(path / "objects"),
        "LOCALCLIP_PORT": str(port),
        "LOCALCLIP_LOG_LEVEL": "WARNING",
        **settings,
    }
    with process([sys.executable, "-m", "services.gateway"], environment) as child:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/readyz?all=true").status_code == 200:
                    break
            if time.monotonic() > deadline:
                raise TimeoutError("the gateway does not become ready")
            time.sleep(0.1)
        yield url, child


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
