"""Where blocking calls run, so that a store that hangs holds up transfers and nothing else.

    work       the loop's default executor: database calls of loops and requests (`asyncio.to_thread`)
    routes     the framework's threads of plain routes (40)
    transfers  bytes to and from the store: requests and the dispatcher
    checks     one thread for each question of `/readyz`

No call in any of them waits for a client; each ends by a timeout of the database's or the store's client.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

_WORK, _TRANSFERS, _CHECKS = 48, 16, 2
"""`work` has more than may wait for the write lock (`Database`), and a few that read."""
_PATIENCE_S = 60.0
"""Longer than a call waits for a busy database: a pool that lets nobody in for that long will not recover."""
_TRANSFERS_PATIENCE_S = 900.0
"""A store that does not answer is no reason to restart; its client gives up long before this."""
_LOOK_S = 2.0

T = TypeVar("T")


class Probe:
    """A question that is asked again only when it was answered, so those that hang do not pile up."""

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
        """How long the question has been open."""
        return 0.0 if self._asked is None or self._asked.done() else time.monotonic() - self._since


class Threads:
    """The gateway's pools. `use` makes one of them the default of the running loop."""

    def __init__(self, patience_s: float = _PATIENCE_S, transfers_patience_s: float = _TRANSFERS_PATIENCE_S) -> None:
        self._work = ThreadPoolExecutor(_WORK, "work")
        self._transfers = ThreadPoolExecutor(_TRANSFERS, "transfers")
        self._checks = ThreadPoolExecutor(_CHECKS, "checks")
        self._pools = {
            "work": (Probe(lambda: self._run(self._work, _pass)), patience_s),
            "routes": (Probe(lambda: run_in_threadpool(_pass)), patience_s),
            "transfers": (Probe(lambda: self._run(self._transfers, _pass)), transfers_patience_s),
        }

    def use(self) -> None:
        """To be called on the loop, which then closes the pool `work` at its end."""
        asyncio.get_running_loop().set_default_executor(self._work)

    async def transfer(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a call of the store."""
        return await self._run(self._transfers, call, *arguments)

    def check(self, ask: Callable[[], bool]) -> Probe:
        """A question that has a thread to itself."""
        return Probe(lambda: self._run(self._checks, ask))

    async def standing(self) -> list[str]:
        """Pools in which nothing gets its turn any more."""
        await asyncio.gather(*(probe.answer(_LOOK_S) for probe, _ in self._pools.values()))
        return [name for name, (probe, patience_s) in self._pools.items() if probe.waits_s() > patience_s]

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself."""
        for pool in (self._transfers, self._checks):
            pool.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, call, *arguments)


def _pass() -> bool:
    return True
