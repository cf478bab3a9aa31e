"""Whether the database and the store answer."""

from services.gateway.db.engine import Database
from services.gateway.web.threads import Threads
from shared.storage import ObjectNotFound, ObjectStore, StorageError

_ANSWER_S = 3.0
"""Clients of `/readyz` give up after five seconds."""


class Readiness:
    """Asks each in its own thread: one that hangs delays neither the answer about the other nor anything else."""

    def __init__(self, database: Database, store: ObjectStore, threads: Threads) -> None:
        self._store = store
        self._of_database = threads.check(database.answers)
        self._of_store = threads.check(self._store_answers)

    async def database(self) -> bool:
        """Whether the database answers in time."""
        return bool(await self._of_database.answer(_ANSWER_S))

    async def store(self) -> bool:
        """Whether the store answers in time."""
        return bool(await self._of_store.answer(_ANSWER_S))

    def _store_answers(self) -> bool:
        try:
            self._store.stat("readyz")
        except ObjectNotFound:
            return True
        except (StorageError, OSError):
            return False
        return True
