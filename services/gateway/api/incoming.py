"""A request body on its way into the store: no thread waits for the client that sends it."""

import asyncio
from collections.abc import Callable
from typing import Generic, Self, TypeVar

from services.gateway.threads import Threads
from shared.observability import logger
from shared.storage import StorageError, Writer

_PIECE = 1024 * 1024
"""Collected before a thread is asked for: long enough that threads change rarely, short enough for many at once."""

T = TypeVar("T")
log = logger(__name__)


class Incoming(Generic[T]):
    """Collects bytes on the loop and hands them to a `Writer`, a piece at a time, each in one short call of a thread.

    While a piece is being stored nothing more is read, so a slow store slows the client down. As a context manager
    it aborts at an exception.
    """

    def __init__(self, threads: Threads, begin: Callable[[], Writer[T]]) -> None:
        self._threads, self._begin = threads, begin
        self._writer: Writer[T] | None = None
        self._piece = bytearray()
        self._running: asyncio.Future[T | None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            await self.abort()

    async def add(self, data: bytes | bytearray) -> None:
        """Take bytes. Raises: what the store says."""
        self._piece += data
        if len(self._piece) >= _PIECE:
            await self._call(self._store, self._taken())

    async def finish(self) -> T:
        """Keep what came. Raises: what the store says."""
        stored = await self._call(self._finish, self._taken())
        assert stored is not None  # noqa: S101 (`_finish` returns it)
        return stored

    async def abort(self) -> None:
        """Leave nothing in the store; what cannot be removed now goes with its task."""
        self._piece.clear()
        if self._running is not None:
            await asyncio.wait({self._running})  # its request was canceled, the thread was not
            self._running.exception()
        if self._writer is not None:
            try:
                await self._threads.transfer(self._writer.abort)
            except (StorageError, OSError) as error:
                log.warning("upload_not_aborted", error=repr(error))

    def _taken(self) -> bytes:
        piece = bytes(self._piece)
        self._piece.clear()
        return piece

    async def _call(self, call: Callable[[bytes], T | None], piece: bytes) -> T | None:
        self._running = asyncio.ensure_future(self._threads.transfer(call, piece))
        return await asyncio.shield(self._running)

    def _store(self, piece: bytes) -> None:
        if self._writer is None:
            self._writer = self._begin()
        self._writer.write(piece)

    def _finish(self, piece: bytes) -> T:
        self._store(piece)
        assert self._writer is not None  # noqa: S101 (`_store` opens it)
        return self._writer.finish()
