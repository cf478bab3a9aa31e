"""The published broker: certificates of deploy/new-certs.sh, TLS for everybody, nothing in clear."""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nats as nats_client
import pytest
from faststream.nats import NatsBroker
from nats.aio.client import Client

from shared.messaging import BrokerSettings, Role, connect_options, provision, subjects
from shared.testing import NatsServer, nats_server, wait_until_async
from tests.deploy.composition import ROOT

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and a certificate, as an operator makes them."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certs") / "certs"
    command = [str(ROOT / "deploy" / "new-certs.sh"), "broker.example.com", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    assert (folder / "broker.key").stat().st_mode & 0o077 == 0
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    return folder


@pytest.fixture
def broker(certificates: Path, tmp_path: Path) -> Iterator[NatsServer]:
    """The broker of the deployment with that certificate."""
    config = tmp_path / "nats.conf"
    tls = f'tls {{cert_file: "{certificates}/broker.crt", key_file: "{certificates}/broker.key"}}\n'
    config.write_text(tls + (ROOT / "deploy" / "nats.conf").read_text(encoding="utf-8"), encoding="utf-8")
    with nats_server(tmp_path / "nats", None, config, {role.variable: f'"{role}-word"' for role in Role}) as server:
        yield server


async def test_the_reader_comes_in_by_tls_alone(broker: NatsServer, certificates: Path, tmp_path: Path) -> None:
    """With the authority it trusts it reads facts; with that of the system it refuses the broker."""
    trusted = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    gateway = await nats_client.connect(broker.url, user="gateway", password="gateway-word", tls=trusted)
    js = gateway.jetstream()
    await provision(js)
    await js.publish(subjects.event("t1", "es", "task", "created"), b'{"type": "x"}')
    reader = await nats_client.connect(broker.url, user="automation", password="automation-word", tls=trusted)
    subscription = await reader.jetstream().pull_subscribe_bind("automation", stream=subjects.EVENTS)
    assert [message.data for message in await subscription.fetch(1, timeout=10)] == [b'{"type": "x"}']
    stranger = Client()
    with pytest.raises(ssl.SSLCertVerificationError):
        await stranger.connect(broker.url, user="automation", password="automation-word", allow_reconnect=False)
    await reader.close()
    await gateway.close()


async def test_nothing_is_taken_in_clear(broker: NatsServer) -> None:
    """A client that sends its password without TLS is turned away."""

    def talk() -> bytes:
        host, port = broker.address.split(":")
        with socket.create_connection((host, int(port)), 5) as plain:
            assert b'"tls_required":true' in plain.recv(4096)
            login = {"user": "automation", "pass": "automation-word", "verbose": True}
            plain.sendall(f"CONNECT {json.dumps(login)}\r\nPING\r\n".encode())
            answer = b""
            while part := plain.recv(4096):
                answer += part
            return answer

    try:
        answer = await asyncio.to_thread(talk)
    except ConnectionResetError:
        return
    assert b"PONG" not in answer
    assert b"+OK" not in answer


async def test_services_trust_the_authority_they_are_given(broker: NatsServer, certificates: Path) -> None:
    """NATS_TLS_CA, as compose.tls.yml and the chart set it."""
    settings = BrokerSettings(
        nats_url=broker.url,
        nats_user="gateway",
        nats_password="gateway-word",  # type: ignore[arg-type]
        nats_tls_ca=certificates / "ca.crt",
    )
    options = connect_options(settings)
    assert "gateway-word" not in repr(settings)
    service = NatsBroker(settings.nats_url, **options)
    await service.connect()
    await provision(service.connection.jetstream())
    await service.stop()


async def test_the_example_prints_facts(nats: NatsServer, tmp_path: Path) -> None:
    """`examples/subscribe.py`, with the login of `data/broker/automation.env`."""
    gateway = await nats_client.connect(nats.login(Role.GATEWAY))
    await provision(gateway.jetstream())
    word = nats.login(Role.AUTOMATION).split("@")[0].rpartition(":")[2]
    environment = {"NATS_URL": f"nats://{nats.address}", "NATS_USER": "automation", "NATS_PASSWORD": word}
    said = tmp_path / "said"
    script = _example(environment, said)
    try:
        data = {"task_id": "t1", "language": "es", "issues": 2}
        fact = {"type": "localclip.language.completed", "time": "2026-11-26T20:00:00Z", "data": data}
        subject = subjects.event("t1", "es", "language", "completed")
        await gateway.jetstream().publish(subject, json.dumps(fact).encode())
        await wait_until_async(lambda: "with 2 lines to look at" in said.read_text(), 60, said.read_text())
    finally:
        script.kill()
        script.wait()
        await gateway.close()


async def test_the_example_says_that_its_login_is_refused(nats: NatsServer, tmp_path: Path) -> None:
    """One sentence and an end, instead of a traceback every second."""
    environment = {"NATS_URL": f"nats://{nats.address}", "NATS_USER": "automation", "NATS_PASSWORD": "wrong"}
    said = tmp_path / "said"
    script = _example(environment, said)
    assert script.wait(60) == 1
    assert said.read_text().splitlines() == [
        "the broker refuses the login: NATS_USER and NATS_PASSWORD must be those it was started with"
    ]


def _example(environment: dict[str, str], said: Path) -> "subprocess.Popen[bytes]":
    with said.open("wb") as output:
        command = [sys.executable, str(ROOT / "examples" / "subscribe.py")]
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output)
