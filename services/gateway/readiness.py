"""Whether the database and the store answer."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from services.gateway.database.engine import Database
from services.gateway.threads import Threads
from shared.storage import ObjectNotFound, ObjectStore, StorageError

_ANSWER_S = 3.0
"""Whoever asks `/readyz` gives up after five seconds."""


class Readiness:
    """Asks each in a thread of its own: one that hangs keeps neither the answer about the other nor anything else."""

    def __init__(self, database: Database, store: ObjectStore, threads: Threads) -> None:
        self._database, self._store = database, store
        self._of_database = threads.check(self._database_answers)
        self._of_store = threads.check(self._store_answers)

    async def database(self) -> bool:
        """Whether the database answers in time."""
        return bool(await self._of_database.answer(_ANSWER_S))

    async def store(self) -> bool:
        """Whether the store answers in time."""
        return bool(await self._of_store.answer(_ANSWER_S))

    def _database_answers(self) -> bool:
        try:
            with self._database.read() as session:
                session.connection().execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def _store_answers(self) -> bool:
        try:
            self._store.stat("readyz")
        except ObjectNotFound:
            return True
        except (StorageError, OSError):
            return False
        return True
