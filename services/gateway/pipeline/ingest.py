"""Take results from the workers, and put aside what the broker gave up delivering."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.pipeline.by_sound import Pairs
from services.gateway.pipeline.engines import can_hear, pairs_by_sound
from services.gateway.pipeline.loops import Tries
from services.gateway.pipeline.results import give_up, record
from services.gateway.pipeline.rows import export
from services.gateway.pipeline.together import Together
from services.gateway.pipeline.transcripts import Prepared, prepare
from services.gateway.pipeline.workers import Capabilities
from services.gateway.script import rows as script_rows
from shared.messaging import (
    ADVISORIES_CONSUMER,
    RESULT,
    RESULTS_CONSUMER,
    JobSubject,
    RecipeRendered,
    Result,
    TranscriptReady,
    bury_copy,
    failed,
    publish_until_stored,
    subjects,
)
from shared.observability import bind_job, logger
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound, ObjectStore, StorageError, keys, read_bytes
from shared.transcript import Cue, Transcript, read_subtitles

_BATCH = 16
_LONGEST = 30
"""Times the first delay, after which a result is tried again."""
log = logger(__name__)


async def _undecoded(message: NatsMessage) -> bytes:
    """The body as it came: decoded JSON would not be taken for the `bytes` the handlers ask for."""
    return message.body


class _Arrived(NamedTuple):
    """A result, and what the engines at hand can do with it."""

    result: Result
    hears: bool
    by_sound: Pairs


class Ingest:
    """The gateway's two subscriptions; registered on the broker before it starts.

    Results of one task that arrive together are recorded in one transaction, and acknowledged one by one after it.
    """

    def __init__(
        self,
        database: Database,
        broker: NatsBroker,
        store: ObjectStore,
        capabilities: Capabilities,
        retry_s: float,
    ) -> None:
        self._database, self._broker, self._store = database, broker, store
        self._capabilities, self._retry_s = capabilities, retry_s
        self._tries = Tries()
        self._together = Together(self._record_all, _is_passing)
        pull = PullSub(batch_size=_BATCH, timeout=5)
        broker.subscriber(
            "localclip.results.>",
            durable=RESULTS_CONSUMER,
            stream=JStream(subjects.RESULTS, declare=False),
            pull_sub=pull,
            ack_policy=AckPolicy.MANUAL,
            decoder=_undecoded,
            title="results",
        )(self.take_result)
        broker.subscriber(
            f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{subjects.JOBS}.>",
            durable=ADVISORIES_CONSUMER,
            stream=JStream(subjects.ADVISORIES, declare=False),
            pull_sub=pull,
            ack_policy=AckPolicy.MANUAL,
            decoder=_undecoded,
            title="undeliverable",
        )(self.take_advisory)

    async def take_result(self, body: bytes, message: NatsMessage) -> None:
        """Record one result and acknowledge it after the commit."""
        try:
            result = RESULT.validate_json(message.raw_message.data)
        except ValidationError as error:
            log.warning("result_unreadable", error=str(error))
            await self._bury(message, ErrorCode.MESSAGE_INVALID, str(error))
            await message.reject()
            return
        with bind_job(
            task=result.task_id,
            language=result.language,
            stage=result.stage,
            job=result.shard,
            attempt=result.attempt,
        ):
            try:
                engines = await self._capabilities.engines()
                arrived = _Arrived(result, can_hear(engines, result.language), pairs_by_sound(engines))
                new = await self._together.done(result.task_id, arrived)
            except Exception as error:  # the message guard: the result stays in the stream until it can be recorded
                log.exception("result_not_recorded")
                await self._again_or_never(message, result, error)
                return
            self._tries.over(message.raw_message.metadata.sequence.stream)
            await message.ack_sync()
            log.info("result_recorded" if new else "result_ignored", kind=result.kind)

    async def _again_or_never(self, message: NatsMessage, result: Result, error: Exception) -> None:
        """Hand a result back to come again later; one that fails by its own fault ten times fails its job instead."""
        metadata = message.raw_message.metadata
        if _is_passing(error) or not self._tries.failed(metadata.sequence.stream):
            await message.nack(delay=self._retry_s * min(2 ** (metadata.num_delivered - 1), _LONGEST))
            return
        await self._bury(message, ErrorCode.RESULT_UNUSABLE, f"{type(error).__name__}: {error}")
        text = f"its result could not be taken in ({type(error).__name__}); the gateway's log says more"
        await asyncio.to_thread(give_up, self._database, failed(result, ErrorCode.RESULT_UNUSABLE, text))
        log.error("result_set_aside")
        await message.reject()

    def _record_all(self, arrived: Sequence[_Arrived]) -> list[bool]:
        """Record results of one task in one transaction; tell of each whether it was new."""
        prepared = [self._prepared(one.result) for one in arrived]
        with self._database.write() as session:
            new = [
                record(session, result, transcript, hears=one.hears, by_sound=one.by_sound)
                for one, (result, transcript) in zip(arrived, prepared, strict=True)
            ]
            rendered = [result for result, _ in prepared if isinstance(result, RecipeRendered)]
            removed = [one for one in rendered if not export(session, one.task_id, one.export_id)]
        for one in removed:  # while it was made
            self._store.delete(keys.recipe_prefix(one.task_id, one.export_id))
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
        """The cues that were brought, by language, and whether they are spoken as they stand."""
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

    async def take_advisory(self, body: bytes, message: NatsMessage) -> None:
        """A job ran out of deliveries: keep a copy, report it failed, remove it from the queue."""
        sequence = int(json.loads(message.raw_message.data)["stream_seq"])
        js = self._broker.connection.jetstream()
        try:
            job = await js.get_msg(subjects.JOBS, seq=sequence)
        except NotFoundError:
            await message.ack_sync()
            return
        reason = "no worker could finish it"
        subject, body = job.subject or "", job.data or b""
        await bury_copy(
            self._broker,
            subject=subject,
            body=body,
            sequence=sequence,
            deliveries=0,
            code=ErrorCode.WORKER_LOST,
            reason=reason,
        )
        await self._fail(subject, reason)
        await js.delete_msg(subjects.JOBS, sequence)
        await message.ack_sync()

    async def _fail(self, subject: str, reason: str) -> None:
        try:
            parsed = JobSubject.parse(subject)
        except ValueError:
            return
        await publish_until_stored(
            self._broker,
            failed(parsed, ErrorCode.WORKER_LOST, reason),
            subject=subjects.results(parsed.stage),
            stream=subjects.RESULTS,
            message_id=f"{subject}:undeliverable",
        )

    async def _bury(self, message: NatsMessage, code: ErrorCode, reason: str) -> None:
        raw = message.raw_message
        await bury_copy(
            self._broker,
            subject=raw.subject,
            body=raw.data,
            sequence=raw.metadata.sequence.stream,
            deliveries=raw.metadata.num_delivered,
            code=code,
            reason=reason,
        )


def _is_passing(error: Exception) -> bool:
    """Whether the database, the store or the broker is away or busy, which says nothing of the result."""
    if isinstance(error, ObjectNotFound):
        return False
    return isinstance(error, DatabaseBusy | NatsError | StorageError | OSError)
