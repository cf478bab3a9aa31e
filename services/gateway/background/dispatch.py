"""Hand ready jobs to the workers."""

import asyncio

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.tables import JobRow
from services.gateway.planning.fair_share import choose
from shared.messaging import JOB, publish_once, subjects
from shared.observability import logger
from shared.pipeline import Stage
from shared.storage import ObjectStore, StorageError, keys, put_bytes

_OPEN_MESSAGE = 10077
_PARALLEL = 16
log = logger(__name__)


class Dispatcher:
    """Publishes ready job rows: interactive ones at once, batch ones as their share of the window comes up."""

    def __init__(self, database: Database, broker: NatsBroker, store: ObjectStore, window: int) -> None:
        self._database, self._broker, self._store, self._window = database, broker, store, window
        self._slots = asyncio.Semaphore(_PARALLEL)

    async def turn(self) -> None:
        """Hand out everything that may go out now."""
        while jobs := await asyncio.to_thread(self._next):
            published = await asyncio.gather(*(self._hand_out(job) for job in jobs))
            if not all(published):
                await asyncio.sleep(1.0)  # broker or store away: the rows stay ready
                return

    def _next(self) -> list[JobRow]:
        with self._database.read() as session:
            ids = queries.ready_interactive(session)
            ids += choose(queries.waiting(session), queries.in_flight(session), self._window)
            return queries.jobs_by_id(session, ids)

    async def _hand_out(self, row: JobRow) -> bool:
        job = JOB.validate_json(row.payload)
        subject = str(job.subject())
        async with self._slots:
            try:
                if row.document is not None:
                    where = keys.document(row.task_id, row.language, Stage(row.stage), row.shard, row.attempt)
                    await asyncio.to_thread(put_bytes, self._store, where, row.document.encode())
                await publish_once(
                    self._broker,
                    job,
                    subject=subject,
                    stream=subjects.JOBS,
                    message_id=f"{job.key()}:{row.resends}",
                )
            except APIError as error:
                if error.err_code != _OPEN_MESSAGE:  # one is open already: as good as published
                    log.warning("dispatch_refused", subject=subject, error=str(error))
                    return False
            except (NatsError, TimeoutError, OSError, StorageError) as error:
                log.warning("dispatch_failed", subject=subject, error=repr(error))
                return False
            await asyncio.to_thread(self._mark, int(row.id or 0))
        log.info("job_dispatched", subject=subject)
        return True

    def _mark(self, id_: int) -> None:
        with self._database.write() as session:
            queries.mark_dispatched(session, id_)
