"""Keeps a job in hand while it runs: extends its lease, watches for its cancellation, passes its progress on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.nats import NatsBroker, NatsMessage
from nats.errors import Error as NatsError
from nats.js.errors import APIError, KeyNotFoundError
from nats.js.kv import KeyValue

from shared.messaging._context import JobContext
from shared.messaging._facts import RawProgress
from shared.messaging._jobs import Job
from shared.messaging._streams import ACK_WAIT_S
from shared.messaging._subjects import CANCEL_BUCKET, cancel_key, raw_progress
from shared.observability import logger

HEARTBEAT_S = ACK_WAIT_S / 3
CANCEL_POLL_S = 1.0
PROGRESS_S = 0.2

log = logger(__name__)


async def is_canceled(bucket: KeyValue, job: Job) -> bool:
    """Whether a flag of the job's task or language covers the job's epoch."""
    for key in (cancel_key(job.task_id), cancel_key(job.task_id, job.language)):
        try:
            entry = await bucket.get(key)
        except KeyNotFoundError:
            continue
        if json.loads(entry.value or b"{}").get("epoch", -1) >= job.epoch:
            return True
    return False


@asynccontextmanager
async def held(broker: NatsBroker, message: NatsMessage, job: Job, context: JobContext) -> AsyncIterator[None]:
    """Hold the lease of `message` inside the block."""
    loops = (
        asyncio.create_task(_beat(message)),
        asyncio.create_task(_watch_cancel(broker, job, context)),
        asyncio.create_task(_pass_progress(broker, job, context)),
    )
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def _beat(message: NatsMessage) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        try:
            await message.in_progress()
        except (NatsError, OSError) as error:  # the client reconnects by itself; the next beat may do
            log.warning("heartbeat_missed", error=repr(error))


async def _watch_cancel(broker: NatsBroker, job: Job, context: JobContext) -> None:
    """Poll rather than watch: a watch does not survive a crash of the broker, and two gets cost half a millisecond."""
    bucket = await broker.key_value(CANCEL_BUCKET, declare=False)
    while True:
        try:
            if await is_canceled(bucket, job):
                context.cancel.cancel("canceled on request")
                return
        except (NatsError, APIError, OSError, TimeoutError) as error:
            log.warning("cancel_poll_failed", error=repr(error))
        await asyncio.sleep(CANCEL_POLL_S)


async def _pass_progress(broker: NatsBroker, job: Job, context: JobContext) -> None:
    sent: tuple[float, str] | None = None
    while True:
        now = (context.progress.fraction, context.progress.message)
        if now != sent:
            await send_progress(broker, job, *now)
            sent = now
        await asyncio.sleep(PROGRESS_S)


async def send_progress(broker: NatsBroker, job: Job, fraction: float, text: str) -> None:
    """Publish the progress of a job once, unreliably."""
    word = RawProgress(
        task_id=job.task_id,
        language=job.language,
        stage=job.stage(),
        attempt=job.attempt,
        shard=job.shard,
        weight=job.weight,
        total_weight=job.total_weight,
        fraction=fraction,
        message=text,
    )
    try:
        await broker.publish(word, raw_progress(job.task_id, job.language, job.stage()))
    except (NatsError, OSError) as error:  # progress may get lost, the work may not
        log.debug("progress_not_sent", error=repr(error))
