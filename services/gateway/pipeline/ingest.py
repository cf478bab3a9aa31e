"""Take results from the workers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from faststream import Depends
from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsRouter, PullSub
from nats.errors import Error as NatsError

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.pipeline.by_sound import Pairs
from services.gateway.pipeline.engines import can_hear, pairs_by_sound
from services.gateway.pipeline.results import give_up, record
from services.gateway.pipeline.rows import address_of_job, export, hold_jobs
from services.gateway.pipeline.steps import LINES_AT_ONCE
from services.gateway.pipeline.together import Together
from services.gateway.pipeline.transcripts import Prepared, prepare
from services.gateway.pipeline.workers import Capabilities
from services.gateway.script import rows as script_rows
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
_LONGEST_S = 0.2
"""After this long a transaction takes no further result, because every other one waits for it."""
log = logger(__name__)


class _Arrived(NamedTuple):
    """A result, and what the available engines can do with it."""

    result: Result
    hears: bool
    by_sound: Pairs


def listen(
    broker: NatsBroker, database: Database, store: ObjectStore, capabilities: Capabilities, retry_s: float
) -> None:
    """Subscribe to results, before the broker starts.

    Results that arrive together are recorded in one transaction, then acknowledged one by one. A result that fails ten
    times through its own fault fails its job instead.
    """
    ingest = Ingest(database, store)
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
    """Records results; those that wait are recorded together."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database, self._store = database, store
        self._together = Together(self._record_all, is_passing)

    async def take(self, result: Result, engines: Sequence[EngineInfo]) -> None:
        """Record one result; returns after the commit."""
        arrived = _Arrived(result, can_hear(engines, result.language), pairs_by_sound(engines))
        new = await self._together.done(arrived)
        log.info("result_recorded" if new else "result_ignored", kind=result.kind)

    async def give_up(self, result: Result, error: Exception) -> None:
        """Fail the job of a result that cannot be recorded."""
        text = f"its result could not be taken in ({type(error).__name__}); the gateway's log says more"
        await asyncio.to_thread(give_up, self._database, failed(result, ErrorCode.RESULT_UNUSABLE, text))

    def _record_all(self, arrived: Sequence[_Arrived]) -> list[bool]:
        """Record results in one transaction, as many as it has time for; say of each whether it was new."""
        prepared: list[tuple[Result, Prepared | None]] = []
        segments = 0
        for one in arrived:
            prepared.append(self._prepared(one.result))
            segments += len(prepared[-1][1].segments) if prepared[-1][1] else 0
            if segments >= LINES_AT_ONCE:  # what came after so long a transcript waits
                break
        new: list[bool] = []
        with self._database.write() as session:
            hold_jobs(session, [address_of_job(result) for result, _ in prepared])
            began = time.monotonic()
            for one, (result, transcript) in zip(arrived, prepared, strict=False):
                new.append(record(session, result, transcript, hears=one.hears, by_sound=one.by_sound))
                if time.monotonic() - began > _LONGEST_S:
                    break
            recorded = [result for result, _ in prepared[: len(new)] if isinstance(result, RecipeRendered)]
            removed = [made for made in recorded if not export(session, made.task_id, made.export_id)]
        for gone in removed:  # while it was made
            self._store.delete(keys.recipe_prefix(gone.task_id, gone.export_id))
        return new

    def _prepared(self, result: Result) -> tuple[Result, Prepared | None]:
        """A transcript is read before the transaction."""
        if not isinstance(result, TranscriptReady):
            return result, None
        try:
            transcript = Transcript.model_validate_json(read_bytes(self._store, result.transcript_key))
        except ObjectNotFound:  # the task was deleted, or the object lost: the stage has to run again
            return failed(result, ErrorCode.ARTIFACT_MISSING, "the transcript is gone from the object store"), None
        provided, as_they_stand = self._provided(result.task_id)
        return result, prepare(result.task_id, transcript, provided, as_they_stand=as_they_stand)

    def _provided(self, task_id: str) -> tuple[Mapping[str, Sequence[Cue]], bool]:
        """The cues that were provided, by language, and whether they are spoken as written."""
        with self._database.read() as session:
            task = script_rows.task(session, task_id)
        wanted: dict[str, str] = task.config.get("translation_keys", {}) if task else {}
        found: dict[str, Sequence[Cue]] = {}
        for language, key in wanted.items():
            try:
                found[language] = read_subtitles(read_bytes(self._store, key), language).cues
            except (PermanentError, ObjectNotFound) as error:  # checked at upload; the engine translates instead
                log.warning("translation_unreadable", language=language, error=str(error))
        return found, bool(task and task.config.get("captions") == "as_written")


def is_passing(error: Exception) -> bool:
    """Whether the database, the store or the broker is unavailable or busy, which says nothing about the result."""
    if isinstance(error, ObjectNotFound):
        return False
    return isinstance(error, DatabaseBusy | NatsError | StorageError | OSError)
