"""A nats-server with JetStream."""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.testing._server import ContainerServer, GivenServer, ProcessServer, Server, ServerUnavailable
from shared.testing._waiting import free_port

URL_VARIABLE = "LOCALCLIP_TEST_NATS_URL"
_IMAGE = "nats:2.10.29"


@dataclass(frozen=True)
class NatsServer:
    """A broker at `url`; started again it has the same address and the same streams."""

    url: str
    store_dir: Path
    _server: Server

    def start(self) -> None:
        """Start it, or start it again after `stop` or `kill`; returns when it answers."""
        self._server.start()

    def stop(self) -> None:
        """Stop it in order. Raises: ServerUnavailable, when it is not ours to stop."""
        self._server.stop()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL). Raises: ServerUnavailable, when it is not ours to kill."""
        self._server.kill()


@contextmanager
def nats_server(
    store_dir: Path, port: int | None = None, config: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[NatsServer]:
    """Run a broker that keeps its streams in `store_dir`, and stop it at the end.

    A `config` is read by a process alone, with the variables of `environment`; address and folder stay ours.

    Looks for, in this order: an address in the environment (`LOCALCLIP_TEST_NATS_URL`), a `nats-server` binary, a
    container. Raises: ServerUnavailable.
    """
    store_dir.mkdir(parents=True, exist_ok=True)
    if given := os.environ.get(URL_VARIABLE):
        yield NatsServer(given, store_dir, GivenServer(URL_VARIABLE))
        return
    port = port or free_port()
    server = _process(store_dir, port, config, environment) or _container(store_dir, port)
    try:
        server.start()
        yield NatsServer(f"nats://127.0.0.1:{port}", store_dir, server)
    finally:
        server.stop()
        if isinstance(server, ContainerServer):
            server.remove()


def _process(store_dir: Path, port: int, config: Path | None, environment: Mapping[str, str] | None) -> Server | None:
    # Debian puts the daemon where the PATH of an ordinary user does not look.
    binary = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        return None
    command = [binary, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(store_dir / "streams")]
    if config is not None:
        command += ["-c", str(config), "-m", str(free_port())]
    variables = {**os.environ, **(environment or {})}
    return ProcessServer(command, store_dir / "nats-server.log", lambda: _greets(port), variables)


def _container(store_dir: Path, port: int) -> ContainerServer:
    try:
        return ContainerServer(
            _IMAGE,
            port=port,
            inner_port=4222,
            command="-js -sd /streams",
            volume=(store_dir, "/streams"),
            ready=lambda: _greets(port),
        )
    except ServerUnavailable as error:
        raise ServerUnavailable(
            f"no broker: {URL_VARIABLE} is not set, no nats-server binary is found, and {error}"
        ) from error


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False
