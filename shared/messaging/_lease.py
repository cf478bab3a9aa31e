"""Holds a job while it runs: extends its lease, watches for its cancellation, passes on its progress."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import MsgAlreadyAckdError
from nats.js.errors import APIError, KeyNotFoundError
from nats.js.kv import KeyValue

from shared.messaging._context import JobContext
from shared.messaging._facts import RawProgress
from shared.messaging._jobs import Job
from shared.messaging._subjects import CANCEL_BUCKET, HANDED_BACK_BUCKET, cancel_key, raw_progress
from shared.observability import logger

CANCEL_POLL_S = 1.0
PROGRESS_S = 0.2
_HAND_BACK_S = 2.0
_ACK_TRIES = 3

log = logger(__name__)


async def is_canceled(bucket: KeyValue, job: Job) -> bool:
    """Whether a flag of the job's task, language or shard covers the job's epoch."""
    path = (job.task_id, job.language, job.shard)
    flagged = [cancel_key(*path[:length]) for length in (1, 2, 3)]
    epochs = await asyncio.gather(*(_epoch(bucket, key) for key in flagged))
    return max(epochs) >= job.epoch


async def _epoch(bucket: KeyValue, key: str) -> int:
    try:
        entry = await bucket.get(key)
    except KeyNotFoundError:
        return -1
    return int(json.loads(entry.value or b"{}").get("epoch", -1))


async def count_tries(broker: NatsBroker, message: Msg) -> int:
    """How many workers have begun this job, including the calling one.

    The server counts deliveries; those that a live worker handed back at once do not count against the job.
    """
    deliveries = message.metadata.num_delivered
    if deliveries == 1:
        return 1
    bucket = await broker.key_value(HANDED_BACK_BUCKET, declare=False)
    return max(1, deliveries - await _handed_back(bucket, message))


async def hand_back(broker: NatsBroker, message: Msg) -> None:
    """Offer the job to another worker at once, without counting it as a try. Never raises for a lost broker."""
    try:
        async with asyncio.timeout(_HAND_BACK_S):
            bucket = await broker.key_value(HANDED_BACK_BUCKET, declare=False)
            count = await _handed_back(bucket, message) + 1
            await bucket.put(_sequence(message), str(count).encode())
    except (NatsError, APIError, OSError) as error:
        log.warning("hand_back_not_counted", error=repr(error))
    try:
        await message.nak()
    except MsgAlreadyAckdError:  # stopped between the acknowledgement and the end
        pass
    except (NatsError, OSError) as error:  # the lease expires instead
        log.warning("hand_back_failed", error=repr(error))


async def _handed_back(bucket: KeyValue, message: Msg) -> int:
    try:
        return int((await bucket.get(_sequence(message))).value or b"0")
    except KeyNotFoundError:
        return 0


def _sequence(message: Msg) -> str:
    return str(message.metadata.sequence.stream)


async def acknowledge(message: Msg) -> None:
    """Remove the job from its stream and wait until that is stored.

    A job that cannot be acknowledged is redelivered when its lease expires, and then finds its manifest.
    """
    for _ in range(_ACK_TRIES):
        try:
            await message.ack_sync(timeout=5.0)
        except (NatsError, OSError) as error:
            log.warning("acknowledgement_repeated", error=repr(error))
            await asyncio.sleep(0.5)
        else:
            return
    log.warning("acknowledgement_lost")


@asynccontextmanager
async def held(
    broker: NatsBroker, message: Msg, job: Job, context: JobContext, heartbeat_s: float
) -> AsyncIterator[None]:
    """Hold the lease of `message` inside the block."""
    over = asyncio.Event()
    loops = (
        asyncio.create_task(_beat(message, heartbeat_s, over)),
        asyncio.create_task(_watch_cancel(broker, job, context, over)),
        asyncio.create_task(_pass_progress(broker, job, context, over)),
    )
    try:
        yield
    finally:
        # Cancelling alone is not enough: `asyncio.wait_for` of Python 3.11, which the client is built on, swallows a
        # cancellation that meets an answer, and the loop would go on for ever.
        over.set()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def _pause(seconds: float, over: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await over.wait()


async def _beat(message: Msg, heartbeat_s: float, over: asyncio.Event) -> None:
    while True:
        await _pause(heartbeat_s, over)
        if over.is_set():
            return
        try:
            await message.in_progress()
        except (NatsError, OSError) as error:  # the client reconnects by itself; the next beat may do
            log.warning("heartbeat_missed", error=repr(error))


async def _watch_cancel(broker: NatsBroker, job: Job, context: JobContext, over: asyncio.Event) -> None:
    """Poll rather than watch: a watch does not survive a crash of the broker, and two gets cost half a millisecond."""
    while True:
        await _pause(CANCEL_POLL_S, over)  # the worker has asked before it began
        if over.is_set():
            return
        try:
            if await is_canceled(await broker.key_value(CANCEL_BUCKET, declare=False), job):
                context.cancel.cancel("canceled on request")
                return
        except (NatsError, APIError, OSError) as error:
            log.warning("cancel_poll_failed", error=repr(error))


async def _pass_progress(broker: NatsBroker, job: Job, context: JobContext, over: asyncio.Event) -> None:
    sent = (0.0, "")  # the gateway reports that it began
    while not over.is_set():
        now = (context.progress.fraction, context.progress.message)
        if now != sent:
            await send_progress(broker, job, *now)
            sent = now
        await _pause(PROGRESS_S, over)


async def send_progress(broker: NatsBroker, job: Job, fraction: float, text: str) -> None:
    """Publish the progress of a job once, unreliably, as part of the stage it counts for."""
    stage = job.counts_for or job.stage()
    word = RawProgress(
        task_id=job.task_id,
        language=job.language,
        stage=stage,
        attempt=job.attempt,
        shard=job.shard,
        weight=job.weight,
        total_weight=job.total_weight,
        fraction=fraction,
        message=text,
    )
    try:
        await broker.publish(word, raw_progress(job.task_id, job.language, stage))
    except (NatsError, OSError) as error:  # progress may be lost, but not the work
        log.debug("progress_not_sent", error=repr(error))
