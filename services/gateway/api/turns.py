"""Requests that write take turns before they take a thread: those that wait leave the threads to the others."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from fastapi import Depends
from starlette.requests import HTTPConnection

from services.gateway.database.engine import DatabaseBusy

_AT_ONCE = 16  # of the 40 threads that Starlette runs plain routes in
_READ_ONLY = ("GET", "HEAD", "OPTIONS")

T = TypeVar("T")


class Turns:
    """How many requests may write at once."""

    def __init__(self, wait_s: float) -> None:
        self._free, self._wait_s = asyncio.Semaphore(_AT_ONCE), wait_s

    async def take(self) -> None:
        """Wait for a turn. Raises: DatabaseBusy."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise DatabaseBusy("too many wait to write already") from error

    async def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a call that writes in a thread, once it is its turn. Raises: DatabaseBusy."""
        await self.take()
        try:
            return await asyncio.to_thread(call, *arguments)
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Let the next one in."""
        self._free.release()


def turns(connection: HTTPConnection) -> Turns:
    """Those of the application."""
    found: Turns = connection.app.state.turns
    return found


async def _turn(connection: HTTPConnection) -> AsyncIterator[None]:
    """The body was read already, and the answer is sent later: nobody's slow line holds a turn."""
    if not _writes(connection):
        yield
        return
    await turns(connection).take()
    try:
        yield
    finally:
        turns(connection).give_back()


def _writes(connection: HTTPConnection) -> bool:
    endpoint = getattr(connection.scope.get("route"), "endpoint", None)
    is_plain = endpoint is not None and not inspect.iscoroutinefunction(endpoint)
    return is_plain and connection.scope.get("method", "GET") not in _READ_ONLY


Turn = Depends(_turn, scope="function")
