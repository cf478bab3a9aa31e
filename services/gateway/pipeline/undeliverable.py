"""Set aside what the broker gave up delivering: every worker that took the job died with it."""

from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsRouter
from nats.js.errors import NotFoundError

from services.gateway.pipeline.ingest import FETCH, is_passing
from shared.messaging import (
    ADVISORIES_CONSUMER,
    DeliveriesSpent,
    Guard,
    JobSubject,
    bury_copy,
    failed,
    publish_until_stored,
    reads,
    subjects,
)
from shared.pipeline import ErrorCode

_REASON = "no worker could finish it"


def listen(broker: NatsBroker, retry_s: float) -> None:
    """Subscribe to the advisories of the broker, before it starts."""
    router = NatsRouter(middlewares=[Guard(broker, retry_s, is_passing, ErrorCode.INTERNAL)])

    @router.subscriber(
        subjects.deliveries_spent("{consumer}"),
        durable=ADVISORIES_CONSUMER,
        stream=JStream(subjects.ADVISORIES, declare=False),
        pull_sub=FETCH,
        ack_policy=AckPolicy.MANUAL,
        decoder=reads(DeliveriesSpent.model_validate_json),
        title="deliveries_spent",
        description="The broker's own word that it gave up on a job (stream LOCALCLIP_ADVISORIES).",
    )
    async def take_advisory(advisory: DeliveriesSpent) -> None:
        await give_up(broker, advisory.stream_seq)

    broker.include_router(router)


async def give_up(broker: NatsBroker, sequence: int) -> None:
    """Keep a copy of the job with this sequence number, report it as failed, and remove it from the queue."""
    js = broker.connection.jetstream()
    try:
        job = await js.get_msg(subjects.JOBS, seq=sequence)
    except NotFoundError:
        return
    subject, body = job.subject or "", job.data or b""
    await bury_copy(
        broker,
        subject=subject,
        body=body,
        sequence=sequence,
        deliveries=0,
        code=ErrorCode.WORKER_LOST,
        reason=_REASON,
    )
    await _fail(broker, subject)
    await js.delete_msg(subjects.JOBS, sequence)


async def _fail(broker: NatsBroker, subject: str) -> None:
    try:
        parsed = JobSubject.parse(subject)
    except ValueError:
        return
    await publish_until_stored(
        broker,
        failed(parsed, ErrorCode.WORKER_LOST, _REASON),
        subject=subjects.results(parsed.stage),
        stream=subjects.RESULTS,
        message_id=f"{subject}:undeliverable",
    )
