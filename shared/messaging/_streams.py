"""Configuration of every stream, consumer and bucket, and the one step that applies it to a server."""

from collections.abc import Iterator
from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    KeyValueConfig,
    RePublish,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, BadRequestError, NotFoundError

from shared.messaging import _subjects as names
from shared.pipeline import Lane, Stage

DAY_S = 86_400
ACK_WAIT_S = 30.0
MAX_DELIVER = 20
"""The server's backstop; workers give up earlier, by `WorkerSettings.max_tries`."""

BUCKETS: dict[str, float | None] = {
    names.CANCEL_BUCKET: DAY_S,
    names.HANDED_BACK_BUCKET: DAY_S,
    names.ENGINES_BUCKET: None,
}
"""Every key-value bucket, with the lifetime of an entry in seconds; None: forever."""

RESULTS_CONSUMER = "gateway"
ADVISORIES_CONSUMER = "dead-letter-mover"
_EXISTS_DIFFERENT = 10058


class ProvisioningError(Exception):
    """The server does not have the configuration it was given."""


@dataclass(frozen=True)
class Provisioning:
    """What depends on the deployment: copies of each stream, how long events are kept, how long a job may be silent.

    `automation` names the durable consumers through which the operator's own programs read the facts.
    """

    replicas: int = 1
    events_days: int = 7
    ack_wait_s: float = ACK_WAIT_S
    automation: tuple[str, ...] = ("automation",)


def bucket_stream(bucket: str) -> str:
    """The stream behind a bucket."""
    return f"KV_{bucket}"


def streams(plan: Provisioning) -> list[StreamConfig]:
    """Every stream."""
    return [
        StreamConfig(
            name=names.JOBS,
            subjects=["localclip.jobs.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            discard_new_per_subject=True,
            max_msgs_per_subject=1,
            max_msgs=200_000,
            duplicate_window=600,
            num_replicas=plan.replicas,
        ),
        StreamConfig(
            name=names.RESULTS,
            subjects=["localclip.results.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            duplicate_window=600,
            num_replicas=plan.replicas,
        ),
        StreamConfig(
            name=names.EVENTS,
            subjects=[f"{names.EVENTS_PREFIX}.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=plan.events_days * DAY_S,
            max_bytes=2 * 1024**3,
            duplicate_window=600,
            allow_direct=True,
            republish=RePublish(src=f"{names.EVENTS_PREFIX}.>", dest=f"{names.LIVE_PREFIX}.>"),
            num_replicas=plan.replicas,
        ),
        StreamConfig(
            name=names.DEAD,
            subjects=["localclip.dead.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=30 * DAY_S,
            max_bytes=1024**3,
            duplicate_window=600,
            num_replicas=plan.replicas,
        ),
        StreamConfig(
            name=names.ADVISORIES,
            subjects=[names.deliveries_spent(">")],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=7 * DAY_S,
            max_bytes=64 * 1024**2,
            duplicate_window=600,
            num_replicas=plan.replicas,
        ),
    ]


def consumers(plan: Provisioning) -> Iterator[tuple[str, ConsumerConfig]]:
    """Every durable consumer with its stream."""
    wait_s = plan.ack_wait_s
    for stage in Stage:
        for lane in Lane:
            yield (
                names.JOBS,
                _durable(names.job_consumer(stage, lane), names.job_filter(stage, lane), MAX_DELIVER, wait_s),
            )
    yield names.RESULTS, _durable(RESULTS_CONSUMER, "localclip.results.>", -1, ACK_WAIT_S)
    yield names.ADVISORIES, _durable(ADVISORIES_CONSUMER, None, -1, ACK_WAIT_S)
    for name in plan.automation:
        yield names.EVENTS, _durable(name, f"{names.EVENTS_PREFIX}.>", -1, ACK_WAIT_S)


def _durable(name: str, subject: str | None, max_deliver: int, ack_wait_s: float) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        filter_subject=subject,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait_s,
        max_deliver=max_deliver,
        max_ack_pending=1000,
        max_waiting=512,
    )


async def provision(js: JetStreamContext, plan: Provisioning | None = None) -> None:
    """Create or update every stream, consumer and bucket, then read the configuration back. Idempotent; for the
    gateway.

    An existing durable keeps its old configuration unless it is updated, and older servers silently drop fields they do
    not know; reading back detects both.

    Raises:
        ProvisioningError: a stream or consumer differs from what was requested.
    """
    plan = plan or Provisioning()
    for stream in streams(plan):
        await _settle_stream(js, stream)
        held = (await js.stream_info(str(stream.name))).config
        _compare(f"stream {stream.name}", stream, held, _STREAM_FIELDS)
    for name, consumer in consumers(plan):
        await js.add_consumer(name, consumer)  # creates, or updates in place
        held_consumer = (await js.consumer_info(name, str(consumer.durable_name))).config
        _compare(f"consumer {consumer.durable_name}", consumer, held_consumer, _CONSUMER_FIELDS)
    for bucket, ttl_s in BUCKETS.items():
        await _settle_bucket(js, KeyValueConfig(bucket=bucket, ttl=ttl_s, history=1, replicas=plan.replicas))


async def heartbeat_of(js: JetStreamContext, stage: Stage) -> float:
    """Seconds between two heartbeats of a job of `stage`, once everything a worker needs exists.

    Raises: NotFoundError: the gateway has not provisioned the broker yet.
    """
    held = [(await js.consumer_info(names.JOBS, names.job_consumer(stage, lane))).config for lane in Lane]
    for bucket in BUCKETS:
        await js.stream_info(bucket_stream(bucket))
    return min(config.ack_wait or ACK_WAIT_S for config in held) / 3


async def _settle_stream(js: JetStreamContext, stream: StreamConfig) -> None:
    try:
        await js.add_stream(stream)
    except BadRequestError as error:
        if error.err_code != _EXISTS_DIFFERENT:
            raise
        try:
            await js.update_stream(stream)
        except APIError as refusal:
            raise ProvisioningError(f"stream {stream.name}: {refusal.description}") from refusal


async def _settle_bucket(js: JetStreamContext, config: KeyValueConfig) -> None:
    """Create the bucket, or add the replicas that one of a smaller deployment lacks."""
    name = bucket_stream(config.bucket)
    try:
        held = (await js.stream_info(name)).config
    except NotFoundError:
        await js.create_key_value(config)
        held = (await js.stream_info(name)).config
    if held.num_replicas != config.replicas:
        try:
            await js.update_stream(held.evolve(num_replicas=config.replicas))
        except APIError as refusal:
            raise ProvisioningError(f"stream {name}: {refusal.description}") from refusal


_STREAM_FIELDS = (
    "subjects",
    "retention",
    "storage",
    "discard",
    "max_msgs_per_subject",
    "max_msgs",
    "max_bytes",
    "max_age",
    "allow_direct",
    "republish",
    "discard_new_per_subject",
    "duplicate_window",
    "num_replicas",
)
_CONSUMER_FIELDS = ("filter_subject", "ack_policy", "ack_wait", "max_deliver", "max_ack_pending")
_UNLIMITED = -1


def _compare(what: str, asked: object, held: object, fields: tuple[str, ...]) -> None:
    for field in fields:
        want, have = getattr(asked, field, None), getattr(held, field, None)
        if want in (None, 0, False) and have in (None, 0, False, _UNLIMITED):
            continue
        if want != have:
            raise ProvisioningError(
                f"{what}: the server holds {field}={have!r} instead of {want!r}; "
                "it may be too old (2.9.10 or newer is needed) or the change is not allowed in place"
            )
