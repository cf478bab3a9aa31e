"""What a person reads of a broker, a store, a database or a setting that does not work: a sentence, seldom again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from services.gateway.app import open_database
from services.gateway.settings import DatabaseSettings
from shared.messaging import BrokerSettings, Provisioning, Trouble, broker_problem, provision
from shared.testing import NatsServer, free_port, nats_server, wait_until
from tests.shared.messaging.conftest import Bench, entries

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]


@contextmanager
def service(name: str, log: Path, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of a service, ended by force at the end."""
    folder = log.parent
    ours = {
        "DATABASE_URL": f"sqlite:///{folder}/localclip.db",
        "UPLOAD_DIR": str(folder / "objects"),
        "LOCALCLIP_WORK_DIR": str(folder / "work"),
        "LOCALCLIP_PORT": str(free_port()),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{name}"],
            env=os.environ | ours | settings,
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told(log: Path, event: str) -> list[dict[str, str]]:
    """The entries of one event."""
    return [entry for entry in entries(log) if entry.get("event") == event]


async def test_more_copies_than_brokers(bench: Bench) -> None:
    """The one broker refuses three copies; the sentence names the setting."""
    settings = BrokerSettings(nats_url=bench.server.url, nats_replicas=3)
    with pytest.raises(Exception) as refused:  # noqa: PT011 (what it says is the test)
        await provision(bench.js, Provisioning(replicas=3, automation=()))
    assert "NATS_REPLICAS" in broker_problem(refused.value, settings)
    assert "3 copies" in broker_problem(refused.value, settings)


def test_a_cluster_without_its_others(tmp_path: Path) -> None:
    """The worker says why it gets no jobs, waits twice as long each time, and still ends when asked."""
    config = tmp_path / "broker.conf"
    config.write_text(
        f'server_name: a\ncluster {{ name: x, listen: "127.0.0.1:{free_port()}", routes: ["nats://127.0.0.1:9"] }}\n'
    )
    log = tmp_path / "translator.log"
    with (
        nats_server(tmp_path / "broker", config=config) as broker,
        service("translator", log, NATS_URL=broker.url, LOCALCLIP_TRANSLATOR="apertium") as worker,
    ):
        said = wait_until(lambda: (found := told(log, "fetch_failed"))[2:] and found, 60, f"three tries; {log}")
        worker.terminate()
        assert worker.wait(30) == 0
    words = {entry["error"].partition(" (")[0] for entry in said}
    assert words <= {"the broker does not serve JetStream", "the broker does not answer in time"}
    assert [entry["again_in_s"] for entry in said[:3]] == [0.5, 1.0, 2.0]


def test_a_refused_login_is_told_ever_less_often(nats: NatsServer, tmp_path: Path) -> None:
    """The gateway goes on trying, since a password can be mended on either side."""
    log = tmp_path / "gateway.log"
    with service("gateway", log, NATS_URL=f"nats://{nats.address}", NATS_USER="gateway", NATS_PASSWORD="x"):
        said = wait_until(lambda: (found := told(log, "broker_not_ready"))[2:] and found, 60, f"three tries; {log}")
        assert len(told(log, "broker_refuses_login")) == 1
    assert [entry["again_in_s"] for entry in said[:3]] == [0.5, 1.0, 2.0]
    assert "NATS_PASSWORD" in said[0]["error"]


@pytest.mark.parametrize("name", ["gateway", "progress", "exporter"])
def test_an_address_that_is_none(tmp_path: Path, name: str) -> None:
    """One sentence that names the variable and not its value, and exit code 1."""
    log = tmp_path / f"{name}.log"
    with service(name, log, NATS_URL="nats://somebody:secret@broker:abc") as process:
        assert process.wait(60) == 1
    assert log.read_text().startswith(f"{name}: NATS_URL: it must be like nats://127.0.0.1:4222")
    assert "Traceback" not in log.read_text()
    assert "secret" not in log.read_text()


@pytest.mark.parametrize("url", ["127.0.0.1:4222", "localhost", "tls://a:b@broker:4222", "wss://broker"])
def test_addresses_that_are_taken(url: str) -> None:
    """As the client itself takes them."""
    assert BrokerSettings(nats_url=url).nats_url == url


@pytest.mark.parametrize("url", ["", "http://broker:4222", "nats://a:4222,nats://b:4222", "nats://:4222"])
def test_addresses_that_are_refused(url: str) -> None:
    """They would be tried for ever."""
    with pytest.raises(ValueError, match="one address"):
        BrokerSettings(nats_url=url)


def test_a_store_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """To end and come back would load the models anew each time."""
    log = tmp_path / "exporter.log"
    with service("exporter", log, S3_ENDPOINT=f"127.0.0.1:{free_port()}") as process:
        said = wait_until(lambda: told(log, "store_not_ready"), 90, f"a word of the store; {log}")
        assert process.poll() is None
    assert "S3_ENDPOINT" in said[0]["error"]
    assert "Traceback" not in log.read_text()


def test_a_gateway_that_starts_without_its_store_is_read(tmp_path: Path) -> None:
    """Nothing that is read lies in the store; that it is away is told meanwhile."""
    log, port = tmp_path / "gateway.log", str(free_port())
    away = {"S3_ENDPOINT": f"127.0.0.1:{free_port()}", "NATS_URL": f"nats://127.0.0.1:{free_port()}"}
    with (
        service("gateway", log, LOCALCLIP_PORT=port, **away) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        wait_until(lambda: _is_ready(client), 90, f"no answer; {log}")
        assert client.get("/api/tasks").json() == []
        wait_until(lambda: told(log, "store_not_ready"), 90, f"a word of the store; {log}")
        assert process.poll() is None
    assert "Traceback" not in log.read_text()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.ConnectError:
        return False


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://localclip:secret@127.0.0.1:9/localclip", "refused"),
        ("sqlite:////proc/none/localclip.db", "cannot be made"),
        ("no address", "is no address of a database"),
    ],
)
def test_a_database_that_is_not_there(url: str, words: str) -> None:
    """The gateway ends with the reason, without the password."""
    with pytest.raises(SystemExit) as ended:
        open_database(DatabaseSettings(database_url=url))
    assert words in str(ended.value)
    assert "secret" not in str(ended.value)


def test_what_was_just_told_is_not_told_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slots with one problem wait for the same moment; another problem is told at once."""
    now_s = 1000.0
    monkeypatch.setattr("shared.messaging._trouble.time", SimpleNamespace(monotonic=lambda: now_s))
    trouble = Trouble("fetch_failed")
    assert trouble.tell("away") == 0.5
    now_s += 0.125
    assert trouble.tell("away") == 0.375
    assert trouble.tell("refused") == 1.0
    trouble.over()
    assert trouble.tell("refused") == 0.5
