"""What the broker and a crash can do to jobs and results."""

import asyncio
import json
import shutil
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import nats
import pytest
from nats.js import JetStreamContext

from shared.messaging import ADVISORIES_CONSUMER, JobFailed, LinesTranslated, TranslatedLine, subjects
from shared.pipeline import ErrorCode, Stage
from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World


def on_broker(world: World, act: Callable[[JetStreamContext], Awaitable[Any]]) -> Any:
    """Do something with the broker beside the gateway."""

    async def run() -> Any:
        client = await nats.connect(world.nats.url)
        try:
            return await act(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(run())


def messages(world: World, stream: str = subjects.JOBS) -> int:
    async def count(js: JetStreamContext) -> int:
        return (await js.stream_info(stream)).state.messages

    return int(on_broker(world, count))


def execute(world: World, statement: str) -> list[Any]:
    with closing(sqlite3.connect(world.folder / "localclip.db", timeout=10)) as database, database:
        return database.execute(statement).fetchall()


def started(world: World) -> tuple[Gateway, str]:
    """A gateway without workers and a task whose first job is in the queue."""
    gateway = world.gateway()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    wait_until(lambda: messages(world) == 1, 60, "no job is dispatched")
    return gateway, task_id


def test_a_crash_between_publish_and_mark_publishes_nothing_twice(small_world: World) -> None:
    """The row is still ready although its message is out: one message stays one message."""
    gateway, task_id = started(small_world)
    gateway.service.end(signal.SIGKILL)
    execute(small_world, "UPDATE jobs SET state = 'ready'")
    gateway.service.start()
    gateway.wait_ready()
    state = "SELECT state FROM jobs"
    wait_until(lambda: execute(small_world, state) == [("dispatched",)], 60, "not marked")
    assert messages(small_world) == 1
    small_world.workers()
    gateway.wait_for(task_id)


def test_a_lost_message_is_sent_again(small_world: World) -> None:
    """The broker lost its disk: the sweeper finds the silent job."""
    gateway, task_id = started(small_world)

    async def lose(js: JetStreamContext) -> None:
        info = await js.stream_info(subjects.JOBS)
        await js.delete_msg(subjects.JOBS, info.state.last_seq)

    on_broker(small_world, lose)
    small_world.workers()
    gateway.wait_for(task_id)
    assert execute(small_world, "SELECT resends FROM jobs WHERE stage = 'speaker_diarization'") == [(1,)]


def test_a_message_the_broker_will_not_deliver_is_sent_again(small_world: World) -> None:
    """A stream that counts from the beginning after a crash, while its consumer has got further."""
    gateway, task_id = started(small_world)
    workers = small_world.workers()
    gateway.wait_for(task_id)
    workers.end(signal.SIGKILL)
    gateway.service.end()
    small_world.nats.stop()
    (stored,) = (small_world.nats.store_dir / "streams").rglob(f"{subjects.JOBS}/msgs")
    shutil.rmtree(stored)
    small_world.nats.start()
    gateway.service.start()
    gateway.wait_ready()
    other = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    small_world.workers()
    gateway.wait_for(other, timeout_s=90)


def test_the_broker_may_be_away_for_a_while(small_world: World) -> None:
    """Uploads are taken and read meanwhile; live events say that they are away; then everything goes on."""
    gateway = small_world.gateway()
    small_world.nats.kill()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    assert gateway.task(task_id)["status"] == "processing"

    def refused() -> bool:
        answer = gateway.http.get("/api/events")
        return answer.status_code == 503 and answer.json()["code"] == "broker_unavailable"

    wait_until(refused, 60, "the outage is not noticed")
    whole = gateway.http.get("/readyz?all=true")
    assert (whole.status_code, whole.json()["checks"]) == (503, {"database": True, "store": True, "broker": False})
    assert gateway.http.get("/readyz").status_code == 200, "who only reads can be answered"
    small_world.nats.start()
    small_world.workers()
    gateway.wait_for(task_id)


def test_messages_of_ended_jobs_are_cleared(small_world: World) -> None:
    """A canceled job does not stay in the queue, even without any worker."""
    gateway, task_id = started(small_world)
    gateway.http.post(f"/api/tasks/{task_id}/cancel")
    wait_until(lambda: messages(small_world) == 0, 60, "the message stays")


def test_deleting_without_workers_leaves_nothing(small_world: World) -> None:
    """Rows, objects and messages go although nobody can answer."""
    gateway, task_id = started(small_world)
    assert gateway.http.delete(f"/api/tasks/{task_id}").status_code == 204
    wait_until(lambda: execute(small_world, "SELECT count(*) FROM tasks") == [(0,)], 60, "rows stay")
    assert messages(small_world) == 0
    assert list((small_world.folder / "objects").rglob("*.mp4")) == []
    for table in ("jobs", "stage_runs", "task_languages", "language_processing_logs"):
        assert execute(small_world, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 (our own names)


def report(world: World, *results: Any) -> None:
    async def publish(js: JetStreamContext) -> None:
        for result in results:
            await js.publish(subjects.results(result.stage), result.model_dump_json().encode())

    on_broker(world, publish)
    wait_until(lambda: messages(world, subjects.RESULTS) == 0, 60, "a result is not taken in")


def test_results_count_once_and_late_ones_not_at_all(small_world: World) -> None:
    """A repeated, an outdated and a foreign result are acknowledged and change nothing."""
    gateway = small_world.gateway()
    workers = small_world.workers()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    workers.end(signal.SIGKILL)
    before = gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json()
    address = {"task_id": task_id, "language": "es", "stage": Stage.TRANSLATION, "shard": "0"}
    other = LinesTranslated(**address, attempt=1, lines=(TranslatedLine(segment_id="s0000", text="ANOTHER"),))
    late = JobFailed(**address, attempt=7, code=ErrorCode.INTERNAL, message="late")
    foreign = JobFailed(**{**address, "task_id": "task_gone"}, attempt=1, code=ErrorCode.INTERNAL, message="x")
    report(small_world, other, late, foreign)
    assert gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json() == before
    assert gateway.task(task_id)["status"] == "completed"


def test_an_unreadable_result_is_buried(small_world: World) -> None:
    """It goes to the dead letters and is not delivered in a loop."""
    gateway = small_world.gateway()

    async def publish(js: JetStreamContext) -> None:
        await js.publish("localclip.results.translation", b"{}")

    on_broker(small_world, publish)
    wait_until(lambda: messages(small_world, subjects.DEAD) == 1, 60, "no dead letter")
    wait_until(lambda: messages(small_world, subjects.RESULTS) == 0, 60, "it is delivered again")
    assert gateway.http.get("/healthz").status_code == 200


def test_an_advisory_that_nobody_can_read_is_buried(small_world: World) -> None:
    """The next one is read, and its job fails."""
    gateway, task_id = started(small_world)
    spent = subjects.deliveries_spent("speaker_diarization-batch")

    async def publish(js: JetStreamContext) -> None:
        await js.publish(spent, b'{"a newer server": "says it differently"}')
        sequence = (await js.stream_info(subjects.JOBS)).state.last_seq
        advisory = {"stream": subjects.JOBS, "consumer": "c", "stream_seq": sequence, "deliveries": 6}
        await js.publish(spent, json.dumps({"type": "io.nats.jetstream.advisory.v1.max_deliver", **advisory}).encode())

    on_broker(small_world, publish)
    failed = gateway.wait_for(task_id, "failed")
    assert failed["error_code"] == ErrorCode.WORKER_LOST
    wait_until(lambda: messages(small_world, subjects.DEAD) == 2, 60, "a letter for the job and one for the advisory")
    wait_until(lambda: messages(small_world) == 0, 60, "the message stays")

    async def unsettled(js: JetStreamContext) -> int:
        return int((await js.consumer_info(subjects.ADVISORIES, ADVISORIES_CONSUMER)).num_ack_pending or 0)

    wait_until(lambda: on_broker(small_world, unsettled) == 0, 60, "it is delivered again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_with_open_streams_stops_at_once(small_world: World, number: signal.Signals) -> None:
    """An open event stream does not hold up the end."""
    gateway = small_world.gateway()
    with gateway.http.stream("GET", "/api/events") as stream:
        next(stream.iter_lines())
        assert gateway.service.end(number) in (0, -number)
