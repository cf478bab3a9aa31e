"""Take results from the workers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, NamedTuple

from faststream import Depends
from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsRouter, PullSub
from nats.errors import Error as NatsError

from services.gateway.db import Session
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import Task
from services.gateway.pipeline.by_sound import Pairs
from services.gateway.pipeline.engines import can_hear, pairs_by_sound
from services.gateway.pipeline.results import give_up, record
from services.gateway.pipeline.rows import address_of_job, export, hold_jobs
from services.gateway.pipeline.steps import LINES_AT_ONCE
from services.gateway.pipeline.together import Together
from services.gateway.pipeline.transcripts import Prepared, prepare
from services.gateway.pipeline.workers import Capabilities
from services.gateway.script import rows as script_rows
from services.gateway.web.threads import Threads
from shared.messaging import (
    RESULT,
    RESULTS_CONSUMER,
    EngineInfo,
    Guard,
    RecipeRendered,
    Result,
    TranscriptReady,
    failed,
    reads,
    subjects,
)
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound, ObjectStore, StorageError, keys, read_bytes
from shared.transcript import Cue, Transcript, read_subtitles

FETCH = PullSub(batch_size=32, timeout=5)
"""Results that are there are handled at once; `batch=True` would wait for the last until the time is up."""
_AT_ONCE = 2
"""Transcripts that are prepared side by side: each holds its file, and those that were brought, in memory."""
_LONGEST_S = 0.2
"""After this long a transaction takes no further result, because every other one waits for it."""
log = logger(__name__)


class _Provided(NamedTuple):
    """The texts that a task brings: their keys by language, and whether they are spoken as written."""

    keys: Mapping[str, str]
    as_written: bool


class _Arrived(NamedTuple):
    """A result, what the available engines can do with it, and its transcript, prepared with what was `provided`."""

    result: Result
    hears: bool
    by_sound: Pairs
    transcript: Prepared | None = None
    provided: _Provided | None = None


class _Outcome(Enum):
    """What became of a result; `OVERTAKEN`: other texts were brought since its transcript was prepared with them."""

    NEW = "new"
    KNOWN = "known"
    OVERTAKEN = "overtaken"


def listen(
    broker: NatsBroker,
    database: Database,
    store: ObjectStore,
    threads: Threads,
    capabilities: Capabilities,
    retry_s: float,
) -> None:
    """Subscribe to results, before the broker starts.

    Results that arrive together are recorded in one transaction, then acknowledged one by one. A result that fails ten
    times through its own fault fails its job instead.
    """
    ingest = Ingest(database, store, threads)
    guard = Guard(broker, retry_s, is_passing, ErrorCode.RESULT_UNUSABLE, ingest.give_up)
    router = NatsRouter(middlewares=[guard])

    @router.subscriber(
        subjects.results("{stage}"),
        durable=RESULTS_CONSUMER,
        stream=JStream(subjects.RESULTS, declare=False),
        pull_sub=FETCH,
        ack_policy=AckPolicy.MANUAL,
        decoder=reads(RESULT.validate_json),
        title="results",
        description="What workers of a stage report, one message for each job (stream LOCALCLIP_RESULTS).",
    )
    async def take_result(
        result: Result, engines: Annotated[tuple[EngineInfo, ...], Depends(capabilities.engines, cast=False)]
    ) -> None:
        await ingest.take(result, engines)

    broker.include_router(router)


class Ingest:
    """Records results; those that wait are recorded together.

    What takes long is done before: a transcript is read from the store and matched with what was brought while results
    that came later are recorded. A store that hangs holds up transcripts only.
    """

    def __init__(self, database: Database, store: ObjectStore, threads: Threads) -> None:
        self._database, self._store, self._threads = database, store, threads
        self._together = Together(self._record_all, is_passing)
        self._preparing = asyncio.Semaphore(_AT_ONCE)

    async def take(self, result: Result, engines: Sequence[EngineInfo]) -> None:
        """Record one result; returns after the commit."""
        arrived = _Arrived(result, can_hear(engines, result.language), pairs_by_sound(engines))
        outcome = _Outcome.OVERTAKEN
        while outcome is _Outcome.OVERTAKEN:
            if isinstance(result, TranscriptReady):
                async with self._preparing:
                    arrived = await self._prepared(result, arrived)
            outcome = await self._together.done(arrived)
        log.info("result_recorded" if outcome is _Outcome.NEW else "result_ignored", kind=result.kind)
        if isinstance(result, RecipeRendered) and not await asyncio.to_thread(self._is_wanted, result):
            await self._threads.transfer(self._store.delete, keys.recipe_prefix(result.task_id, result.export_id))

    async def give_up(self, result: Result, error: Exception) -> None:
        """Fail the job of a result that cannot be recorded."""
        text = f"its result could not be taken in ({type(error).__name__}); the gateway's log says more"
        await asyncio.to_thread(give_up, self._database, failed(result, ErrorCode.RESULT_UNUSABLE, text))

    def _record_all(self, arrived: Sequence[_Arrived]) -> list[_Outcome]:
        """Record results in one transaction, as many as it has time for; say what became of each."""
        several: list[_Arrived] = []
        segments = 0
        for one in arrived:
            several.append(one)
            segments += len(one.transcript.segments) if one.transcript else 0
            if segments >= LINES_AT_ONCE:  # what came after so long a transcript waits
                break
        outcomes: list[_Outcome] = []
        with self._database.write() as session:
            hold_jobs(session, [address_of_job(one.result) for one in several])
            began = time.monotonic()
            for one in several:
                outcomes.append(self._record(session, one))
                if time.monotonic() - began > _LONGEST_S:
                    break
        return outcomes

    def _record(self, session: Session, one: _Arrived) -> _Outcome:
        if one.transcript is not None:
            task = script_rows.locked_task(session, one.result.task_id)
            if task is not None and _provided(task) != one.provided:
                return _Outcome.OVERTAKEN
        is_new = record(session, one.result, one.transcript, hears=one.hears, by_sound=one.by_sound)
        return _Outcome.NEW if is_new else _Outcome.KNOWN

    def _is_wanted(self, made: RecipeRendered) -> bool:
        """Whether nobody removed an export while it was made."""
        with self._database.read() as session:
            return export(session, made.task_id, made.export_id) is not None

    async def _prepared(self, result: TranscriptReady, arrived: _Arrived) -> _Arrived:
        """The same with its transcript, or as a failure where that is gone."""
        provided = await asyncio.to_thread(self._provided_for, result.task_id)
        try:
            content = await self._threads.transfer(read_bytes, self._store, result.transcript_key)
        except ObjectNotFound:  # the task was deleted, or the object lost: the stage has to run again
            gone = failed(result, ErrorCode.ARTIFACT_MISSING, "the transcript is gone from the object store")
            return arrived._replace(result=gone, transcript=None, provided=None)
        files: dict[str, bytes] = {}
        for language, key in provided.keys.items():
            try:
                files[language] = await self._threads.transfer(read_bytes, self._store, key)
            except ObjectNotFound as error:  # the engine translates instead
                log.warning("translation_unreadable", language=language, error=str(error))
        transcript = await asyncio.to_thread(_prepare, result.task_id, content, files, provided)
        return arrived._replace(result=result, transcript=transcript, provided=provided)

    def _provided_for(self, task_id: str) -> _Provided:
        with self._database.read() as session:
            return _provided(script_rows.task(session, task_id))


def _provided(task: Task | None) -> _Provided:
    config = task.config if task else {}
    return _Provided(config.get("translation_keys", {}), config.get("captions") == "as_written")


def _prepare(task_id: str, content: bytes, files: Mapping[str, bytes], provided: _Provided) -> Prepared:
    found: dict[str, Sequence[Cue]] = {}
    for language, file in files.items():
        try:
            found[language] = read_subtitles(file, language).cues
        except PermanentError as error:  # checked at upload; the engine translates instead
            log.warning("translation_unreadable", language=language, error=str(error))
    transcript = Transcript.model_validate_json(content)
    return prepare(task_id, transcript, found, as_they_stand=provided.as_written)


def is_passing(error: Exception) -> bool:
    """Whether the database, the store or the broker is unavailable or busy, which says nothing about the result."""
    if isinstance(error, ObjectNotFound):
        return False
    return isinstance(error, DatabaseBusy | NatsError | StorageError | OSError)
