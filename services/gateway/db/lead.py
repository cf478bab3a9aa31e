"""The lock that one of several gateways holds."""

import contextlib
import threading

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from shared.observability import logger

_LEADER_LOCK = 7466202
log = logger(__name__)


class Lead:
    """A session-level advisory lock of PostgreSQL: it ends with its connection, so a dead leader is replaced."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._using = threading.Lock()  # the last check may still be running in its thread when the lead is given up

    def is_held(self) -> bool:
        """Whether this gateway leads; takes the lead if it is free. Blocking."""
        with self._using:
            try:
                if self._connection is None:
                    return self._acquire()
                self._connection.execute(text("SELECT 1"))
                self._connection.rollback()
            except SQLAlchemyError as error:
                log.warning("leadership_unknown", error=str(error))
                self._drop()
                return False
            return True

    def _acquire(self) -> bool:
        self._connection = self._engine.connect()
        asked = self._connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LEADER_LOCK})
        won = bool(asked.scalar())
        self._connection.rollback()
        if not won:
            self._connection.close()
            self._connection = None
        return won

    def release(self) -> None:
        """Give the lead up. Blocking."""
        with self._using:
            self._drop()

    def _drop(self) -> None:
        """Close the connection for good: back in the pool it would keep the lock."""
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
