"""A running gateway for the clients, as the command line's tests have it."""

from collections.abc import AsyncIterator

import pytest

from localclip.stack import Stack
from localclip_client import AsyncClient
from tests.localclip.conftest import client, gateway, short_video

__all__ = ["client", "gateway", "short_video"]


@pytest.fixture
async def agile(gateway: Stack) -> AsyncIterator[AsyncClient]:
    """The asynchronous client of that gateway."""
    async with AsyncClient(gateway.url) as agile:
        yield agile
