"""Where blocking calls run, so that a hanging store holds up transfers and nothing else.

    work        the loop's default executor: database calls of loops and requests (`asyncio.to_thread`)
    routes      the framework's threads of plain routes (40)
    transfers   calls to the store: requests, the dispatcher and the eraser
    converting  tools that convert clips, two at a time
    checks      one thread for each question of `/readyz`

No call in any of them waits for a client; each ends by a timeout of the database's client, the store's or the tool.

A request that needs both store and database is an `async def`: it calls the store with `transfer`, without a turn to
write (`Turns`), since only so many have one, and the database before and after that.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from services.gateway.db.engine import DatabaseBusy
from shared.observability import logger

_WORK, _TRANSFERS, _CONVERTING, _CHECKS = 48, 16, 2, 2
"""`work` has more threads than may wait for the write lock (`Database`), plus a few for reads. A conversion uses a core
and up to a minute."""
_PATIENCE_S = 60.0
"""Longer than a call waits for a busy database: a pool that is stuck for that long will not recover."""
_TRANSFERS_PATIENCE_S = 900.0
"""A store that does not answer is not a reason to restart; its client gives up long before this."""
_LOOK_S = 2.0

T = TypeVar("T")
log = logger(__name__)


class Probe:
    """A check that is repeated only after it was answered, so that hanging ones do not pile up."""

    def __init__(self, ask: Callable[[], Awaitable[bool]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[bool] | None = None
        self._since = 0.0

    async def answer(self, within_s: float) -> bool | None:
        """The answer; None when there is none yet."""
        if self._asked is None or self._asked.done():
            self._asked, self._since = asyncio.ensure_future(self._ask()), time.monotonic()
        asked = self._asked
        await asyncio.wait({asked}, timeout=within_s)
        return asked.result() if asked.done() else None

    def waits_s(self) -> float:
        """How long the check has been open."""
        return 0.0 if self._asked is None or self._asked.done() else time.monotonic() - self._since


class Threads:
    """The gateway's pools. `use` makes one of them the default of the running loop."""

    def __init__(self, patience_s: float = _PATIENCE_S, transfers_patience_s: float = _TRANSFERS_PATIENCE_S) -> None:
        self._work = ThreadPoolExecutor(_WORK, "work")
        self._transfers = ThreadPoolExecutor(_TRANSFERS, "transfers")
        self._converting = ThreadPoolExecutor(_CONVERTING, "converting")
        self._checks = ThreadPoolExecutor(_CHECKS, "checks")
        self._pools = {
            "work": (Probe(lambda: self._run(self._work, _pass)), patience_s),
            "routes": (Probe(lambda: run_in_threadpool(_pass)), patience_s),
            "transfers": (Probe(lambda: self._run(self._transfers, _pass)), transfers_patience_s),
        }

    def use(self) -> None:
        """Make `work` the default; to be called on the loop, which then closes the pool `work` at its end."""
        asyncio.get_running_loop().set_default_executor(self._work)

    async def transfer(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a call to the store."""
        return await self._run(self._transfers, call, *arguments)

    @asynccontextmanager
    async def undone_by(self, call: Callable[..., object], *arguments: object) -> AsyncIterator[None]:
        """Undo what was stored with a call to the store if the block raises an error.

        Not if its request is canceled: a thread goes on nevertheless, and may commit what refers to the stored object.
        """
        try:
            yield
        except Exception:
            try:
                await self.transfer(call, *arguments)
            except Exception:  # what went wrong first is what the client is told
                log.exception("stored_object_left")
            raise

    async def convert(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a call that converts media, once it is its turn."""
        return await self._run(self._converting, call, *arguments)

    def check(self, ask: Callable[[], bool]) -> Probe:
        """A check with its own thread."""
        return Probe(lambda: self._run(self._checks, ask))

    async def standing(self) -> list[str]:
        """The pools that are stuck."""
        await asyncio.gather(*(probe.answer(_LOOK_S) for probe, _ in self._pools.values()))
        return [name for name, (probe, patience_s) in self._pools.items() if probe.waits_s() > patience_s]

    def close(self) -> None:
        """Start nothing more; what is running ends by itself."""
        for pool in (self._transfers, self._converting, self._checks):
            pool.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, call, *arguments)


def _pass() -> bool:
    return True


_AT_ONCE = 16  # of the 40 threads that Starlette runs plain routes in
_READ_ONLY = ("GET", "HEAD", "OPTIONS")


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
        """Run a writing call in a thread, once it is its turn. Raises: DatabaseBusy."""
        await self.take()
        try:
            return await asyncio.to_thread(call, *arguments)
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Let the next one in."""
        self._free.release()


def turns(connection: HTTPConnection) -> Turns:
    """The turns of the application."""
    found: Turns = connection.app.state.turns
    return found


async def _turn(connection: HTTPConnection) -> AsyncIterator[None]:
    """Hold a turn; the body was read before, and the response is sent later, so a slow connection never holds one."""
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
