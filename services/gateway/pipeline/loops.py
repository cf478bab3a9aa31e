"""Run loops that survive every error but their own end, on one gateway at a time where that matters."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.lead import Lead
from shared.observability import Longest, logger

_RETRY_S = 1.0
_BEAT_S = 0.1
_LONG_S = 1.0
log = logger(__name__)


class Wake:
    """An event that any thread may set; waiting for it resets it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def set(self) -> None:
        """Wake the waiting loop."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, at_most_s: float) -> None:
        """Sleep until woken, at most `at_most_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._event.wait()
        self._event.clear()


class Leadership:
    """Which of several gateways runs the loops: dispatcher, relay, sweeper, eraser and the others.

    On PostgreSQL the one that holds the `Lead`; with SQLite there is one gateway, which always leads. One task, `keep`,
    looks after it and tells the loops.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lead = Lead(database.engine)
        self._taken, self._lost = asyncio.Event(), asyncio.Event()

    async def keep(self) -> None:
        """Take the lead whenever it is free, and notice when it is lost; gives it up when canceled."""
        if not self._database.is_shared:
            self._taken.set()
            return
        try:
            while True:
                leads = await asyncio.to_thread(self._lead.is_held)
                self._tell(leads=leads)
                await asyncio.sleep(_RETRY_S)
        finally:
            self._tell(leads=False)
            await asyncio.shield(asyncio.to_thread(self._lead.release))

    async def while_leading(self, turn: Callable[[], Awaitable[None]]) -> None:
        """Run `turn` once this gateway leads; it is interrupted if the lead is lost meanwhile.

        Every step of the loops may be repeated by the next leader, or interrupted anywhere.
        """
        await self._taken.wait()
        running, lost = asyncio.ensure_future(turn()), asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({running, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            if not running.done():
                await ended(running)
        if not running.cancelled():
            running.result()

    def _tell(self, *, leads: bool) -> None:
        if leads != self._taken.is_set():
            log.info("leadership_taken" if leads else "leadership_lost")
        now, then = (self._taken, self._lost) if leads else (self._lost, self._taken)
        now.set()
        then.clear()


async def ended(task: "asyncio.Future[None]") -> None:
    """Cancel `task` until it is over: `asyncio.wait_for` of Python 3.11, which the broker's client is built on,
    swallows a cancellation that meets an answer."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.5)


async def repeat(
    name: str, turn: Callable[[], Awaitable[None]], wake: Wake, every_s: float, leadership: Leadership
) -> None:
    """Call `turn` whenever woken and at least every `every_s` seconds, only while this gateway leads."""
    while True:
        try:
            await leadership.while_leading(turn)
        except DatabaseBusy as error:
            log.warning("loop_turn_waits", loop=name, why=str(error))
            await asyncio.sleep(_RETRY_S)
        except Exception:  # a background loop: logged, and tried again
            log.exception("loop_turn_failed", loop=name)
            await asyncio.sleep(_RETRY_S)
        await wake.wait(every_s)


async def watch_loop(stood: Longest) -> None:
    """Measure how late a timer fires: that is how long the event loop, and every request, was blocked.

    Each new maximum is logged.
    """
    longest = _BEAT_S
    while True:
        due = time.monotonic() + _BEAT_S
        await asyncio.sleep(_BEAT_S)
        late_s = time.monotonic() - due
        stood.add(late_s)
        if late_s > longest or late_s > _LONG_S:
            longest = max(longest, late_s)
            log.log(logging.WARNING if late_s > _LONG_S else logging.INFO, "loop_stood", seconds=round(late_s, 3))
