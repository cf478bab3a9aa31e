"""The servers that tests stand on."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import nats as nats_client
import psycopg
import pytest

from shared.storage import open_store, put_bytes, read_bytes
from shared.testing import (
    MinioServer,
    NatsServer,
    ServerUnavailable,
    nats_server,
    wait_until,
    wait_until_async,
)

pytestmark = pytest.mark.anyio


async def test_broker_keeps_address_and_streams(nats: NatsServer) -> None:
    """Killed and started again, it is the same broker with the same messages."""
    for end in (nats.kill, nats.stop):
        client = await nats_client.connect(nats.url)
        js = client.jetstream()
        await js.add_stream(name="KEPT", subjects=["kept"])
        await js.publish("kept", b"message")
        await client.close()
        end()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", urlsplit(nats.url).port)
        nats.start()
    client = await nats_client.connect(nats.url)
    assert (await client.jetstream().stream_info("KEPT")).state.messages == 2
    await client.close()


async def test_given_broker_is_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nats: NatsServer) -> None:
    """An address from the environment is used as it is, and killing it is refused rather than pretended."""
    monkeypatch.setenv("LOCALCLIP_TEST_NATS_URL", nats.url)
    with nats_server(tmp_path / "given") as given:
        assert given.url == nats.url
        with pytest.raises(ServerUnavailable, match="LOCALCLIP_TEST_NATS_URL"):
            given.kill()
    client = await nats_client.connect(nats.url)
    await client.close()


def test_missing_broker_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a binary and a container the message says what was looked for."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.delenv("LOCALCLIP_TEST_NATS_URL", raising=False)
    with (
        pytest.raises(ServerUnavailable, match="no nats-server binary is found, and no Docker daemon answers"),
        nats_server(tmp_path / "nats"),
    ):
        pytest.fail("there is no server")


def test_databases_are_empty_and_separate(postgres: str) -> None:
    """Every test has a database of its own."""
    with psycopg.connect(postgres.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE things (id int)")
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (1,)


def test_buckets(minio: MinioServer) -> None:
    """A bucket is made when it is opened."""
    store = open_store(minio.settings("made-for-this-test"))
    put_bytes(store, "a/b", b"x")
    assert read_bytes(store, "a/b") == b"x"


async def test_waiting() -> None:
    """The first true value comes back, and a deadline that passes tells what was waited for."""
    values = iter([0, "", None, "found"])
    assert wait_until(lambda: next(values), 60, "a value") == "found"
    with pytest.raises(TimeoutError, match="the moon"):
        wait_until(lambda: False, 0.05, "the moon")

    async def later() -> int:
        return 3

    assert await wait_until_async(later, 60, "a value") == 3
    with pytest.raises(TimeoutError, match="the sun"):
        await wait_until_async(lambda: None, 0.05, "the sun")
