"""A MinIO server."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from shared.ports import free_port
from shared.storage import StorageSettings
from shared.testing._server import ContainerServer, GivenServer, ProcessServer, Server, ServerUnavailable

ENDPOINT_VARIABLE = "LOCALCLIP_TEST_S3_ENDPOINT"
_IMAGE = "pgsty/silo:RELEASE.2026-09-16T00-00-00Z"  # docker-compose.yml names the same
_USER, _PASSWORD = "localclip", "localclip-test"
_TOOLS = Path(__file__).parents[2] / ".tools" / "bin"


@dataclass(frozen=True)
class MinioServer:
    """An S3 service at `endpoint` (host:port)."""

    endpoint: str
    access_key: str
    secret_key: str
    _server: Server

    def settings(self, bucket: str) -> StorageSettings:
        """Settings that open `bucket` of this server."""
        return StorageSettings(
            s3_endpoint=self.endpoint,
            s3_access_key=SecretStr(self.access_key),
            s3_secret_key=SecretStr(self.secret_key),
            s3_bucket=bucket,
        )

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
def minio_server(directory: Path, user: str = _USER, password: str = _PASSWORD) -> Iterator[MinioServer]:
    """Run an S3 service that keeps its objects in `directory`, and stop it at the end.

    Looks for, in this order: an endpoint in the environment (`LOCALCLIP_TEST_S3_ENDPOINT`, with `S3_ACCESS_KEY` and
    `S3_SECRET_KEY`), a `minio` binary on PATH or in `.tools/bin`, a container. Raises: ServerUnavailable.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if given := os.environ.get(ENDPOINT_VARIABLE):
        keys = os.environ.get("S3_ACCESS_KEY", ""), os.environ.get("S3_SECRET_KEY", "")
        yield MinioServer(given, *keys, GivenServer(ENDPOINT_VARIABLE))
        return
    port = free_port()
    credentials = {"MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password, "MINIO_BROWSER": "off"}
    server = _process(directory, port, credentials) or _container(directory, port, credentials)
    try:
        server.start()
        yield MinioServer(f"127.0.0.1:{port}", user, password, server)
    finally:
        server.stop()
        if isinstance(server, ContainerServer):
            server.remove()


def _process(directory: Path, port: int, credentials: dict[str, str]) -> Server | None:
    binary = shutil.which("minio") or shutil.which("minio", path=str(_TOOLS))
    if binary is None:
        return None
    objects = directory / "objects"
    objects.mkdir(exist_ok=True)
    command = [binary, "server", str(objects), "--address", f"127.0.0.1:{port}", "--quiet"]
    return ProcessServer(command, directory / "minio.log", lambda: _healthy(port), {**os.environ, **credentials})


def _container(directory: Path, port: int, credentials: dict[str, str]) -> ContainerServer:
    try:
        return ContainerServer(
            _IMAGE,
            port=port,
            inner_port=9000,
            command="server /objects",
            volume=(directory, "/objects"),
            environment=credentials,
            ready=lambda: _healthy(port),
        )
    except ServerUnavailable as error:
        raise ServerUnavailable(
            f"no S3 service: {ENDPOINT_VARIABLE} is not set, no minio binary is found, and {error}"
        ) from error


def _healthy(port: int) -> bool:
    """Its health address answers a little early, when requests are still sent away for a minute."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1.0).close()
    except urllib.error.HTTPError as refusal:
        return refusal.code == 403  # no key was shown
    except OSError:
        return False
    return True
