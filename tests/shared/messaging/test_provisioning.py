"""One step brings any broker to the wanted configuration, and says so where it cannot."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import nats as nats_client
import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, KeyValueConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from shared.messaging import BrokerSettings, Provisioning, ProvisioningError, provision, subjects
from shared.messaging._streams import BUCKETS, _settle_bucket, consumers, heartbeat_of, streams
from shared.pipeline import Lane, Stage
from shared.testing import NatsServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def js(nats: NatsServer) -> AsyncIterator[JetStreamContext]:
    """JetStream of an empty broker."""
    client = await nats_client.connect(nats.url)
    yield client.jetstream()
    await client.close()


async def configuration(js: JetStreamContext) -> dict[str, Any]:
    """Everything the broker holds."""
    found: dict[str, Any] = {}
    for stream in await js.streams_info():
        found[str(stream.config.name)] = stream.config
        for consumer in await js.consumers_info(str(stream.config.name)):
            found[f"{stream.config.name}/{consumer.name}"] = consumer.config
    return found


async def test_everything_is_made(js: JetStreamContext) -> None:
    """An empty broker gets every stream, a durable per stage and lane, and the buckets."""
    await provision(js)
    found = await configuration(js)
    plan = Provisioning()
    wanted = {str(stream.name) for stream in streams(plan)}
    wanted |= {f"{stream}/{consumer.durable_name}" for stream, consumer in consumers(plan)}
    wanted |= {f"KV_{bucket}" for bucket in BUCKETS}
    assert set(found) == wanted
    assert {f"{subjects.JOBS}/{stage}-{lane}" for stage in Stage for lane in Lane} <= wanted
    assert all(config.ack_wait == 30 for key, config in found.items() if "/" in key)


async def test_repetition_changes_nothing(js: JetStreamContext) -> None:
    """Every service provisions when it starts, several of them at once."""
    await asyncio.gather(*(provision(js) for _ in range(4)))
    before = await configuration(js)
    await provision(js)
    assert await configuration(js) == before


async def test_existing_configuration_is_updated(js: JetStreamContext) -> None:
    """A durable and a stream of an older version are brought to the new configuration, keeping their messages."""
    await provision(js, Provisioning(ack_wait_s=77, events_days=3))
    await js.publish("localclip.jobs.export.batch.task_1.es.0.1", b"{}")
    await provision(js, BrokerSettings(nats_ack_wait_s=2).provisioning())
    durable = await js.consumer_info(subjects.JOBS, subjects.job_consumer(Stage.EXPORT, Lane.BATCH))
    assert durable.config.ack_wait == 2
    assert durable.num_pending == 1
    assert (await js.stream_info(subjects.EVENTS)).config.max_age == 7 * 86_400


async def test_drift_is_repaired(js: JetStreamContext) -> None:
    """What somebody changed by hand is set right."""
    await provision(js)
    name = subjects.job_consumer(Stage.EXPORT, Lane.BATCH)
    changed = (await js.consumer_info(subjects.JOBS, name)).config
    await js.add_consumer(subjects.JOBS, changed.evolve(ack_wait=5, max_deliver=1))
    stream = (await js.stream_info(subjects.DEAD)).config
    await js.update_stream(stream.evolve(max_age=3600, max_bytes=1000))
    await provision(js)
    durable = (await js.consumer_info(subjects.JOBS, name)).config
    assert (durable.ack_wait, durable.max_deliver) == (30, 20)
    stream = (await js.stream_info(subjects.DEAD)).config
    assert (stream.max_age, stream.max_bytes) == (30 * 86_400, 1024**3)


@pytest.mark.parametrize(
    "difference",
    [{"retention": RetentionPolicy.LIMITS}, {"storage": StorageType.MEMORY}, {"subjects": ["localclip.>"]}],
)
async def test_what_cannot_be_changed_is_told(js: JetStreamContext, difference: dict[str, Any]) -> None:
    """A stream that the server refuses to change in place is named."""
    held: dict[str, Any] = {"name": subjects.JOBS, "subjects": ["localclip.jobs.>"], "storage": StorageType.FILE}
    await js.add_stream(StreamConfig(**{**held, **difference}))
    with pytest.raises((ProvisioningError, APIError), match=r"LOCALCLIP_JOBS|overlap"):
        await provision(js)


async def test_fields_that_the_server_drops_are_told(js: JetStreamContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old server takes a configuration and silently leaves out what it does not know."""
    add = js.add_consumer

    async def forgetful(stream: str, config: ConsumerConfig) -> Any:
        return await add(stream, config.evolve(max_deliver=None))

    await provision(js)
    for lane in Lane:
        await js.delete_consumer(subjects.JOBS, subjects.job_consumer(Stage.EXPORT, lane))
    monkeypatch.setattr(js, "add_consumer", forgetful)
    with pytest.raises(ProvisioningError, match="max_deliver"):
        await provision(js, Provisioning(ack_wait_s=31))


async def test_one_open_message_per_subject(js: JetStreamContext) -> None:
    """The second message of a job is refused while the first is open, and accepted once it is gone."""
    await provision(js)
    subject = "localclip.jobs.export.batch.task_1.es.0.1"
    first = await js.publish(subject, b"{}")
    with pytest.raises(APIError, match="maximum messages per subject"):
        await js.publish(subject, b"{}")
    await js.delete_msg(subjects.JOBS, first.seq)
    await js.publish(subject, b"{}")


@pytest.mark.parametrize("wait_s", [30, 3])
async def test_heartbeat_follows_the_lease(js: JetStreamContext, wait_s: float) -> None:
    """Three heartbeats fit into a lease, whatever its length; the worker reads it off the broker."""
    with pytest.raises(NotFoundError):
        await heartbeat_of(js, Stage.EXPORT)
    await provision(js, BrokerSettings(nats_ack_wait_s=wait_s).provisioning())
    assert await heartbeat_of(js, Stage.EXPORT) == wait_s / 3


async def test_a_bucket_of_a_smaller_broker_gets_its_copies(js: JetStreamContext) -> None:
    """Although it exists. A single server either notes the number, or refuses by the bucket's name."""
    await provision(js)
    for bucket in BUCKETS:
        said = ""
        try:
            await _settle_bucket(js, KeyValueConfig(bucket=bucket, history=1, replicas=3))
        except ProvisioningError as refusal:
            said = str(refusal)
        noted = (await js.stream_info(f"KV_{bucket}")).config.num_replicas == 3
        assert noted or f"KV_{bucket}" in said
