"""A PostgreSQL server."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

from shared.ports import free_port
from shared.testing._server import ContainerServer, GivenServer, ProcessServer, Server, ServerUnavailable

URL_VARIABLE = "LOCALCLIP_TEST_DATABASE_URL"
_IMAGE = "postgres:16"
_USER = "localclip"
_OWNER = "postgres"
# Nothing is kept after a test, so nothing is synced.
_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories=")


@dataclass(frozen=True)
class PostgresServer:
    """A server whose `url` (`postgresql://...`) names its maintenance database."""

    url: str
    _server: Server

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database, empty or the copy of one that nobody is connected to; return its URL for SQLAlchemy."""
        _execute(self.url, "CREATE DATABASE {} TEMPLATE {}", name, template)
        parts = urlsplit(self.url)
        return urlunsplit(("postgresql+psycopg", parts.netloc, f"/{name}", parts.query, ""))

    def drop_database(self, name: str) -> None:
        """Remove a database and throw out who is still connected."""
        _execute(self.url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def start(self) -> None:
        """Start it, or start it again after `stop` or `kill`."""
        self._server.start()

    def stop(self) -> None:
        """Stop it in order. Raises: ServerUnavailable, when it is not ours to stop."""
        self._server.stop()

    def kill(self) -> None:
        """End it as a crash would. Raises: ServerUnavailable, when it is not ours to kill."""
        self._server.kill()


@contextmanager
def postgres_server(directory: Path) -> Iterator[PostgresServer]:
    """Run a server with a fresh cluster in `directory`, and stop it at the end.

    Looks for, in this order: a URL in the environment (`LOCALCLIP_TEST_DATABASE_URL`), the binaries (Debian keeps them
    off PATH), a container. The server refuses to run as root; it then runs as `postgres`, who gets `directory` and
    must be able to reach it. Raises: ServerUnavailable.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if given := os.environ.get(URL_VARIABLE):
        yield PostgresServer(given.replace("+psycopg", "", 1), GivenServer(URL_VARIABLE))
        return
    port = free_port()
    server = _process(directory, port) or _container(port)
    try:
        server.start()
        yield PostgresServer(_url(port), server)
    finally:
        server.stop()
        if isinstance(server, ContainerServer):
            server.remove()


def _url(port: int) -> str:
    return f"postgresql://{_USER}@127.0.0.1:{port}/postgres"


def _process(directory: Path, port: int) -> Server | None:
    tools = _binaries()
    if tools is None:
        return None
    cluster = directory / "cluster"
    initdb = [str(tools / "initdb"), "-D", str(cluster), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    made = subprocess.run(
        [*_as_owner(directory), *initdb, "--no-sync"], cwd=directory, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise ServerUnavailable(f"initdb failed: {made.stderr[-500:]}")
    options = [part for option in (*_OPTIONS, "listen_addresses=127.0.0.1", f"port={port}") for part in ("-c", option)]
    return ProcessServer(
        [*_as_owner(directory), str(tools / "postgres"), "-D", str(cluster), *options],
        directory / "postgres.log",
        lambda: _answers(port),
        stop_signal=signal.SIGINT,  # fast shutdown: does not wait for clients
    )


def _binaries() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parent.parent.name), default=None)
    return newest.parent if newest else None


def _as_owner(directory: Path) -> tuple[str, ...]:
    """The command prefix that leaves root's rights behind, after handing `directory` over."""
    if os.name != "posix" or os.geteuid() != 0:
        return ()
    import pwd  # POSIX only

    try:
        owner = pwd.getpwnam(_OWNER)
    except KeyError:
        raise ServerUnavailable(f"postgres refuses to run as root, and there is no user '{_OWNER}'") from None
    os.chown(directory, owner.pw_uid, owner.pw_gid)
    return (
        "setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--pdeathsig", "KILL", "--",
    )  # fmt: skip


def _container(port: int) -> ContainerServer:
    try:
        return ContainerServer(
            _IMAGE,
            port=port,
            inner_port=5432,
            environment={"POSTGRES_USER": _USER, "POSTGRES_DB": "postgres", "POSTGRES_HOST_AUTH_METHOD": "trust"},
            ready=lambda: _answers(port),
        )
    except ServerUnavailable as error:
        raise ServerUnavailable(f"no PostgreSQL: {URL_VARIABLE} is not set, no initdb is found, and {error}") from error


def _execute(url: str, statement: LiteralString, *names: str) -> None:
    import psycopg  # only where PostgreSQL is used
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _answers(port: int) -> bool:
    import psycopg

    try:
        with psycopg.connect(_url(port), connect_timeout=1):
            return True
    except psycopg.OperationalError:
        return False
