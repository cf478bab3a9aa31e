"""The service as a process beside a real broker."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from shared.messaging import Fact, Progress, RawProgress, Role, fact, provision, subjects
from shared.pipeline import Stage
from shared.testing import NatsServer, nats_server, wait_until, wait_until_async

SUBJECT = subjects.event("t", "es", Stage.TRANSLATION, "progress")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[NatsServer]:
    """A broker of this test's own."""
    with nats_server(tmp_path / "nats") as server:
        yield server
        assert server.refusals() == []


@pytest.fixture
async def client(broker: NatsServer) -> AsyncIterator[Client]:
    """Somebody who speaks and listens."""
    connection = await nats.connect(broker.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    await provision(connection.jetstream())
    yield connection
    await connection.close()


@contextmanager
def service(broker: NatsServer, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m services.progress`, ready; stopped by SIGTERM, which it has to heed, if it still runs."""
    seen = log.stat().st_size if log.exists() else 0
    environment = {**os.environ, "NATS_URL": broker.login(Role.PROGRESS)}
    with log.open("ab") as sink:
        process = subprocess.Popen([sys.executable, "-m", "services.progress"], stderr=sink, env=environment)
    try:
        wait_until(lambda: b"progress_ready" in log.read_bytes()[seen:], 60, "the service to be ready")
        yield process
        if process.poll() is None:
            process.terminate()
            assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


async def say(client: Client, fraction: float, attempt: int = 1, shard: str = "0") -> None:
    word = RawProgress(
        task_id="t",
        language="es",
        stage=Stage.TRANSLATION,
        attempt=attempt,
        shard=shard,
        weight=1,
        total_weight=2,
        fraction=fraction,
    )
    await client.publish(subjects.raw_progress("t", "es", Stage.TRANSLATION), word.model_dump_json().encode())


async def state(client: Client) -> Progress | None:
    """The kept latest state, as a new subscriber reads it."""
    try:
        stored = await client.jetstream().get_last_msg(subjects.EVENTS, SUBJECT)
    except (NotFoundError, TimeoutError):
        return None
    event = Fact.model_validate_json(stored.data or b"")
    assert (event.type, event.subject, stored.subject) == ("localclip.translation.progress", SUBJECT, SUBJECT)
    return Progress.model_validate(event.data)


async def until(client: Client, progress: int, attempt: int = 1) -> Progress:
    async def reached() -> Progress | None:
        now = await state(client)
        return now if now and (now.attempt, now.progress) == (attempt, progress) else None

    return await wait_until_async(reached, 60, f"{progress} % of attempt {attempt}")


async def happened(client: Client, name: str, attempt: int = 1) -> None:
    event = fact(f"{name}-{attempt}", "t", "es", Stage.TRANSLATION, name, {"attempt": attempt})
    await client.jetstream().publish(event.subject, event.model_dump_json().encode(), stream=subjects.EVENTS)


async def history(client: Client) -> list[tuple[int, int]]:
    """Everything told, oldest first."""
    found = []
    js = client.jetstream()
    for sequence in range(1, (await js.stream_info(subjects.EVENTS)).state.last_seq + 1):
        stored = await js.get_msg(subjects.EVENTS, sequence)
        if stored.subject == SUBJECT:
            data = json.loads(stored.data or b"{}")["data"]
            found.append((data["attempt"], data["progress"]))
    return found


async def test_progress_is_folded_through_restarts_of_everything(
    broker: NatsServer, client: Client, tmp_path: Path
) -> None:
    """Killed and started again, with the broker gone for a while in between, it neither forgets nor goes back."""
    log = tmp_path / "progress.log"
    with service(broker, log) as process:
        await happened(client, "started")
        await until(client, 0)
        await say(client, 0.4)
        await until(client, 20)
        await say(client, 0.9)
        await until(client, 45)
        process.kill()
        process.wait()

    # While nobody listens a worker goes on; its words are lost, those of its colleague too.
    await say(client, 1.0)
    await client.flush()
    with service(broker, log):
        await say(client, 0.2, shard="1")
        await say(client, 0.4, shard="1")
        await until(client, 55)

        broker.kill()
        broker.start()
        await wait_until_async(lambda: client.is_connected, 60, "the client to be back")

        async def heard() -> bool:
            await say(client, 0.6, shard="1")  # until the service is back as well
            told = await state(client)
            return told is not None and told.progress == 65

        await wait_until_async(heard, 60, "the service to be back")
        await happened(client, "completed")
        assert (await until(client, 100)).eta_seconds == 0.0
        await say(client, 0.7, shard="1")
        await say(client, 0.5, attempt=2)
        await until(client, 25, attempt=2)
    told = await history(client)
    assert told == sorted(told)
    assert len(told) == len(set(told))


async def test_a_stage_completed_while_nobody_listened_is_told_after_the_start(
    broker: NatsServer, client: Client, tmp_path: Path
) -> None:
    """Facts are stored; words about a task that was deleted meanwhile are not answered."""
    await happened(client, "completed")
    with service(broker, tmp_path / "progress.log"):
        await until(client, 100)
        gone = fact("gone", "t", "base", "task", "deleted", {})
        await client.jetstream().publish(gone.subject, gone.model_dump_json().encode(), stream=subjects.EVENTS)
    with service(broker, tmp_path / "progress.log"):
        await say(client, 0.5, attempt=2)
        marker = fact("marker", "u", "es", Stage.TRANSLATION, "completed", {"attempt": 1})
        await client.jetstream().publish(marker.subject, marker.model_dump_json().encode(), stream=subjects.EVENTS)
        told = subjects.event("u", "es", Stage.TRANSLATION, "progress")

        async def marked() -> bool:
            try:
                return bool((await client.jetstream().get_last_msg(subjects.EVENTS, told)).data)
            except NotFoundError:
                return False

        await wait_until_async(marked, 60, "the marker, which came after the word, to be answered")
        assert await history(client) == [(1, 100)]


async def test_what_cannot_be_read_is_left_out(broker: NatsServer, client: Client, tmp_path: Path) -> None:
    """Words and facts of a sender gone mad: the next ones count, and the log says it in a line, without a traceback."""
    log = tmp_path / "progress.log"
    with service(broker, log):
        where = subjects.raw_progress("t", "es", Stage.TRANSLATION)
        for body in (b"not json", b"{}", json.dumps({"task_id": "t", "fraction": 7}).encode()):
            await client.publish(where, body)
        started = subjects.event("t", "es", Stage.TRANSLATION, "started")
        await client.jetstream().publish(started, b'{"no": "fact"}', stream=subjects.EVENTS)
        await say(client, 0.4)
        await until(client, 20)
    written = log.read_text()
    assert written.count("message_unreadable") == 4
    assert "Traceback" not in written


async def test_it_stops_while_the_broker_is_away(broker: NatsServer, client: Client, tmp_path: Path) -> None:
    """SIGTERM is heeded at any time."""
    log = tmp_path / "progress.log"
    await client.close()  # it would look for the broker until the end, and fail to take its leave
    with service(broker, log) as process:
        broker.kill()
        process.terminate()
        assert process.wait(30) == 0
