"""Find what went silent, clear what is finished."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from faststream.nats import NatsBroker
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from services.gateway.batches import rows as batch_rows
from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, now
from services.gateway.operations import rows as operations_rows
from services.gateway.operations.rows import JobKey, Kept
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.hearing import give_up_listening
from services.gateway.settings import GatewaySettings
from shared.messaging import RESULTS_CONSUMER, JobSubject, subjects
from shared.observability import logger
from shared.pipeline import Lane, Stage

_UPLOAD_SILENT = timedelta(days=1)
_ANSWERS_KEPT = timedelta(days=1)
_BATCHES_KEPT = timedelta(days=1)
_JOBS_KEPT = timedelta(days=30)
_MOST_CLEARED = 1000
_ANSWERS_AT_ONCE = 50
"""An answer may have megabytes, and nobody else can write while they are removed."""
log = logger(__name__)


class Sweeper:
    """One turn looks at every open job and every message.

    Every step, and every task within it, is independent: one that fails is logged and tried again, and the others go
    on. None waits for the store, which may hang; the `Eraser` does.
    """

    def __init__(self, database: Database, broker: NatsBroker, settings: GatewaySettings) -> None:
        self._database, self._broker, self._settings = database, broker, settings
        self._unreadable: dict[str, int] = {}
        self._passed_over: dict[int, int] = {}
        self._without_message: set[int] = set()

    async def turn(self) -> None:
        """Look once."""
        js = self._broker.connection.jetstream()
        for step in (
            self._give_up_listening,
            self._empty_unreadable,
            self._reissue_lost,
            self._clear_over,
            self._clear_results,
            self._forget,
        ):
            with _told(step.__name__.strip("_")):
                await step(js)

    async def _empty_unreadable(self, js: JetStreamContext) -> None:
        """Empty a queue that lists messages but can read none of them, as happens to nats-server 2.9 after some
        crashes.

        It would stay that way until the broker is restarted. The database knows what was in it: jobs are published
        again, and results are reported again from their manifests once the broker no longer takes them for duplicates.
        """
        for stream in (subjects.JOBS, subjects.RESULTS):
            state = (await js.stream_info(stream)).state
            before = self._unreadable.pop(stream, None)
            if not state.messages or await _can_read(js, stream, state.first_seq):
                continue
            if before == state.first_seq:  # the same twice: nobody took it between the two queries
                log.error("queue_unreadable", stream=stream, messages=state.messages)
                await js.purge_stream(stream)
            else:
                self._unreadable[stream] = state.first_seq

    async def _reissue_lost(self, js: JetStreamContext) -> None:
        """Make jobs ready again that were handed out but have neither a result nor a message that may still reach a
        worker."""
        before, self._without_message = self._without_message, set()
        passed_over, self._passed_over = self._passed_over, {}
        for job in await asyncio.to_thread(self._silent):
            id_ = int(job.id or 0)
            try:
                sequence = int((await js.get_last_msg(subjects.JOBS, _subject(job))).seq or 0)
            except NotFoundError:
                if id_ not in before:  # its result may be on the way: next time
                    self._without_message.add(id_)
                    continue
            else:
                if not await _is_passed_over(js, job, sequence):
                    continue
                if passed_over.get(id_) != sequence:  # it may have been taken between the two queries: next time
                    self._passed_over[id_] = sequence
                    continue
                await remove(js, _subject(job))
            log.warning("job_reissued", task=job.task_id, stage=job.stage, job=job.shard, attempt=job.attempt)
            await asyncio.to_thread(self._reissue, id_)

    async def _messages(self, js: JetStreamContext) -> dict[str, JobSubject]:
        """Every open message by subject; unreadable subjects are left to the workers."""
        info = await js.stream_info(subjects.JOBS, subjects_filter="localclip.jobs.>")
        found: dict[str, JobSubject] = {}
        for subject in info.state.subjects or {}:
            try:
                found[subject] = JobSubject.parse(subject)
            except ValueError:
                continue
        return found

    async def _clear_over(self, js: JetStreamContext) -> None:
        """Remove messages of jobs that ended: canceled ones, and those an old broker failed to remove in a crash."""
        leaving = await asyncio.to_thread(self._deleted)
        messages = {
            subject: parsed for subject, parsed in (await self._messages(js)).items() if parsed.task_id not in leaving
        }
        states = await asyncio.to_thread(self._states, [_key(parsed) for parsed in messages.values()])
        for subject, parsed in messages.items():
            if states.get(_key(parsed)) not in pipeline_rows.OPEN_JOBS:
                await remove(js, subject)

    async def _clear_results(self, js: JetStreamContext) -> None:
        """Remove results that were recorded and acknowledged, which a broker before 2.10 may keep after a crash.

        Whatever is at or below the consumer's acknowledgement floor was acknowledged and is never delivered again.
        """
        floor = (await js.consumer_info(subjects.RESULTS, RESULTS_CONSUMER)).ack_floor
        last = floor.stream_seq if floor else 0
        for _ in range(_MOST_CLEARED):
            state = (await js.stream_info(subjects.RESULTS)).state
            if not state.messages or not last or state.first_seq > last:
                return
            try:
                await js.delete_msg(subjects.RESULTS, state.first_seq)
            except NotFoundError:  # gone meanwhile, or listed but not there: the next sweep looks again
                return
            log.info("acknowledged_result_cleared", sequence=state.first_seq)

    async def _give_up_listening(self, js: JetStreamContext) -> None:
        """Give up listening jobs: dubs do not wait long behind somebody else's video, or for a missing worker."""
        for task_id, job_id in await asyncio.to_thread(self._slow_listening):
            with _told("listening", task_id):
                await asyncio.to_thread(self._give_up, task_id, job_id)

    def _slow_listening(self) -> list[tuple[str, int]]:
        with self._database.read() as session:
            return operations_rows.slow_listening(session, timedelta(seconds=self._settings.listening_patience_s))

    def _give_up(self, task_id: str, job_id: int) -> None:
        with self._database.write() as session:
            if give_up_listening(session, task_id, job_id):
                log.warning("listening_given_up", task=task_id, job=job_id)

    def _silent(self) -> list[JobRow]:
        with self._database.read() as session:
            return list(operations_rows.silent_jobs(session, timedelta(seconds=self._settings.resend_after_s)))

    def _reissue(self, id_: int) -> None:
        with self._database.write() as session:
            operations_rows.reissue(session, id_)

    def _states(self, jobs: list[JobKey]) -> dict[JobKey, str]:
        with self._database.read() as session:
            return operations_rows.job_states(session, jobs)

    def _deleted(self) -> set[str]:
        with self._database.read() as session:
            return {task_id for task_id, _ in operations_rows.deleted_tasks(session)}

    async def _forget(self, js: JetStreamContext) -> None:
        """Drop old answers, messages of ended jobs, jobs older than a month, and unfinished uploads."""
        await asyncio.to_thread(self._forget_rows)

    def _forget_rows(self) -> None:
        at = now()
        kept = Kept(at - _ANSWERS_KEPT, at - _BATCHES_KEPT, at - _JOBS_KEPT, at - _UPLOAD_SILENT)
        with self._database.read() as session:
            found = operations_rows.over(session, kept, _MOST_CLEARED)
        for begin in range(0, len(found.answers), _ANSWERS_AT_ONCE):
            with self._database.write(quiet=True) as session:
                operations_rows.forget_answers(session, found.answers[begin : begin + _ANSWERS_AT_ONCE])
        if not replace(found, answers=()):
            return
        with self._database.write() as session:
            operations_rows.forget(session, found, kept)
            if found.batches:
                batch_rows.forget(session, kept.batches)


@contextlib.contextmanager
def _told(step: str, task_id: str | None = None) -> Iterator[None]:
    """Log an exception, so that the following steps still get their turn."""
    try:
        yield
    except Exception:
        log.exception("sweep_step_failed", step=step, task=task_id)


def _key(parsed: JobSubject) -> JobKey:
    return parsed.task_id, parsed.language, str(parsed.stage), parsed.shard, parsed.attempt


def _subject(job: JobRow) -> str:
    return str(JobSubject(Stage(job.stage), Lane(job.lane), job.task_id, job.language, job.shard, job.attempt))


async def _can_read(js: JetStreamContext, stream: str, sequence: int) -> bool:
    try:
        await js.get_msg(stream, seq=sequence)
    except NotFoundError:
        return False
    return True


async def _is_passed_over(js: JetStreamContext, job: JobRow, sequence: int) -> bool:
    """Whether the consumer of a job's message will never deliver it, because it believes it has already done so.

    That happens if a broker was killed before it recorded the position of its stream, and counts from there again.
    """
    info = await js.consumer_info(subjects.JOBS, subjects.job_consumer(Stage(job.stage), Lane(job.lane)))
    acknowledged = info.ack_floor.stream_seq if info.ack_floor else 0
    delivered = info.delivered.stream_seq if info.delivered else 0
    return sequence <= acknowledged or (sequence <= delivered and not info.num_ack_pending)


async def remove(js: JetStreamContext, subject: str) -> None:
    """Delete by sequence: purging by subject loses other messages on servers before 2.9.12."""
    try:
        message = await js.get_last_msg(subjects.JOBS, subject)
        await js.delete_msg(subjects.JOBS, int(message.seq or 0))
    except NotFoundError:
        return
