"""Run loops that survive every error but their own end, on one gateway at a time where that matters."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from services.gateway.database.engine import Database, DatabaseBusy
from shared.observability import Longest, logger

_LEADER_LOCK = 7466202
_RETRY_S = 1.0
_BEAT_S = 0.1
_LONG_S = 1.0
log = logger(__name__)


class Wake:
    """An event that any thread may set; waiting on it takes it back."""

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
    """Which of several gateways runs the dispatcher, the relay and the sweeper.

    A session-level advisory lock on PostgreSQL: it goes with its connection, so a dead leader is replaced. With
    SQLite there is one gateway, which always leads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Whether this gateway leads, taking the lead if it is free. Blocking."""
        if not self._database.is_shared:
            return True
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                self._connection.rollback()
                return True
            return self._acquire()
        except SQLAlchemyError as error:
            log.warning("leadership_lost", error=str(error))
            self.release()
            return False

    def _acquire(self) -> bool:
        connection = self._database.engine.connect()
        won = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LEADER_LOCK}).scalar())
        connection.rollback()
        if won:
            self._connection = connection
            log.info("leadership_taken")
        else:
            connection.close()
        return won

    def release(self) -> None:
        """Give up the lead."""
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                self._connection.invalidate()
            self._connection = None


async def repeat(
    name: str, turn: Callable[[], Awaitable[None]], wake: Wake, every_s: float, leadership: Leadership | None = None
) -> None:
    """Call `turn` whenever woken and at least every `every_s` seconds, only while leading if `leadership` is given."""
    while True:
        try:
            if leadership is None or await asyncio.to_thread(leadership.held):
                await turn()
        except DatabaseBusy as error:
            log.warning("loop_turn_waits", loop=name, why=str(error))
            await asyncio.sleep(_RETRY_S)
        except Exception:  # a background loop: told, and tried again
            log.exception("loop_turn_failed", loop=name)
            await asyncio.sleep(_RETRY_S)
        await wake.wait(every_s)


async def watch_loop(stood: Longest) -> None:
    """Measure how late a timer comes: so long the event loop stood, and with it every request.

    Each new longest time is logged.
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
