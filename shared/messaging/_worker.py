"""The runtime of every stage service: takes one job at a time from two lanes and carries it through to its end.

A stage service provides a blocking function from job to result; everything else about delivery is here: the lease,
cancellation, progress, the manifest that makes a job count once, retry, the dead letter, and a clean stop.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from faststream import FastStream
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NotFoundError

from shared.messaging import _subjects as names
from shared.messaging._context import GuardedStore, JobContext, remove_abandoned_folders, working_folder
from shared.messaging._dead import bury
from shared.messaging._engines import EngineInfo, WorkerSlots, announce_engines, refuse_non_commercial
from shared.messaging._feed import JobFeed
from shared.messaging._jobs import JOB, Job
from shared.messaging._lease import acknowledge, count_tries, hand_back, held, is_canceled, send_progress
from shared.messaging._publishing import is_connected, publish_until_stored
from shared.messaging._results import RESULT, JobFailed, JobResult, Result, SpeechCut, failed
from shared.messaging._settings import BrokerSettings, WorkerSettings, connect_options, login_refused
from shared.messaging._streams import ACK_WAIT_S, heartbeat_of
from shared.messaging._thread import in_thread
from shared.messaging._trouble import Trouble, broker_problem
from shared.observability import bind_job, kept_health, logger
from shared.pipeline import Canceled, ErrorCode, PermanentError, PipelineError, Stage
from shared.storage import ObjectNotFound, ObjectStore, StorageError, keys, read_bytes

FETCH_S = 5.0
_AGAIN_S = 0.5
_BEAT_S = 2.0
_GUARD_DELAY_S = 15.0

log = logger(__name__)

Handle = Callable[[Any, JobContext], JobResult]


class Worker:
    """Runs the jobs of one stage, one at a time in each of its slots, interactive ones first.

    With several slots the handler is called in as many threads: for engines that batch over jobs.
    """

    def __init__(
        self,
        stage: Stage,
        handle: Handle,
        store: ObjectStore,
        broker_settings: BrokerSettings,
        settings: WorkerSettings,
        engines: tuple[EngineInfo, ...] = (),
        slots: int = 1,
    ) -> None:
        self._stage, self._handle, self._store, self._slots = stage, handle, store, slots
        self._settings, self._engines = settings, engines
        self._broker_settings, self._heartbeat_s = broker_settings, ACK_WAIT_S / 3
        self.broker = NatsBroker(broker_settings.nats_url, **connect_options(broker_settings))
        self._app = FastStream(self.broker, logger=None, after_startup=[self._start], on_shutdown=[self._stop])
        self._stopping, self._stop_asked = False, asyncio.Event()
        self._trouble = Trouble("fetch_failed")
        self._ready, self._preparing, self._reconnects = False, asyncio.Lock(), 0
        self._told_waiting = False
        self._in_hand: list[JobContext] = []
        self._feeds: list[JobFeed] = []
        self._serving: asyncio.Task[None] | None = None
        self._name = secrets.token_hex(6)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then finish or hand back the current job.

        Raises:
            SystemExit: an engine may not be used here, or the broker refuses the password; it says which and why.
        """
        if self._settings.commercial_only and (refusal := refuse_non_commercial(self._engines)):
            raise SystemExit(refusal)
        removed = remove_abandoned_folders(self._settings.work_dir)
        if removed:
            log.info("abandoned_folders_removed", count=removed)
        try:
            async with kept_health(self._settings.health_file, lambda: self._ready and is_connected(self.broker)):
                await self._app.run()
        except NatsError as error:
            if refusal := login_refused(error, self._broker_settings):
                raise SystemExit(refusal) from None
            if not self._stopping:
                raise
            log.warning("stopped_without_broker", error=repr(error))  # an orderly shutdown needs a connection
        if self._serving and not self._serving.cancelled():
            self._serving.result()  # a defect in the runtime ends the process with a traceback, never silently

    async def _start(self) -> None:
        self._feeds = [JobFeed(self.broker.connection, self._stage, self._hand_back) for _ in range(self._slots)]
        self._serving = asyncio.create_task(self._serve_slots())
        self._serving.add_done_callback(lambda _: self._app.exit())

    async def _serve_slots(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.gather(*(self._serve(feed) for feed in self._feeds))
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        """Send heartbeats until this worker stops."""
        while not self._stopping:
            if self._ready and is_connected(self.broker):
                await self._announce(self._slots)
            await self._pause(_BEAT_S)
        await self._announce(0)

    async def _announce(self, slots: int) -> None:
        """Announce this worker: the gateway hands out no more jobs than all workers of a stage take together."""
        said = WorkerSlots(stage=self._stage, worker=self._name, slots=slots)
        with suppress(NatsError, OSError):  # it is repeated, or noticed by the silence
            await self.broker.connection.publish(names.workers(self._stage), said.model_dump_json().encode())

    async def _prepare(self) -> None:
        """Find what the gateway provisioned and announce the engines, once for all slots, on every connection."""
        async with self._preparing:
            reconnects = self.broker.connection.stats["reconnects"]
            if self._ready and reconnects == self._reconnects:
                return
            js = self.broker.connection.jetstream()
            self._heartbeat_s = await heartbeat_of(js, self._stage)
            await announce_engines(js, self._stage, self._engines)
            self._ready, self._reconnects = True, reconnects
            await self._announce(self._slots)
            log.info("worker_ready", stage=self._stage, slots=self._slots)

    async def _stop(self) -> None:
        self._stopping = True
        self._stop_asked.set()
        if self._serving is None:
            return
        for feed in self._feeds:
            feed.wake()
        await asyncio.wait({self._serving}, timeout=self._settings.grace_s)
        if not self._serving.done():
            for context in self._in_hand:
                context.cancel.cancel("the worker is stopping")
            await asyncio.wait({self._serving}, timeout=self._settings.abandon_s)
        if not self._serving.done():
            log.warning("job_abandoned")  # its thread does not stop and ends with the process
        while not self._serving.done():  # a single cancellation may get lost, see `held`
            self._serving.cancel()
            await asyncio.wait({self._serving}, timeout=3.0)

    async def _serve(self, feed: JobFeed) -> None:
        """Take jobs until the worker stops, through every loss of the broker."""
        while not self._stopping:
            if not is_connected(self.broker):
                await asyncio.sleep(_AGAIN_S)
                continue
            try:
                await self._prepare()
                message = await feed.next(FETCH_S)
            except NotFoundError:
                self._wait_for_gateway()
                await asyncio.sleep(_AGAIN_S)
                continue
            except (NatsError, APIError, OSError) as error:
                self._ready = False  # the gateway sets up a broker that lost its disk again
                await self._pause(self._trouble.tell(broker_problem(error, self._broker_settings)))
                continue
            self._trouble.over()
            if message is not None and self._stopping:
                await self._hand_back(message)
            elif message is not None:
                await self._take(message)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop_asked.wait()

    def _wait_for_gateway(self) -> None:
        """Wait until the gateway has created streams and consumers."""
        if self._ready or not self._told_waiting:
            log.info("waiting_for_the_gateway", stage=self._stage)
        self._ready, self._told_waiting = False, True

    async def _hand_back(self, message: Msg) -> None:
        await hand_back(self.broker, message)

    async def _take(self, message: Msg) -> None:
        """Guard one job: whatever happens to it, the worker continues with the next."""
        try:
            job = _read(message)
        except ValueError as error:
            log.warning("job_unreadable", subject=message.subject, error=str(error))
            await bury(self.broker, message, ErrorCode.MESSAGE_INVALID, str(error))
            await message.term()
            return
        with bind_job(task=job.task_id, language=job.language, stage=job.stage(), job=job.shard, attempt=job.attempt):
            try:
                await self._hold(message, job)
            except asyncio.CancelledError:
                await self._hand_back(message)
                raise
            except Exception:  # the outer guard: the broker or the disk failed around the job
                log.exception("job_guard_failed")
                with suppress(NatsError, OSError):
                    await message.nak(delay=_GUARD_DELAY_S)

    async def _hold(self, message: Msg, job: Job) -> None:
        with working_folder(self._settings.work_dir) as folder:
            context = JobContext(self._store, folder)
            self._in_hand.append(context)
            try:
                async with held(self.broker, message, job, context, self._heartbeat_s):
                    await self._settle(message, job, context)
            finally:
                self._in_hand = [other for other in self._in_hand if other is not context]

    async def _settle(self, message: Msg, job: Job, context: JobContext) -> None:
        """Run the job and decide what happens to its message."""
        tries = await count_tries(self.broker, message)
        try:
            result = await self._result(job, context, tries)
        except Canceled as stop:
            await self._after_cancel(message, stop)
        except PermanentError as error:
            log.warning("job_failed", code=error.code, error=error.message)
            await self._report(failed(job, error.code, error.message))
            await acknowledge(message)
        except _WorkersLostError as error:
            log.warning("job_failed", code=ErrorCode.WORKER_LOST, error=str(error))
            await self._give_up(message, job, ErrorCode.WORKER_LOST, str(error))
        except Exception as error:  # noqa: BLE001 (the message guard: retried, then reported, with a dead letter)
            await self._after_error(message, job, tries, error)
        else:
            await self._report(result)
            await acknowledge(message)
            if not isinstance(result, SpeechCut):  # its work continues in other jobs
                await send_progress(self.broker, job, 1.0, "")

    async def _result(self, job: Job, context: JobContext, tries: int) -> Result:
        """The result of the job's manifest; works only when there is none yet. Raises: Canceled, before and within."""
        where = keys.manifest(job.task_id, job.language, job.stage(), job.shard, job.attempt)
        flags = await self.broker.key_value(names.CANCEL_BUCKET, declare=False)
        canceled, known = await asyncio.gather(is_canceled(flags, job), in_thread(lambda: self._read_manifest(where)))
        if canceled:
            raise Canceled("canceled before its turn")
        if known is not None:
            log.info("job_already_done")
            return known
        if tries > self._settings.max_tries:  # every earlier try ended silently
            raise _WorkersLostError(f"{tries - 1} workers died on this job")
        log.info("job_started", tries=tries)
        store = GuardedStore(context.store, context.cancel)
        guarded = JobContext(store, context.workdir, context.cancel, context.progress)
        began = time.perf_counter()
        result = await in_thread(lambda: self._handle(job, guarded))
        seconds = round(time.perf_counter() - began, 3)
        data = result.model_dump_json().encode()
        if not await in_thread(lambda: store.create(where, data)):
            log.info("job_done_elsewhere")
            return RESULT.validate_json(await in_thread(lambda: read_bytes(self._store, where)))
        log.info("job_done", seconds=seconds)
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

    async def _after_cancel(self, message: Msg, stop: Canceled) -> None:
        if self._stopping:
            log.info("job_handed_back")
            await self._hand_back(message)
        else:
            log.info("job_canceled", reason=stop.message)
            await acknowledge(message)

    async def _after_error(self, message: Msg, job: Job, tries: int, error: Exception) -> None:
        code, text = _explain(error)
        if tries < self._settings.max_tries:
            delays = self._settings.retry_delays_s
            delay = delays[min(tries, len(delays)) - 1]
            log.warning("job_retried", code=code, error=text, tries=tries, delay_s=delay, exc_info=error)
            await message.nak(delay=delay)
            return
        log.error("job_failed", code=code, error=text, tries=tries, exc_info=error)
        await self._give_up(message, job, code, text)

    async def _give_up(self, message: Msg, job: Job, code: ErrorCode, text: str) -> None:
        await self._report(failed(job, code, text))
        await bury(self.broker, message, code, text)
        await message.term()


class _WorkersLostError(Exception):
    """The job crashes every worker that runs it."""


def _read(message: Msg) -> Job:
    """Raises: ValueError."""
    job = JOB.validate_json(message.data)
    if str(job.subject()) != message.subject:
        raise ValueError("the body and the subject name different jobs")
    return job


def _explain(error: Exception) -> tuple[ErrorCode, str]:
    if isinstance(error, PipelineError):
        return error.code, error.message
    if isinstance(error, StorageError):
        return ErrorCode.STORAGE_UNAVAILABLE, str(error)
    return ErrorCode.INTERNAL, f"{type(error).__name__}: {error}"
