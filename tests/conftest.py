"""Real servers, stores and media for every test; what this machine does not have is skipped with the reason."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from shared.storage import DirectoryStore, UploadStore, open_store
from shared.testing import (
    MinioServer,
    NatsServer,
    PostgresServer,
    ServerUnavailable,
    minio_server,
    nats_server,
    postgres_server,
    started,
)

# The same examples every time, however slow the machine; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

# Tests name their engines. What they do not name needs no weights, whatever lies here: cheap, and always the same.
os.environ["LOCALCLIP_PROFILE"] = "embedded"

# What takes minutes: begun first, so that no core works alone at the end.
LONG = (
    "tests/e2e",
    "tests/deploy",
    "tests/chaos",
    "tests/services/gateway",
    "tests/localclip",
    "tests/services/exporter",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of long tests before all others; within each the order stays."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


_MOST_TOLD = 5


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the services do."""
    return "asyncio"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A server that somebody else runs cannot be killed: such a test is skipped."""
    try:
        return (yield)
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands in what it started."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["servers"] = sorted(started)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker started counts as started here."""
    started.update(getattr(node, "workeroutput", {}).get("servers", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran against, and in which of them a gateway's event loop stood longest."""
    if started:
        terminalreporter.write_line(f"servers: {', '.join(sorted(started))}")
    stood = sorted(_loops_stood(terminalreporter), reverse=True)[:_MOST_TOLD]
    for seconds, test in stood:
        terminalreporter.write_line(f"a gateway's loop stood {seconds:.2f} s: {test}")


def _loops_stood(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[float, str]]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                for name, value in report.user_properties:
                    if name == "loop_stood_s":
                        yield value, report.nodeid


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A broker of its own, with an empty folder."""
    try:
        with nats_server(tmp_path / "nats") as server:
            yield server
            assert server.refusals() == [], "a service lacks a right: see shared/messaging/_accounts.py"
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """An S3 service; tests take a bucket each."""
    try:
        with minio_server(tmp_path_factory.mktemp("minio")) as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresServer]:
    """A PostgreSQL server, in a folder that its unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="localclip-postgres-"))
    try:
        with postgres_server(folder) as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_cluster: PostgresServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_cluster.create_database(name)
    postgres_cluster.drop_database(name)


@pytest.fixture
def directory_store(tmp_path: Path) -> DirectoryStore:
    """An empty store in a folder."""
    return DirectoryStore(tmp_path / "objects")


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest) -> UploadStore:
    """An empty store of every kind there is."""
    if request.param == "directory":
        kept: DirectoryStore = request.getfixturevalue("directory_store")
        return kept
    server: MinioServer = request.getfixturevalue("minio")
    return open_store(server.settings(f"test-{uuid.uuid4().hex}"))


@pytest.fixture(scope="session")
def sample_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a test picture with a spoken sentence (ffmpeg's flite voice)."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path_factory.mktemp("media") / "sample.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=3"]
    speech = ["-f", "lavfi", "-i", "flite=text='the quick brown fox jumps over the lazy dog':voice=slt,apad"]
    output = ["-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *speech, *output, str(path)], check=True, timeout=60)
    return path
