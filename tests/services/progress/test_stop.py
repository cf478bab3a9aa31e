"""The service ends when it is told to."""

import asyncio

import pytest

from services.progress.app import ProgressService
from services.progress.settings import ProgressSettings
from shared.messaging import BrokerSettings

pytestmark = pytest.mark.anyio


async def deaf_once() -> None:
    """Work that loses its first cancellation, as the broker's client does when it meets an answer."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def test_a_cancellation_that_got_lost_is_repeated() -> None:
    """Otherwise the service would have to be killed."""
    service = ProgressService(BrokerSettings(), ProgressSettings())
    service._telling = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await service._stop()
    assert service._telling.cancelled()
