"""Take results from the workers, and put aside what the broker gave up delivering."""

import asyncio
import json
from collections.abc import Mapping, Sequence

from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from services.gateway.capabilities import Capabilities, can_hear
from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.exports import export
from services.gateway.database.record import record
from shared.messaging import (
    ADVISORIES_CONSUMER,
    RESULT,
    RESULTS_CONSUMER,
    JobFailed,
    JobSubject,
    RecipeRendered,
    Result,
    TranscriptReady,
    bury_copy,
    publish_until_stored,
    subjects,
)
from shared.observability import bind_job, logger
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound, ObjectStore, keys, read_bytes
from shared.transcript import Cue, Transcript, read_subtitles

_BATCH = 16
_RETRY_S = 2.0
log = logger(__name__)


async def _undecoded(message: NatsMessage) -> bytes:
    """The body as it came: decoded JSON would not be taken for the `bytes` the handlers ask for."""
    return message.body


class Ingest:
    """The gateway's two subscriptions; registered on the broker before it starts."""

    def __init__(self, database: Database, broker: NatsBroker, store: ObjectStore, capabilities: Capabilities) -> None:
        self._database, self._broker, self._store = database, broker, store
        self._capabilities = capabilities
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
            await self._bury(message, str(error))
            return
        with bind_job(
            task=result.task_id,
            language=result.language,
            stage=result.stage,
            job=result.shard,
            attempt=result.attempt,
        ):
            try:
                hears = can_hear(await self._capabilities.engines(), result.language)
                new = await asyncio.to_thread(self._record, result, hears)
            except Exception:  # the message guard: the result stays in the stream until it can be recorded
                log.exception("result_not_recorded")
                await message.nack(delay=_RETRY_S)
                return
            await message.ack_sync()
            log.info("result_recorded" if new else "result_ignored", kind=result.kind)

    def _record(self, result: Result, hears: bool) -> bool:
        transcript, provided = None, None
        if isinstance(result, TranscriptReady):
            try:
                transcript = Transcript.model_validate_json(read_bytes(self._store, result.transcript_key))
            except ObjectNotFound:  # the task was deleted, or the object lost: the stage has to run again
                result = _failed(result, ErrorCode.ARTIFACT_MISSING, "the transcript is gone from the object store")
            else:
                provided = self._provided(result.task_id)
        with self._database.write() as session:
            new = record(session, result, transcript, provided, hears=hears)
            if not isinstance(result, RecipeRendered) or export(session, result.task_id, result.export_id):
                return new
        self._store.delete(keys.recipe_prefix(result.task_id, result.export_id))  # removed while it was made
        return new

    def _provided(self, task_id: str) -> Mapping[str, Sequence[Cue]]:
        with self._database.read() as session:
            task = queries.task(session, task_id)
        wanted: dict[str, str] = task.config.get("translation_keys", {}) if task else {}
        found: dict[str, Sequence[Cue]] = {}
        for language, key in wanted.items():
            try:
                found[language] = read_subtitles(read_bytes(self._store, key))
            except (PermanentError, ObjectNotFound) as error:  # checked at upload; the engine translates instead
                log.warning("translation_unreadable", language=language, error=str(error))
        return found

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
            failed_at(parsed, ErrorCode.WORKER_LOST, reason),
            subject=subjects.results(parsed.stage),
            stream=subjects.RESULTS,
            message_id=f"{subject}:undeliverable",
        )

    async def _bury(self, message: NatsMessage, reason: str) -> None:
        raw = message.raw_message
        await bury_copy(
            self._broker,
            subject=raw.subject,
            body=raw.data,
            sequence=raw.metadata.sequence.stream,
            deliveries=raw.metadata.num_delivered,
            code=ErrorCode.MESSAGE_INVALID,
            reason=reason,
        )
        await message.reject()


def failed_at(subject: JobSubject, code: ErrorCode, message: str) -> JobFailed:
    """A failed result for the job with this address."""
    return JobFailed(
        task_id=subject.task_id,
        language=subject.language,
        stage=subject.stage,
        shard=subject.shard,
        attempt=subject.attempt,
        code=code,
        message=message,
    )


def _failed(result: TranscriptReady, code: ErrorCode, message: str) -> JobFailed:
    fields = result.model_dump(include={"task_id", "language", "stage", "shard", "attempt"})
    return JobFailed(**fields, code=code, message=message)
