"""Hand ready jobs to the workers."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from pydantic import ValidationError

from services.gateway.db import Session
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import JobRow, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.fair_share import (
    WINDOW,
    Free,
    Held,
    Ledger,
    Waiting,
    choose,
    free_for_long,
    in_turn,
    limit,
)
from services.gateway.pipeline.results import give_up, record
from services.gateway.pipeline.units import refused, too_large
from services.gateway.pipeline.workers import Workers
from services.gateway.web.threads import Threads
from shared.messaging import (
    JOB,
    MAX_BODY_BYTES,
    Job,
    JobFailed,
    Result,
    Tries,
    failed,
    is_open_already,
    is_refusal,
    publish_stored,
    subjects,
)
from shared.observability import logger
from shared.pipeline import ErrorCode, Lane, Stage
from shared.storage import ObjectStore, StorageError, keys, put_bytes

_PARALLEL = 16
_TYPICAL_S = 1.0
_FORESEEN = 2000
_FORGETS = timedelta(minutes=1)
_DOCUMENT_S = 10.0
_SENT, _OVER = "sent", "over"
log = logger(__name__)


class Dispatcher:
    """Publishes ready job rows as slots of their stage become free, in the order of `fair_share`.

    A row that can never be published ends with an error code; one that cannot be published now stays ready. `cap`
    limits the jobs of a stage and lane further than the workers' slots do.
    """

    def __init__(
        self,
        database: Database,
        broker: NatsBroker,
        store: ObjectStore,
        threads: Threads,
        workers: Workers,
        cap: int | None = None,
    ) -> None:
        self._database, self._broker, self._store, self._threads = database, broker, store, threads
        self._workers, self._cap = workers, cap
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._tries = Tries()
        self._ledger, self._looked_at = Ledger(), datetime.min.replace(tzinfo=UTC)

    async def turn(self) -> None:
        """Hand out everything that may go out now; whatever makes more jobs ready wakes the loop."""
        if not (jobs := await asyncio.to_thread(self.choose)):
            return
        over = await asyncio.gather(*(self._hand_out(job) for job in jobs))
        sent = [int(job.id or 0) for job, ended in zip(jobs, over, strict=True) if ended is _SENT]
        if sent:
            await asyncio.to_thread(self._mark, sent)
        if not all(over):
            await asyncio.sleep(1.0)  # broker, store or database away: the rows stay ready

    def choose(self) -> list[JobRow]:
        """The jobs that go out now; they count as out from here on, until the database shows otherwise."""
        at = now()
        with self._database.read() as session:
            if at - self._looked_at > _FORGETS:  # this gateway did not lead
                self._ledger = Ledger(pipeline_rows.ended_jobs(session, at - WINDOW))
            self._looked_at = at
            self._ledger.look(pipeline_rows.held_jobs(session), at)
            chosen: list[Held] = []
            ready = pipeline_rows.ready_queues(session)
            for stage in Stage:
                chosen += self._chosen(session, stage, ready, at)
            rows = pipeline_rows.jobs_by_id(session, [one.job_id for one in chosen])
        for one in chosen:
            self._ledger.hand_out(one)
        return rows

    def _chosen(
        self, session: Session, stage: Stage, ready: Collection[tuple[Stage, Lane, bool]], at: datetime
    ) -> list[Held]:
        """The jobs of a stage that go out now: those a person waits for, then batch jobs for the slots left."""
        workers, found, out = self._workers.of(stage), list[Held](), 0
        for lane in sorted(Lane, key=lambda lane: lane is not Lane.INTERACTIVE):
            held, typical_s = self._ledger.out(stage, lane), self._ledger.typical_s(stage, lane)
            out += len(held)
            most = limit(sum(workers), typical_s, self._cap)
            free = Free(most - out, free_for_long(workers, most, held))
            queues = [long for long in (False, True) if (stage, lane, long) in ready]
            if free.slots > 0 and queues:
                spent_s = self._ledger.spent_s(stage, lane, at)
                waiting = _waiting(session, stage, lane, queues, free.slots, spent_s)
                next_ = choose(waiting, spent_s, self._ledger.turns(stage, lane), free, typical_s or _TYPICAL_S)
                found += [Held(job.job_id, (stage, lane), owner, job.rank.long, at) for owner, job in next_]
                out += len(next_)
        return found

    async def _hand_out(self, row: JobRow) -> object:
        """`_SENT`, or `_OVER` for a row that failed for good; None: it stays ready."""
        id_ = int(row.id or 0)
        async with self._slots:
            try:
                ended = await self._publish(row)
                if ended is not None:
                    await asyncio.to_thread(self._end, ended)
            except (NatsError, TimeoutError, OSError, StorageError, DatabaseBusy) as error:
                log.warning("dispatch_failed", job=id_, error=repr(error))
                return None
            except Exception:  # one bad row must not hold up the others
                log.exception("dispatch_failed", job=id_)
                if self._tries.failed(id_):
                    await asyncio.to_thread(give_up, self._database, _unsent(row, ErrorCode.JOB_REFUSED))
                return None
        self._tries.over(id_)
        return _SENT if ended is None else _OVER

    async def _publish(self, row: JobRow) -> Result | None:
        """Publish a job to its stream; returns how it ends if it can never be published."""
        try:
            job = JOB.validate_json(row.payload)
            subject = str(job.subject())
        except (ValidationError, ValueError):
            log.exception("dispatch_refused", task=row.task_id, stage=row.stage, shard=row.shard)
            return _unsent(row, ErrorCode.MESSAGE_INVALID)
        body = row.payload.encode()
        size = len(body)
        if size > MAX_BODY_BYTES:
            log.warning("dispatch_refused", subject=subject, size=size)
            return too_large(job, size)
        if row.document is not None:
            where = keys.document(row.task_id, row.language, Stage(row.stage), row.shard, row.attempt)
            async with asyncio.timeout(_DOCUMENT_S):  # a store that hangs must not keep other jobs back
                await self._threads.transfer(put_bytes, self._store, where, row.document.encode())
        return await self._send(job, body, f"{job.key()}:{row.resends}")

    async def _send(self, job: Job, body: bytes, message_id: str) -> Result | None:
        subject = str(job.subject())
        try:
            await publish_stored(self._broker, body, subject=subject, stream=subjects.JOBS, message_id=message_id)
        except NatsError as error:
            if isinstance(error, MaxPayloadError):  # a broker with a smaller message limit than ours
                log.warning("dispatch_refused", subject=subject, error=repr(error))
                return too_large(job, len(body))
            if is_refusal(error):
                log.warning("dispatch_refused", subject=subject, error=repr(error))
                return refused(job, ErrorCode.JOB_REFUSED, f"the broker does not take this job: {_name(error)}")
            if not is_open_already(error):
                raise
        log.info("job_dispatched", subject=subject)
        return None

    def _mark(self, ids: Sequence[int]) -> None:
        with self._database.write(quiet=True) as session:
            pipeline_rows.mark_dispatched(session, ids)

    def _end(self, ended: Result) -> None:
        with self._database.write() as session:
            record(session, ended)


class Foreseen:
    """The order in which ready jobs go out, by the rule of the dispatcher and what owners took of `ledger`.

    The order of a stage and lane is worked out once, however many of its jobs are asked about. Which of an owner's
    next jobs is the fourth is known only to the gateway that leads. Of an owner's jobs the first `_FORESEEN` are
    looked at.
    """

    def __init__(self, session: Session, ledger: Ledger) -> None:
        self._session, self._ledger, self._at = session, ledger, now()
        self._ready = pipeline_rows.ready_queues(session)
        self._known: dict[tuple[Stage, Lane], dict[int, int]] = {}

    def before(self, job: JobRow) -> int:
        """Ready jobs of its stage that go out before `job`; all of its lane if it is not among those looked at."""
        stage, lane = Stage(job.stage), Lane(job.lane)
        places = self._places(stage, lane)
        first = 0 if lane is Lane.INTERACTIVE else len(self._places(stage, Lane.INTERACTIVE))
        return first + places.get(int(job.id or 0), len(places))

    def _places(self, stage: Stage, lane: Lane) -> Mapping[int, int]:
        """The place of each job of a lane, by its id."""
        if (stage, lane) not in self._known:
            queues = [long for long in (False, True) if (stage, lane, long) in self._ready]
            spent_s = self._ledger.spent_s(stage, lane, self._at)
            waiting = _waiting(self._session, stage, lane, queues, _FORESEEN, spent_s)
            typical_s = self._ledger.typical_s(stage, lane) or _TYPICAL_S
            order = in_turn(waiting, spent_s, self._ledger.turns(stage, lane), inf, typical_s)
            self._known[stage, lane] = {one.job_id: place for place, (_, one) in enumerate(order)}
        return self._known[stage, lane]


def _waiting(
    session: Session, stage: Stage, lane: Lane, queues: Iterable[bool], most: int, spent_s: Mapping[str, float]
) -> dict[str, Waiting]:
    """The first jobs of the owners who may be next; `queues`: those of long work, or the others."""
    found: dict[str, Waiting] = {}
    for long in queues:
        owners = pipeline_rows.ready_owners(session, stage, lane, long=long)
        for owner in sorted(owners, key=lambda one: spent_s.get(one, 0.0))[:most]:
            ready = pipeline_rows.ready_jobs(session, stage, lane, owner, most, long=long)
            found[owner] = found[owner].beside(ready) if owner in found else ready
    return found


def _name(error: Exception) -> str:
    return getattr(error, "description", None) or type(error).__name__


def _unsent(row: JobRow, code: ErrorCode) -> JobFailed:
    return failed(row, code, "this job could not be sent to the workers; the gateway's log says more")
