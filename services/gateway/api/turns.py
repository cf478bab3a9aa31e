"""Requests that write take turns before they take a thread: those that wait leave the threads to the others."""

import asyncio
import inspect
from collections.abc import AsyncIterator

from fastapi import Depends
from starlette.requests import HTTPConnection

from services.gateway.database.engine import DatabaseBusy

_AT_ONCE = 16  # of the 40 threads that Starlette runs plain routes in
_READ_ONLY = ("GET", "HEAD", "OPTIONS")


class Turns:
    """How many plain routes may write at once."""

    def __init__(self, wait_s: float) -> None:
        self._free, self._wait_s = asyncio.Semaphore(_AT_ONCE), wait_s

    async def take(self) -> None:
        """Wait for a turn. Raises: DatabaseBusy."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise DatabaseBusy("too many wait to write already") from error

    def give_back(self) -> None:
        """Let the next one in."""
        self._free.release()


async def _turn(connection: HTTPConnection) -> AsyncIterator[None]:
    """The body was read already, and the answer is sent later: nobody's slow line holds a turn."""
    if not _writes(connection):
        yield
        return
    turns: Turns = connection.app.state.turns
    await turns.take()
    try:
        yield
    finally:
        turns.give_back()


def _writes(connection: HTTPConnection) -> bool:
    endpoint = getattr(connection.scope.get("route"), "endpoint", None)
    is_plain = endpoint is not None and not inspect.iscoroutinefunction(endpoint)
    return is_plain and connection.scope.get("method", "GET") not in _READ_ONLY


Turn = Depends(_turn, scope="function")
