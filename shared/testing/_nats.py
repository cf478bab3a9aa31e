"""A nats-server with JetStream."""

import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.messaging import Role, broker_config
from shared.ports import free_port
from shared.testing._server import ContainerServer, GivenServer, ProcessServer, Server, ServerUnavailable

URL_VARIABLE = "LOCALCLIP_TEST_NATS_URL"
_IMAGE = "nats:2.10.29"
_ONLOOKER = "tests"


@dataclass(frozen=True)
class NatsServer:
    """A broker at `url`; started again it has the same address and the same streams.

    `url` names a user without limits, for tests that look into every stream; services have users of their own.
    """

    url: str
    store_dir: Path
    _server: Server
    _passwords: Mapping[Role, str] = field(default_factory=dict, repr=False)

    def login(self, role: Role) -> str:
        """The address for one service, with its user and password."""
        if role not in self._passwords:
            return self.url
        return f"nats://{role}:{self._passwords[role]}@{self.address}"

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.removeprefix("nats://").rpartition("@")[2]

    def refusals(self) -> list[str]:
        """What the broker says it forbade, from its log: a missing permission, or an attack."""
        log = self.store_dir / "nats-server.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return [line for line in lines if "Violation" in line and "authorization" not in line.lower()]

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

    Its accounts are those of the product, with drawn passwords. A `config` is read in their place, by a process alone,
    with the variables of `environment`; address and folder stay ours.

    Looks for, in this order: an address in the environment (`LOCALCLIP_TEST_NATS_URL`), a `nats-server` binary, a
    container. Raises: ServerUnavailable.
    """
    store_dir.mkdir(parents=True, exist_ok=True)
    if given := os.environ.get(URL_VARIABLE):
        yield NatsServer(given, store_dir, GivenServer(URL_VARIABLE))
        return
    port, passwords, login = port or free_port(), {}, ""
    if config is None:
        config, passwords = store_dir / "broker.conf", {role: secrets.token_hex(8) for role in Role}
        config.write_text(broker_config(passwords, {_ONLOOKER: _ONLOOKER}), encoding="utf-8")
        login = f"{_ONLOOKER}:{_ONLOOKER}@"
    server = _process(store_dir, port, config, environment) or _container(store_dir, port)
    try:
        server.start()
        yield NatsServer(f"nats://{login}127.0.0.1:{port}", store_dir, server, passwords)
    finally:
        server.stop()
        if isinstance(server, ContainerServer):
            server.remove()


def _process(store_dir: Path, port: int, config: Path, environment: Mapping[str, str] | None) -> Server | None:
    # Debian puts the daemon where the PATH of an ordinary user does not look.
    binary = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        return None
    command = [binary, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(store_dir / "streams"), "-c", str(config)]
    if environment is not None:
        command += ["-m", str(free_port())]  # the file of the deployment names a port of its own
    variables = {**os.environ, **(environment or {})}
    return ProcessServer(command, store_dir / "nats-server.log", lambda: _greets(port), variables)


def _container(store_dir: Path, port: int) -> ContainerServer:
    try:
        return ContainerServer(
            _IMAGE,
            port=port,
            inner_port=4222,
            command="-js -sd /streams -c /streams/broker.conf",
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
