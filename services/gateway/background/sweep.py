"""Find what went silent, clear what is over, finish deletions."""

import asyncio
import time
from datetime import timedelta

from faststream.nats import NatsBroker
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from services.gateway.background.loops import Wake
from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.listening import give_up_listening
from services.gateway.database.tables import JobRow, Task, now
from services.gateway.settings import GatewaySettings
from shared.messaging import JobSubject, subjects
from shared.observability import logger
from shared.pipeline import Lane, Stage
from shared.storage import ObjectStore, keys

_UPLOAD_SILENT = timedelta(days=1)
_ANSWERS_KEPT = timedelta(days=1)
_REVISIT_S = 120.0
_LOOK_AGAIN_S = 0.5
log = logger(__name__)


class Sweeper:
    """One turn looks at every open job, every message and every task on its way out."""

    def __init__(self, database: Database, broker: NatsBroker, store: ObjectStore, settings: GatewaySettings) -> None:
        self._database, self._broker, self._store, self._settings = database, broker, store, settings
        self._revisit: dict[str, float] = {}
        self.wake = Wake()

    async def turn(self) -> None:
        """Look once."""
        js = self._broker.connection.jetstream()
        await asyncio.to_thread(self._give_up_listening)
        await self._reissue_lost(js)
        messages = await self._messages(js)
        await self._clear_over(js, messages)
        await self._finish_deletions(js)
        await asyncio.to_thread(self._forget)

    async def _reissue_lost(self, js: JetStreamContext) -> None:
        """A job handed out, without result and without message, is made ready again."""
        for job in await asyncio.to_thread(self._silent):
            try:
                await js.get_last_msg(subjects.JOBS, _subject(job))
            except NotFoundError:
                log.warning("job_reissued", task=job.task_id, stage=job.stage, job=job.shard, attempt=job.attempt)
                await asyncio.to_thread(self._reissue, int(job.id or 0))

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

    async def _clear_over(self, js: JetStreamContext, messages: dict[str, JobSubject]) -> None:
        """Remove messages of jobs that ended: canceled ones, and those an old broker forgot to remove in a crash."""
        leaving = {task.task_id for task in await asyncio.to_thread(self._deleted)}
        messages = {subject: parsed for subject, parsed in messages.items() if parsed.task_id not in leaving}
        states = await asyncio.to_thread(self._states, {parsed.task_id for parsed in messages.values()})
        for subject, parsed in messages.items():
            key = (parsed.task_id, parsed.language, str(parsed.stage), parsed.shard, parsed.attempt)
            if states.get(key) not in queries.OPEN_JOBS:
                await _remove(js, subject)

    async def _finish_deletions(self, js: JetStreamContext) -> None:
        """Erase deleted tasks once no worker can have one of their jobs in hand."""
        for task in await asyncio.to_thread(self._deleted):
            info = await js.stream_info(subjects.JOBS, subjects_filter=f"localclip.jobs.*.*.{task.task_id}.>")
            held = list(info.state.subjects or {})
            waited = (now() - task.deleted_at).total_seconds() if task.deleted_at else 0.0
            if waited < self._settings.delete_grace_s and await _maybe_in_hand(js, held):
                asyncio.get_running_loop().call_later(_LOOK_AGAIN_S, self.wake.set)
                continue
            for subject in held:
                await _remove(js, subject)
            await asyncio.to_thread(self._erase, task.task_id)
            self._revisit[task.task_id] = time.monotonic() + _REVISIT_S
            log.info("task_erased", task=task.task_id)
        await asyncio.to_thread(self._erase_latecomers)

    def _give_up_listening(self) -> None:
        """Dubs do not wait long behind somebody else's video, or for a worker that is not there."""
        with self._database.read() as session:
            slow = queries.slow_listening(session, timedelta(seconds=self._settings.listening_patience_s))
        for task_id, job_id in slow:
            with self._database.write() as session:
                if give_up_listening(session, task_id, job_id):
                    log.warning("listening_given_up", task=task_id, job=job_id)

    def _erase(self, task_id: str) -> None:
        self._store.delete(keys.task_prefix(task_id))
        with self._database.write() as session:
            queries.erase_task(session, task_id)

    def _erase_latecomers(self) -> None:
        """A worker cut off from the broker may have written once more; look again after its lease is long over."""
        for task_id in [key for key, due in self._revisit.items() if due <= time.monotonic()]:
            self._store.delete(keys.task_prefix(task_id))
            del self._revisit[task_id]

    def _silent(self) -> list[JobRow]:
        with self._database.read() as session:
            return list(queries.silent_jobs(session, timedelta(seconds=self._settings.resend_after_s)))

    def _reissue(self, id_: int) -> None:
        with self._database.write() as session:
            queries.reissue(session, id_)

    def _states(self, task_ids: set[str]) -> dict[tuple[str, str, str, str, int], str]:
        with self._database.read() as session:
            return queries.job_states(session, list(task_ids))

    def _deleted(self) -> list[Task]:
        with self._database.read() as session:
            return list(queries.deleted_tasks(session))

    def _forget(self) -> None:
        with self._database.write() as session:
            queries.drop_idempotency(session, now() - _ANSWERS_KEPT)
            for task in queries.abandoned_uploads(session, _UPLOAD_SILENT):
                task.deleted_at = now()


def _subject(job: JobRow) -> str:
    return str(JobSubject(Stage(job.stage), Lane(job.lane), job.task_id, job.language, job.shard, job.attempt))


async def _maybe_in_hand(js: JetStreamContext, held: list[str]) -> bool:
    """Whether a worker may be at one of these messages: its consumer waits for acknowledgements."""
    for parsed in map(JobSubject.parse, held):
        info = await js.consumer_info(subjects.JOBS, subjects.job_consumer(parsed.stage, parsed.lane))
        if info.num_ack_pending:
            return True
    return False


async def _remove(js: JetStreamContext, subject: str) -> None:
    """Delete by sequence: purging by subject loses other messages on servers before 2.9.12."""
    try:
        message = await js.get_last_msg(subjects.JOBS, subject)
        await js.delete_msg(subjects.JOBS, int(message.seq or 0))
    except NotFoundError:
        return
