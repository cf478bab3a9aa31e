"""What runs a server: a process of this machine, a container, or somebody else.

All three have `start`, `stop` and `kill`; a server given by its address can only be used.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from shared.testing._waiting import wait_until

_START_S = 60.0
started: set[str] = set()
"""What ran in this session and as what, for whoever reads the outcome of tests."""
_STOP_S = 10.0


class ServerUnavailable(Exception):  # noqa: N818 (names a state, as a person reads it in a skipped test)
    """There is no such server on this machine; the message says what was looked for."""


class Server(Protocol):
    """Something that can be started and stopped."""

    def start(self) -> None:
        """Start and wait until it answers."""
        ...

    def stop(self) -> None:
        """Ask it to end and wait for it. Harmless when it does not run."""
        ...

    def kill(self) -> None:
        """End it as a crash would. Harmless when it does not run."""
        ...


@dataclass
class ProcessServer:
    """A server as a child process, which dies with this one (Linux)."""

    command: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start the process. Raises: ServerUnavailable, with the end of its log, when it ends at once."""
        if self._process is not None and self._process.poll() is None:
            return
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*_dies_with_parent(), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        self._process = process
        try:
            wait_until(lambda: process.poll() is not None or self.ready(), _START_S, f"{self.command[0]} to answer")
        except TimeoutError:
            self.kill()
            raise
        if process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-500:]
            raise ServerUnavailable(f"{self.command[0]} ended at once with code {process.returncode}: {tail}")
        started.add(f"{self.log.stem} as a process")

    def stop(self) -> None:
        """Send the stop signal, and SIGKILL to what does not heed it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _dies_with_parent() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv") if sys.platform.startswith("linux") else None
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


class GivenServer:
    """A server somebody else runs: it is there, and is not ours to stop."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        started.add(f"the server of {variable}")

    def start(self) -> None:
        """Nothing to do."""

    def stop(self) -> None:
        """Raises: ServerUnavailable."""
        raise ServerUnavailable(f"the server of {self._variable} cannot be stopped from here")

    def kill(self) -> None:
        """Raises: ServerUnavailable."""
        raise ServerUnavailable(f"the server of {self._variable} cannot be killed from here")


class ContainerServer:
    """A server in a container, at a fixed port of this machine and with a fixed folder."""

    def __init__(
        self,
        image: str,
        *,
        port: int,
        inner_port: int,
        command: str = "",
        volume: tuple[Path, str] | None = None,
        environment: Mapping[str, str] | None = None,
        ready: Callable[[], bool],
    ) -> None:
        try:
            from docker.errors import DockerException  # type: ignore[import-untyped] # a test dependency
            from testcontainers.core.container import DockerContainer
        except ImportError as error:
            raise ServerUnavailable("testcontainers is not installed") from error
        try:
            container = DockerContainer(image)
        except DockerException as error:
            raise ServerUnavailable("no Docker daemon answers") from error
        container = container.with_bind_ports(inner_port, port).with_command(command)
        for name, value in (environment or {}).items():
            container = container.with_env(name, value)
        if volume:
            container = container.with_volume_mapping(str(volume[0]), volume[1], "rw")
        self._container: Any = container
        self._ready, self._image = ready, image
        self._created = False

    def start(self) -> None:
        """Create the container, or start it again. Raises: ServerUnavailable."""
        from docker.errors import DockerException

        try:
            if self._created:
                self._container.get_wrapped_container().start()
            else:
                self._container.start()
                self._created = True
        except DockerException as error:
            raise ServerUnavailable(f"{self._image}: {error}") from error
        wait_until(self._ready, _START_S, f"container {self._image} to answer")
        started.add(f"{self._image} as a container")

    def stop(self) -> None:
        """Stop the container, keeping it for another start."""
        self._container.get_wrapped_container().stop()

    def kill(self) -> None:
        """Send SIGKILL to the container."""
        self._container.get_wrapped_container().kill()

    def remove(self) -> None:
        """Remove the container."""
        if self._created:
            self._container.stop()
