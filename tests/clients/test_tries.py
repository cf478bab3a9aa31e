"""What breaks on the way costs little, nothing is done twice: a real gateway, and a network that loses things."""

import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from localclip.stack import Stack
from localclip_client import (
    ApiError,
    AsyncClient,
    BusyError,
    Client,
    LineState,
    NewTask,
    NotFoundError,
    ServerUnreachable,
)
from localclip_client.models import Line

MIB = 1024 * 1024
LOST = httpx.ReadError("the connection broke")
Fate = Callable[[httpx.Request, int], "Exception | httpx.Response | int | None"]
"""What becomes of a request, by its number from 1 on: an answer that is lost, another one, or so many bytes of it."""


class Lossy(httpx.AsyncBaseTransport):
    """Carries requests to the gateway, and decides what comes back."""

    def __init__(self, fate: Fate) -> None:
        self._fate, self._real = fate, httpx.AsyncHTTPTransport()
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        fate = self._fate(request, len(self.seen))
        if isinstance(fate, httpx.Response):
            return fate
        answer = await self._real.handle_async_request(request)
        if isinstance(fate, Exception):
            await answer.aread()
            raise fate
        if fate is not None:
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            answer.stream = _CutOff(answer.stream, fate)
        return answer

    def sent(self, method: str, ending: str = "") -> list[httpx.Request]:
        """The requests of a kind so far."""
        return [one for one in self.seen if one.method == method and ending in one.url.path]


class _CutOff(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, left: int) -> None:
        self._stream, self._left = stream, left

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk[: self._left]
            self._left -= len(chunk)
            if self._left <= 0:
                raise LOST

    async def aclose(self) -> None:
        await self._stream.aclose()


def over(client: AsyncClient, fate: Fate) -> Lossy:
    """Let a client speak over a network of that kind."""
    network = Lossy(fate)
    client._http._transport, client._http._mounts = network, {}
    return network


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localclip_client._wire._FIRST_PAUSE_S", 0.01)


_UPLOAD_OVER = {"status": 409, "code": "upload_over", "detail": "this upload has ended"}


def first(fate: Any) -> Fate:
    return lambda _, number: fate if number == 1 else None


async def test_a_post_whose_answer_was_lost_is_done_once(agile: AsyncClient) -> None:
    """The repetition carries the key of the first, and gets its answer."""
    network = over(agile, first(LOST))
    name = uuid.uuid4().hex
    made = await agile.create_batch({"name": name, "rows": [{"source": "a.mp4", "languages": ["es"]}]})
    assert made.batch is not None
    one, other = network.sent("POST")
    assert one.headers["Idempotency-Key"] == other.headers["Idempotency-Key"]
    assert [batch.name for batch in (await agile.batches()).batches].count(name) == 1
    network = over(agile, first(LOST))
    await agile.delete_batch(made.batch.batch_id)
    assert len(network.sent("DELETE")) == 2
    with pytest.raises(NotFoundError) as gone:
        await agile.delete_batch(made.batch.batch_id)
    assert "deleted" in gone.value.cure


async def test_who_is_busy_is_asked_again_when_it_says(gateway: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as it was said; other refusals are told at once."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("localclip_client._async.transport.async_sleep", wait)
    busy = httpx.Response(503, headers={"Retry-After": "7"}, json={"code": "database_busy", "detail": "busy"})
    async with AsyncClient(gateway.url, retries=2) as agile:
        over(agile, lambda _, number: busy if number <= 2 else None)
        assert (await agile.tasks()).total >= 0
        assert waits == [7.0, 7.0]
        over(agile, lambda *_: busy)
        with pytest.raises(BusyError) as error:
            await agile.tasks()
        assert (error.value.code, error.value.retry_after_s, len(waits)) == ("database_busy", 7.0, 4)
        network = over(agile, lambda *_: None)
        with pytest.raises(NotFoundError):
            await agile.task("task_20300101_000000_00000000")
        assert len(network.seen) == 1


async def test_an_edit_that_may_have_arrived_is_not_repeated(agile: AsyncClient) -> None:
    """It has no key: what became of it is for the caller to read."""
    network = over(agile, first(LOST))
    line = Line(segment_id="s1", start_s=0, end_s=1, speaker_id="spk_1", state=LineState.DUBBED)
    with pytest.raises(ServerUnreachable) as error:
        await agile.edit_line("t", line, "es", text="x")
    assert (error.value.sent, len(network.seen)) == (True, 1)


@pytest.fixture(scope="module")
def long_video(short_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little more than one part of an upload."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    path.write_bytes(short_video.read_bytes() + b"\0" * 16 * 1024 * 1024)
    return path


async def test_an_upload_is_gone_on_with(gateway: Stack, agile: AsyncClient, long_video: Path) -> None:
    """By another program with the same key: what arrived is not sent again, and it is one task."""
    new, key, sent = NewTask(long_video, ("es",), metadata={"key": "k"}), uuid.uuid4().hex, list[int]()
    async with AsyncClient(gateway.url, retries=0) as first_program:
        network = over(first_program, lambda request, _: LOST if request.url.path.endswith("/parts/2") else None)
        with pytest.raises(ServerUnreachable):
            await first_program.create(new, start=False, key=key)
        assert len(network.sent("PUT")) == 2
    network = over(agile, lambda *_: None)
    task = await agile.create(new, start=False, key=key, on_sent=sent.append)
    assert len(network.sent("PUT")) <= 1, "the second part did arrive, its answer was lost"
    assert (await agile.create(new, start=False, key=key)).task_id == task.task_id
    assert (task.config.metadata, task.config.target_languages) == ({"key": "k"}, ["es"])
    with Client(gateway.url) as client:
        assert [found.task_id for found in client.tasks(metadata={"key": "k"}).tasks] == [task.task_id]
        assert [found.task_id for found in client.iterate_tasks(search="long")] == [task.task_id]
        client.delete(task.task_id)


async def test_a_part_that_is_not_taken_is_left_to_the_completion(agile: AsyncClient, short_video: Path) -> None:
    """A part that is not taken any more is no failure: completing it tells what became of it."""
    over(agile, lambda request, _: httpx.Response(409, json=_UPLOAD_OVER) if request.method == "PUT" else None)
    with pytest.raises(ApiError) as refused:
        await agile.create(NewTask(short_video, ("es",)), start=False)
    assert refused.value.code == "upload_incomplete"


async def test_what_is_given_up_leaves_nothing(agile: AsyncClient, short_video: Path) -> None:
    """Without a key nobody goes on with an upload."""

    def give_up(_: int) -> None:
        raise KeyboardInterrupt

    network = over(agile, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        await agile.create(NewTask(short_video), on_sent=give_up)
    begun = network.sent("POST", "/parts")[0].url.path.split("/")[-2]
    with pytest.raises(ApiError, match="not_found"):
        await agile._get(f"/api/uploads/{begun}")


def held(folder: Path) -> dict[str, int]:
    """The files of a folder with their sizes."""
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def contents(path: Path) -> bytes:
    return path.read_bytes()


async def test_a_download_is_gone_on_with(gateway: Stack, agile: AsyncClient, long_video: Path, tmp_path: Path) -> None:
    """Within a program and by the next one, and what changed meanwhile is fetched anew."""
    task = await agile.create(NewTask(long_video), start=False)
    (file,) = [one for one in await agile.artifacts(task.task_id) if one.language == "base"]
    target, came = tmp_path / "back [1].mp4", list[int]()
    async with AsyncClient(gateway.url, retries=0) as first_program:
        over(first_program, lambda _, number: 3_000_000 if number == 1 else LOST)
        with pytest.raises(ServerUnreachable):
            await first_program.download(task.task_id, file, target)
    assert list(held(tmp_path).values()) == [2 * MIB], "what is whole of it"
    network = over(agile, lambda _, number: 2_000_000 if number == 2 else None)
    await agile.download(task.task_id, file, target, came.append)
    assert contents(target) == contents(long_video)
    assert list(held(tmp_path)) == [target.name]
    ranges = [one.headers.get("Range") for one in network.seen]
    assert ranges == [None, f"bytes={2 * MIB}-", None, f"bytes={3 * MIB}-"]
    assert came == sorted(came)
    await anyio.Path(tmp_path / f"{target.name}.0123456789ab.part").write_bytes(b"of another version")
    await agile.download(task.task_id, file, target)
    assert list(held(tmp_path)) == [target.name]
    await agile.delete(task.task_id)


async def test_events_go_on_where_they_broke_off(agile: AsyncClient, short_video: Path) -> None:
    """By the id of the last one; a batch is followed to its end."""
    made = await agile.create_batch({"name": "b", "rows": [{"source": short_video.name, "languages": ["es"]}]})
    assert made.batch is not None
    task = await agile.send_row(made.batch.batch_id, 1, short_video, {})
    network = over(agile, lambda request, _: 20_000 if request.url.path.endswith("/events") else None)
    heard = agile.events(task.task_id)
    hello = await anext(heard)
    assert (hello.event, hello.data["task"]["task_id"]) == ("hello", task.task_id)
    over(agile, lambda *_: None)
    facts: list[str] = []
    followed = agile.follow_batch(made.batch.batch_id, poll_s=0.05)
    assert (await anext(followed)).rows["processing"] == 1
    await agile.cancel_batch(made.batch.batch_id)
    async for event in heard:
        facts += [event.event] if event.is_fact else []
        if "task.canceled" in facts:
            break
    assert len(facts) == len(set(facts)), "none twice"
    assert [batch.state async for batch in followed][-1] == "canceled"
    assert (await agile.wait_for_task(task.task_id)).ended
    assert len(network.sent("GET", "/events")) == 1
    await agile.delete_batch(made.batch.batch_id)


def test_without_a_gateway_patience_ends() -> None:
    """After as many tries as were allowed."""
    with Client("http://127.0.0.1:9", retries=2) as client, pytest.raises(ServerUnreachable) as error:
        client.tasks()
    assert error.value.sent is False
    assert "localclip up" in error.value.cure
    with Client("localhost:9") as client, pytest.raises(ServerUnreachable) as error:
        client.tasks()
    assert error.value.passing is False, "a mistake is told at once"
