"""Hand ready jobs to the workers."""

import asyncio
import json

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from pydantic import ValidationError

from services.gateway.background.tries import Tries
from services.gateway.database import queries
from services.gateway.database.engine import Database, DatabaseBusy
from services.gateway.database.giving_up import give_up
from services.gateway.database.record import record
from services.gateway.database.tables import JobRow
from services.gateway.planning.fair_share import choose
from services.gateway.planning.sizes import refused, too_large
from services.gateway.threads import Threads
from shared.messaging import (
    JOB,
    MAX_BODY_BYTES,
    Job,
    JobFailed,
    Result,
    is_open_already,
    is_refusal,
    publish_once,
    subjects,
)
from shared.observability import logger
from shared.pipeline import ErrorCode, Lane, Stage
from shared.storage import ObjectStore, StorageError, keys, put_bytes

_PARALLEL = 16
_DOCUMENT_S = 10.0
log = logger(__name__)


class Dispatcher:
    """Publishes ready job rows as their share of the window of their stage and lane comes up.

    A row that can never be published ends with an error code; one that cannot be now stays ready.
    """

    def __init__(
        self, database: Database, broker: NatsBroker, store: ObjectStore, threads: Threads, window: int
    ) -> None:
        self._database, self._broker, self._store, self._window = database, broker, store, window
        self._threads = threads
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._tries = Tries()

    async def turn(self) -> None:
        """Hand out everything that may go out now."""
        while jobs := await asyncio.to_thread(self._next):
            over = await asyncio.gather(*(self._hand_out(job) for job in jobs))
            if not all(over):
                await asyncio.sleep(1.0)  # broker, store or database away: the rows stay ready
                return

    def _next(self) -> list[JobRow]:
        with self._database.read() as session:
            held = queries.in_flight(session)
            ids: list[int] = []
            for lane in sorted(Lane, key=lambda lane: lane is not Lane.INTERACTIVE):
                for stage in Stage:
                    out = held.get((stage, lane), {})
                    if sum(out.values()) < self._window:
                        ids += choose(queries.waiting(session, stage, lane, self._window), out, self._window)
            return queries.jobs_by_id(session, ids)

    async def _hand_out(self, row: JobRow) -> bool:
        """Whether the row is over and done with: handed out, or failed for good."""
        id_ = int(row.id or 0)
        async with self._slots:
            try:
                ended = await self._publish(row)
                await asyncio.to_thread(self._settle, id_, ended)
            except (NatsError, TimeoutError, OSError, StorageError, DatabaseBusy) as error:
                log.warning("dispatch_failed", job=id_, error=repr(error))
                return False
            except Exception:  # one row's surprise holds up no other
                log.exception("dispatch_failed", job=id_)
                if self._tries.failed(id_):
                    await asyncio.to_thread(give_up, self._database, _unsent(row, ErrorCode.JOB_REFUSED))
                return False
        self._tries.over(id_)
        return True

    async def _publish(self, row: JobRow) -> Result | None:
        """Bring a job to its stream; returns how it ends if it can never get there."""
        try:
            job = JOB.validate_json(row.payload)
            subject = str(job.subject())
        except (ValidationError, ValueError):
            log.exception("dispatch_refused", task=row.task_id, stage=row.stage, shard=row.shard)
            return _unsent(row, ErrorCode.MESSAGE_INVALID)
        size = len(row.payload.encode())
        if size > MAX_BODY_BYTES:
            log.warning("dispatch_refused", subject=subject, size=size)
            return too_large(job, size)
        if row.document is not None:
            where = keys.document(row.task_id, row.language, Stage(row.stage), row.shard, row.attempt)
            async with asyncio.timeout(_DOCUMENT_S):  # a store that hangs must not keep other jobs back
                await self._threads.transfer(put_bytes, self._store, where, row.document.encode())
        return await self._send(job, subject, f"{job.key()}:{row.resends}")

    async def _send(self, job: Job, subject: str, message_id: str) -> Result | None:
        try:
            await publish_once(self._broker, job, subject=subject, stream=subjects.JOBS, message_id=message_id)
        except NatsError as error:
            if isinstance(error, MaxPayloadError):  # all but ASCII is escaped on its way
                log.warning("dispatch_refused", subject=subject, error=repr(error))
                return too_large(job, len(json.dumps(job.model_dump(mode="json"))))
            if is_refusal(error):
                log.warning("dispatch_refused", subject=subject, error=repr(error))
                return refused(job, ErrorCode.JOB_REFUSED, f"the broker does not take this job: {_name(error)}")
            if not is_open_already(error):
                raise
        log.info("job_dispatched", subject=subject)
        return None

    def _settle(self, id_: int, ended: Result | None) -> None:
        with self._database.write() as session:
            if ended is None:
                queries.mark_dispatched(session, id_)
            else:
                record(session, ended)


def _name(error: Exception) -> str:
    return getattr(error, "description", None) or type(error).__name__


def _unsent(row: JobRow, code: ErrorCode) -> JobFailed:
    return JobFailed(
        task_id=row.task_id,
        language=row.language,
        stage=Stage(row.stage),
        shard=row.shard,
        attempt=row.attempt,
        code=code,
        message="this job could not be sent to the workers; the gateway's log says more",
    )
