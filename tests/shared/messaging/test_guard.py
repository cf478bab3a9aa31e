"""A message under guard is settled exactly one way, whatever its handler does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsRouter, PullSub

from shared.messaging import (
    MOST_TRIES,
    RESULT,
    RESULTS_CONSUMER,
    BrokerSettings,
    Guard,
    JobFailed,
    Result,
    connect_options,
    reads,
    subjects,
)
from shared.pipeline import ErrorCode, Stage
from shared.testing import wait_until_async

pytestmark = pytest.mark.anyio
RESULT_OF = {"language": "es", "stage": Stage.TRANSLATION, "shard": "0", "attempt": 1}


class AwayError(Exception):
    """Something that handlers need is not there."""


@asynccontextmanager
async def subscriber(
    bench: Any, handle: Callable[[Result], Awaitable[None]], given_up: Callable[[Any, Exception], Awaitable[None]]
) -> AsyncIterator[None]:
    """A subscriber to results under a guard, as the gateway has one."""
    broker = NatsBroker(bench.server.url, **connect_options(BrokerSettings(nats_url=bench.server.url)))
    passing = lambda error: isinstance(error, AwayError)  # noqa: E731 (a sentence)
    guard = Guard(broker, 0.05, passing, ErrorCode.RESULT_UNUSABLE, given_up)
    router = NatsRouter(middlewares=[guard])
    router.subscriber(
        subjects.results("{stage}"),
        durable=RESULTS_CONSUMER,
        stream=JStream(subjects.RESULTS, declare=False),
        pull_sub=PullSub(batch_size=16, timeout=1),
        ack_policy=AckPolicy.MANUAL,
        decoder=reads(RESULT.validate_json),
    )(handle)
    broker.include_router(router)
    await broker.start()
    try:
        yield
    finally:
        await broker.stop()


async def report(bench: Any, *tasks: str) -> None:
    for task_id in tasks:
        result = JobFailed(task_id=task_id, **RESULT_OF, code=ErrorCode.INTERNAL, message="x")
        await bench.js.publish(subjects.results(Stage.TRANSLATION), result.model_dump_json().encode())


async def settled(bench: Any) -> bool:
    return bool((await bench.js.stream_info(subjects.RESULTS)).state.messages == 0)


async def test_it_is_acknowledged_after_its_handler(bench: Any) -> None:
    """As long as the handler works the stream has it, and what fails for a while comes again without end."""
    left: list[int] = []
    away = MOST_TRIES + 2

    async def handle(result: Result) -> None:
        nonlocal away
        left.append((await bench.js.stream_info(subjects.RESULTS)).state.messages)
        if result.task_id == "late" and away:
            away -= 1
            raise AwayError

    async def never(body: Any, error: Exception) -> None:
        raise AssertionError(body)

    async with subscriber(bench, handle, never):
        await report(bench, "t")
        await wait_until_async(lambda: settled(bench), 60, "it to be acknowledged")
        assert left == [1]
        await report(bench, "late")
        await wait_until_async(lambda: settled(bench), 60, "it to be acknowledged")
    assert len(left) == 1 + MOST_TRIES + 2 + 1
    assert await bench.dead() == []


async def test_what_fails_by_its_own_fault_is_put_aside(bench: Any) -> None:
    """After ten tries, with a dead letter; its neighbours are handled meanwhile."""
    seen: list[str] = []
    given: list[str] = []

    async def handle(result: Result) -> None:
        seen.append(result.task_id)
        if result.task_id == "bad":
            raise KeyError("a defect")

    async def given_up(body: Result, error: Exception) -> None:
        given.append(f"{body.task_id}: {error!r}")

    async with subscriber(bench, handle, given_up):
        await report(bench, "bad", "good")
        await wait_until_async(lambda: settled(bench), 60, "both to be settled")
    assert sorted(seen) == ["bad"] * MOST_TRIES + ["good"]
    assert given == ["bad: KeyError('a defect')"]
    (letter,) = await bench.dead()
    assert (letter.code, letter.reason, letter.deliveries) == (
        ErrorCode.RESULT_UNUSABLE,
        "KeyError: 'a defect'",
        MOST_TRIES,
    )


@pytest.mark.parametrize("body", [b"not json", b"{}", b'{"kind": "of_another_version"}', b""])
async def test_what_cannot_be_read_is_put_aside_at_once(bench: Any, body: bytes) -> None:
    """It reaches no handler and is not delivered again."""
    seen: list[Any] = []

    async def handle(result: Result) -> None:
        seen.append(result)

    async def never(body: Any, error: Exception) -> None:
        raise AssertionError(body)

    async with subscriber(bench, handle, never):
        await bench.js.publish(subjects.results(Stage.TRANSLATION), body)
        await wait_until_async(lambda: settled(bench), 60, "it to be put aside")
    (letter,) = await bench.dead()
    assert (letter.code, letter.body, letter.deliveries) == (ErrorCode.MESSAGE_INVALID, body.decode(), 1)
    assert seen == []
