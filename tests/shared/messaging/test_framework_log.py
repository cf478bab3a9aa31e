"""What the log has of the framework's own troubles."""

import asyncio

import pytest
from faststream.nats import JStream, NatsBroker, PullSub

from shared.messaging import BrokerSettings, connect_options

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("error", "told"), [(TimeoutError(), 0), (RuntimeError("no such stream"), 1)])
async def test_a_fetch_that_came_back_empty_is_no_error(
    error: Exception, told: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is said of it, and it is done again as after every error."""
    broker = NatsBroker(**connect_options(BrokerSettings()))
    subscriber = broker.subscriber("results", stream=JStream("RESULTS"), durable="gateway", pull_sub=PullSub())
    broker._setup_logger()
    fetched, tries = asyncio.Event(), []

    async def fetch() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error
        fetched.set()

    subscriber.add_task(fetch)
    await asyncio.wait_for(fetched.wait(), 10)
    assert len([record for record in caplog.records if record.exc_info]) == told
