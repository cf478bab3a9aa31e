"""The runtime of every stage service: takes one job at a time from two lanes and sees it to its end.

A stage service brings a blocking function from job to result; everything else about delivery is here: the lease,
cancellation, progress, the manifest that makes a job count once, retry, the dead letter, and a clean stop.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import structlog
from faststream import FastStream
from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from pydantic import ValidationError

from shared.messaging import _subjects as names
from shared.messaging._context import GuardedStore, JobContext, remove_abandoned_folders, working_folder
from shared.messaging._dead import bury
from shared.messaging._engines import EngineInfo, announce_engines
from shared.messaging._jobs import JOB_OF, Job
from shared.messaging._lease import held, is_canceled, send_progress
from shared.messaging._publishing import publish_until_stored
from shared.messaging._results import RESULT, JobFailed, JobResult, Result, failed
from shared.messaging._settings import BrokerSettings, WorkerSettings, connect_options
from shared.messaging._streams import provision
from shared.messaging._subjects import JobSubject
from shared.observability import bind_job, logger
from shared.pipeline import Canceled, ErrorCode, Lane, PermanentError, PipelineError, Stage
from shared.storage import ObjectNotFound, ObjectStore, StorageError, keys, read_bytes

RETRY_DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0)
MAX_TRIES = 6
FETCH_S = 5.0

log = logger(__name__)

Handle = Callable[[Any, JobContext], JobResult]


class Worker:
    """Runs the jobs of one stage, one at a time, interactive ones first."""

    def __init__(
        self,
        stage: Stage,
        handle: Handle,
        store: ObjectStore,
        broker_settings: BrokerSettings,
        settings: WorkerSettings,
        engines: tuple[EngineInfo, ...] = (),
    ) -> None:
        self._stage, self._handle, self._store = stage, handle, store
        self._settings, self._engines = settings, engines
        self.broker = NatsBroker(broker_settings.nats_url, logger=None, **connect_options())
        self._free = asyncio.Event()
        self._stopping = False
        self._current: JobContext | None = None
        self._pullers: list[asyncio.Task[None]] = []
        self._subscribers = {lane: self._subscriber(lane) for lane in Lane}

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then end or hand back the job in hand."""
        removed = remove_abandoned_folders(self._settings.work_dir)
        if removed:
            log.info("abandoned_folders_removed", count=removed)
        app = FastStream(
            self.broker, logger=None, after_startup=[self._start], on_shutdown=[self._stop]
        )
        await app.run()

    async def _start(self) -> None:
        js = self.broker.connection.jetstream()
        await provision(js)
        await announce_engines(js, self._stage, self._engines)
        self._free.set()
        # The interactive lane asks first: the server answers requests of one connection in order.
        lanes = sorted(Lane, key=lambda lane: lane is not Lane.INTERACTIVE)
        self._pullers = [asyncio.create_task(self._pull(lane)) for lane in lanes]
        log.info("worker_ready", stage=self._stage)

    async def _stop(self) -> None:
        self._stopping = True
        try:
            async with asyncio.timeout(self._settings.grace_s):
                await self._free.wait()
        except TimeoutError:
            if self._current:
                self._current.cancel.cancel("the worker is stopping")
            try:
                async with asyncio.timeout(self._settings.abandon_s):
                    await self._free.wait()
            except TimeoutError:
                log.warning("job_abandoned")  # its lease runs out and another worker takes it
        for puller in self._pullers:
            puller.cancel()
        await asyncio.gather(*self._pullers, return_exceptions=True)

    def _subscriber(self, lane: Lane) -> Any:
        return self.broker.subscriber(
            names.job_filter(self._stage, lane),
            durable=names.job_consumer(self._stage, lane),
            stream=JStream(names.JOBS, declare=False),
            pull_sub=PullSub(batch_size=1, timeout=FETCH_S),
            ack_policy=AckPolicy.MANUAL,
        )

    async def _pull(self, lane: Lane) -> None:
        """Ask `lane` for a job whenever the slot is free."""
        while not self._stopping:
            await self._free.wait()
            try:
                message: NatsMessage | None = await self._subscribers[lane].get_one(timeout=FETCH_S)
            except (NatsError, APIError, OSError) as error:
                log.warning("fetch_failed", lane=lane, error=repr(error))
                await asyncio.sleep(1.0)
                continue
            if message is None:
                continue
            if self._stopping or not self._free.is_set():  # the other lane was faster
                await message.nack()
                continue
            self._free.clear()
            try:
                await self._take(message)
            except Exception:  # the guard: whatever happens to one job, the worker takes the next
                log.exception("job_guard_failed")
            finally:
                self._current = None
                self._free.set()

    async def _take(self, message: NatsMessage) -> None:
        raw = message.raw_message
        try:
            subject = JobSubject.parse(raw.subject)
            job = JOB_OF[subject.stage].model_validate_json(raw.data)
            if job.subject() != subject:
                raise ValueError("the body and the subject name different jobs")
        except (ValidationError, ValueError) as error:
            log.error("job_unreadable", subject=raw.subject, error=str(error))
            await bury(self.broker, raw, ErrorCode.MESSAGE_INVALID, str(error))
            await message.reject()
            return
        tries = raw.metadata.num_delivered
        with bind_job(
            task=job.task_id, language=job.language, stage=subject.stage, job=job.shard, attempt=job.attempt
        ):
            await self._settle(message, job, tries)

    async def _settle(self, message: NatsMessage, job: Job, tries: int) -> None:
        """Run the job and decide what becomes of its message."""
        if tries > MAX_TRIES:  # every earlier try ended without a word: it takes its worker down
            await self._give_up(message, job, ErrorCode.WORKER_LOST, f"the worker died {tries - 1} times on this job")
            return
        cancel_flags = await self.broker.key_value(names.CANCEL_BUCKET, declare=False)
        if await is_canceled(cancel_flags, job):
            await message.ack_sync()
            log.info("job_skipped_canceled")
            return
        with working_folder(self._settings.work_dir) as folder:
            context = self._current = JobContext(self._store, folder)
            try:
                async with held(self.broker, message, job, context):
                    result = await self._run_once(job, context)
            except Canceled as stop:
                await self._after_cancel(message, stop)
            except PermanentError as error:
                log.warning("job_failed", code=error.code, error=error.message)
                await self._report(failed(job, error.code, error.message))
                await message.ack_sync()
            except Exception as error:  # the message guard: retried, then reported and kept as a dead letter
                await self._after_error(message, job, tries, error)
            else:
                await self._report(result)
                await message.ack_sync()
                await send_progress(self.broker, job, 1.0, "")

    async def _run_once(self, job: Job, context: JobContext) -> Result:
        """The result of the job's manifest; works only when there is none yet."""
        where = keys.manifest(job.task_id, job.language, job.stage(), job.shard, job.attempt)
        known = await asyncio.to_thread(self._read_manifest, where)
        if known is not None:
            log.info("job_already_done")
            return known
        log.info("job_started")
        guarded = JobContext(
            GuardedStore(context.store, context.cancel), context.workdir, context.cancel, context.progress
        )
        result = await _in_thread(lambda: self._handle(job, guarded))
        context.cancel.check()
        data = result.model_dump_json().encode()
        if not await asyncio.to_thread(guarded.store.create, where, data):
            log.info("job_done_elsewhere")
            return RESULT.validate_json(await asyncio.to_thread(read_bytes, self._store, where))
        log.info("job_done")
        return RESULT.validate_json(data)

    def _read_manifest(self, where: str) -> Result | None:
        try:
            return RESULT.validate_json(read_bytes(self._store, where))
        except ObjectNotFound:
            return None

    async def _report(self, result: JobResult) -> None:
        outcome = "failed" if isinstance(result, JobFailed) else "done"
        await publish_until_stored(
            self.broker,
            result,
            subject=names.results(result.stage),
            stream=names.RESULTS,
            message_id=f"{result.key()}:{outcome}",
        )

    async def _after_cancel(self, message: NatsMessage, stop: Canceled) -> None:
        if self._stopping:
            log.info("job_handed_back")
            await message.nack()
        else:
            log.info("job_canceled", reason=stop.message)
            await message.ack_sync()

    async def _after_error(self, message: NatsMessage, job: Job, tries: int, error: Exception) -> None:
        code, text = _explain(error)
        if tries < MAX_TRIES:
            delay = RETRY_DELAYS_S[min(tries, len(RETRY_DELAYS_S)) - 1]
            log.warning("job_retried", code=code, error=text, tries=tries, delay_s=delay, exc_info=error)
            await message.nack(delay=delay)
            return
        log.error("job_failed", code=code, error=text, tries=tries, exc_info=error)
        await self._give_up(message, job, code, text)

    async def _give_up(self, message: NatsMessage, job: Job, code: ErrorCode, text: str) -> None:
        await self._report(failed(job, code, text))
        await bury(self.broker, message.raw_message, code, text)
        await message.reject()


def _explain(error: Exception) -> tuple[ErrorCode, str]:
    if isinstance(error, PipelineError):
        return error.code, error.message
    if isinstance(error, StorageError):
        return ErrorCode.STORAGE_UNAVAILABLE, str(error)
    return ErrorCode.INTERNAL, f"{type(error).__name__}: {error}"


async def _in_thread(work: Callable[[], JobResult]) -> JobResult:
    """Run blocking work in a daemon thread, so that a call that never returns cannot keep the process alive."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[JobResult] = loop.create_future()
    context = structlog.contextvars.get_contextvars()

    def settle(result: JobResult | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        elif result is not None:
            future.set_result(result)

    def body() -> None:
        structlog.contextvars.bind_contextvars(**context)
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 (carried over to the awaiting side whole)
            outcome: tuple[JobResult | None, BaseException | None] = (None, error)
        else:
            outcome = (result, None)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=body, daemon=True, name="job").start()
    return await future
