"""Event streams: what one client gets, on one gateway and across two."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from services.gateway.live import events as events_of
from services.gateway.live.audience import MAX_WAITING, Audience, Frame, Mailbox, to_frame
from services.gateway.web.problems import Problem
from shared.testing import NatsServer, wait_until
from tests.services.gateway.conftest import Gateway, World

Event = tuple[str, int | None, dict[str, Any]]


def events(stream: httpx.Response) -> Iterator[Event]:
    """Name, id and data of each server-sent event."""
    name, number, data = "", None, "{}"
    for line in stream.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "id":
            number = int(value)
        elif key == "data":
            data = value
        elif not line and name:
            yield name, number, json.loads(data)
            name, number, data = "", None, "{}"


def until(gateway: Gateway, path: str, last: str, headers: dict[str, str] | None = None) -> list[Event]:
    """Events of a stream up to the first one named `last`."""
    found = []
    with gateway.http.stream("GET", path, headers=headers or {}, timeout=30) as stream:
        assert stream.status_code == 200
        for event in events(stream):
            found.append(event)
            if event[0] == last:
                return found
    raise AssertionError(f"the stream ended before {last}")


def ids(found: list[Event]) -> list[int]:
    return [number for name, number, _ in found if number is not None and name != "hello"]


def test_hello_then_heartbeats(small_world: World) -> None:
    """The first event carries the state; an idle stream is told from a hung one by named heartbeats."""
    gateway = small_world.gateway()
    task = gateway.create('{"target_languages": ["es"]}')
    found = until(gateway, f"/api/tasks/{task['task_id']}/events", "heartbeat")
    assert found[0][0] == "hello"
    assert found[0][2]["task"]["task_id"] == task["task_id"]
    assert found[-1] == ("heartbeat", None, {})


def test_a_client_may_come_back_to_another_gateway(small_world: World, postgres: str) -> None:
    """Ids mean the same on every gateway: nothing is missed and nothing comes twice."""
    small_world.database_url = postgres
    first, second = small_world.gateway(), small_world.gateway()
    task_id = first.create('{"target_languages": ["es"]}')["task_id"]
    path = f"/api/tasks/{task_id}/events"
    before = until(first, path, "hello")
    first.http.post(f"/api/tasks/{task_id}/process", json={})
    before += until(first, path, "speaker_diarization.started", {"Last-Event-ID": str(before[0][1])})
    small_world.workers()
    second.wait_for(task_id)
    after = until(second, f"{path}?last_event_id={before[-1][1]}", "task.completed")
    numbers = ids(before) + ids(after)
    assert numbers == sorted(set(numbers))
    names = [name for name, _, _ in before + after]
    assert [names.count(f"{stage}.completed") for stage in ("translation", "voice_cloning", "export")] == [1, 1, 1]


def test_nothing_is_missed_across_a_crash_of_the_broker(small_world: World) -> None:
    """The stream ends when the broker is back; the client resumes by id and has every fact once."""
    gateway = small_world.gateway()
    small_world.workers(STUB_DELAY_S="0.5")
    task_id = gateway.create('{"target_languages": ["es", "fr"]}', start=True)["task_id"]
    seen: dict[int, str] = {}
    crashed = False
    for _ in range(200):
        headers = {"Last-Event-ID": str(max(seen))} if seen else {}
        with gateway.http.stream("GET", f"/api/tasks/{task_id}/events", headers=headers, timeout=30) as stream:
            if stream.status_code == 503:
                time.sleep(0.1)
                continue
            for name, number, _ in events(stream):
                if number is not None and name != "hello":
                    assert number not in seen
                    seen[number] = name
                if name == "translation.started" and not crashed:
                    crashed = True
                    small_world.nats.kill()
                    small_world.nats.start()
                if name == "task.completed":
                    break
        if "task.completed" in seen.values():
            break
    names = list(seen.values())
    assert crashed
    assert [names.count(f"{stage}.completed") for stage in ("translation", "voice_cloning", "export")] == [2, 2, 2]


def test_the_stream_of_all_tasks_shows_every_task(small_world: World) -> None:
    """Facts of several tasks arrive in the order of their ids."""
    gateway = small_world.gateway()
    start = until(gateway, "/api/events", "hello")[0][1]
    created = {gateway.create()["task_id"] for _ in range(3)}
    wait_until(lambda: _last_id(gateway) >= (start or 0) + 3, 60, "facts are not published")
    found = until(gateway, f"/api/events?last_event_id={start}", "heartbeat")
    assert {data["data"]["task_id"] for name, _, data in found if name == "task.created"} == created
    assert ids(found) == sorted(ids(found))


def _last_id(gateway: Gateway) -> int:
    return until(gateway, "/api/events", "hello")[0][1] or 0


def test_an_unknown_past_ends_in_a_resync(small_world: World) -> None:
    """An id the stream never gave (another broker, a lost disk) tells the client to read everything again."""
    gateway = small_world.gateway()
    found = until(gateway, "/api/events?last_event_id=999999", "resync")
    assert [name for name, _, _ in found] == ["hello", "resync"]


def test_the_websocket_sends_what_the_first_version_did(small_world: World) -> None:
    """Its client puts every frame under `language` and `stage`: only progress comes, facts where they are asked for."""
    gateway = small_world.gateway()
    small_world.workers(STUB_DELAY_S="0.2")
    small_world.progress()
    task_id = gateway.create('{"target_languages": ["es"]}')["task_id"]
    address = f"{gateway.http.base_url}/ws/tasks/".replace("http", "ws", 1)
    with connect(address + task_id) as first, connect(f"{address}{task_id}?all=true") as every:
        gateway.http.post(f"/api/tasks/{task_id}/process", json={})
        seen: list[str] = []
        while "task.completed" not in seen:
            message = json.loads(every.recv(timeout=60))
            assert message["task_id"] == task_id
            seen.append(message["type"])
        frames = [json.loads(first.recv(timeout=60))]
        with contextlib.suppress(TimeoutError):
            while True:
                frames.append(json.loads(first.recv(timeout=3)))
    assert seen.index("translation.started") < seen.index("translation.completed")
    wanted = {"type", "task_id", "language", "stage", "progress", "message", "eta_seconds"}
    assert all(wanted <= frame.keys() and frame["type"] == "progress" for frame in frames)
    with pytest.raises(InvalidStatus, match="403"), connect(f"{address}task_20200101_000000_00000000"):
        pass


def frame(number: int | None, task: str = "task_1") -> Frame:
    return Frame(task, "x.y" if number else "progress", b"{}", number)


def test_a_slow_client_costs_bounded_memory_and_is_cut_off() -> None:
    """Progress of a unit is kept once; too many waiting facts close the mailbox, and nothing is kept in it then."""

    async def run() -> None:
        box = Mailbox("task_1")
        for _ in range(10_000):
            box.put(frame(None), "unit-a")
            box.put(frame(None), "unit-b")
        for number in range(1, MAX_WAITING + 1):
            box.put(frame(number), "")
        assert [f.sequence for f in await box.take(1)] == [*range(1, MAX_WAITING + 1), None, None]
        for number in range(1, MAX_WAITING + 10):
            box.put(frame(number), "")
        assert box.closed
        for number in range(10_000):
            box.put(frame(None), f"unit-{number}")
        assert await box.take(1) == []

    asyncio.run(run())


def test_what_waits_when_the_gateway_stops_is_still_delivered() -> None:
    """Nothing is added any more."""

    async def run() -> None:
        box = Mailbox("task_1")
        box.put(frame(1), "")
        box.close()
        box.put(frame(2), "")
        assert [f.sequence for f in await box.take(1)] == [1]

    asyncio.run(run())


async def test_progress_never_goes_back() -> None:
    """What arrives while the stream is asked for what was before is newer than its answer."""
    unit = "localclip.{}.task_1.es.export.progress"

    def body(percent: int) -> bytes:
        return json.dumps({"data": {"progress": percent}}).encode()

    class Broker:
        """It answers with 40 %, after 60 % was told."""

        is_connected = True

        def __init__(self) -> None:
            self.connection = self
            self.hub = Audience(self)  # type: ignore[arg-type]

        def jetstream(self) -> "Broker":
            return self

        async def get_last_msg(self, _: str, subject: str) -> RawStreamMsg:
            live: Any = None
            await self.hub._receive(Msg(live, subject=unit.format("live"), data=body(60)))
            return RawStreamMsg(subject=subject, data=body(40))

    hub = Broker().hub
    assert await hub.latest_progress("task_1", "es", "export") == {"progress": 60}
    assert hub.known_progress("task_1", "es", "export") == {"progress": 60}


def test_many_waits_make_one_timer() -> None:
    """Events reach thousands of clients: none of them may leave canceled timers behind. Silence ends a wait in time."""

    async def run() -> None:
        timers: list[float] = []
        loop = asyncio.get_running_loop()
        call_at = loop.call_at
        loop.call_at = lambda when, *rest, **more: (timers.append(when), call_at(when, *rest, **more))[1]  # type: ignore[method-assign,assignment]
        box = Mailbox("task_1")
        for number in range(1, 50):
            loop.call_soon(box.put, frame(number), "")
            assert [one.sequence for one in await box.take(60.0)] == [number]
        assert len(timers) == 1
        assert await Mailbox("task_1").take(0.01) == []

    asyncio.run(run())


def test_an_event_is_written_once_for_all() -> None:
    """Whoever asks gets the same bytes."""
    told = frame(7)
    assert told.encoded is told.encoded
    assert told.payload is told.payload


def test_a_mailbox_belongs_to_its_task() -> None:
    """Other tasks' events do not reach it; a mailbox for all gets everything; nothing stays of one that left."""

    async def run() -> None:
        hub = Audience(NatsBroker(logger=None))
        one, every = hub.join("task_1"), hub.join(None)
        for number, task in enumerate(("task_1", "task_2"), 1):
            hub.deliver(frame(number, task), "unit")
        assert [f.task_id for f in await one.take(1)] == ["task_1"]
        assert [f.task_id for f in await every.take(1)] == ["task_1", "task_2"]
        hub.leave(one)
        hub.leave(every)
        hub.deliver(frame(3), "unit")
        assert await one.take(0.01) == []

    asyncio.run(run())


async def test_no_stream_opens_before_the_gateway_listens(nats: NatsServer) -> None:
    """One that opened once the broker is reached, but before the subscription, would miss what is told in between."""
    broker = NatsBroker(nats.url, logger=None)
    hub = Audience(broker)
    await broker.connect()
    try:
        with pytest.raises(Problem) as refused:
            events_of._ready(hub)
        assert refused.value.status == 503
        await hub.start()
        events_of._ready(hub)
    finally:
        await broker.stop()


def test_progress_is_sent_as_its_plain_payload() -> None:
    """Facts stay whole CloudEvents with an id; progress has the shape of the first version and no id."""
    data = json.dumps({"data": {"type": "progress", "progress": 4}}).encode()
    progress = to_frame("localclip.events.task_1.es.export.progress", data, 7)
    assert progress.encoded == b'event: progress\ndata: {"type":"progress","progress":4}\n\n'
    fact = to_frame("localclip.events.task_1.es.export.completed", data, 8)
    assert fact.encoded.startswith(b"id: 8\nevent: export.completed\n")
    with pytest.raises(ValueError, match="not an event subject"):
        to_frame("localclip.events.task_1", data, 9)
