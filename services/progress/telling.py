"""Publish what is due, and read back earlier reports: the latest state is the last event of its subject."""

import asyncio
import time
import zlib
from collections.abc import Callable

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError
from pydantic import ValidationError

from services.progress.board import Board, Unit
from services.progress.handlers import on_fact
from shared.messaging import Fact, Progress, fact, is_connected, publish_once, subjects
from shared.observability import logger
from shared.pipeline import BASE

TURN_S = 0.1
FORGET_EVERY_S = 60.0
LOOK_BACK_EVENTS = 10_000
"""How many stored events are searched after a start for stages that were completed while this service was down."""

_COMPLETED = f"{subjects.EVENTS_PREFIX}.*.*.*.completed"
log = logger(__name__)


class Teller:
    """Publishes what is due, one update after the other, whenever the broker is available."""

    def __init__(self, broker: NatsBroker, board: Board, clock: Callable[[], float] = time.monotonic) -> None:
        self._broker, self._board, self._clock = broker, board, clock
        self._next_sequence: int | None = None
        self._reconnects = 0

    async def run(self) -> None:
        """Publish until canceled."""
        forget_at = self._clock() + FORGET_EVERY_S
        while True:
            await asyncio.sleep(TURN_S)
            if self._clock() >= forget_at:
                self._board.forget_silent(self._clock())
                forget_at = self._clock() + FORGET_EVERY_S
            if not is_connected(self._broker):
                continue
            try:
                await self._turn()
            except (TimeoutError, NatsError, APIError, OSError) as error:
                log.warning("progress_delayed", error=repr(error))

    def heard(self, sequence: int) -> None:
        """Note the stream sequence of a fact that was received live, except while a gap before it is still open."""
        if self._next_sequence is not None and not self._missed_something():
            self._next_sequence = max(self._next_sequence, sequence + 1)

    def _missed_something(self) -> bool:
        return self._reconnects != self._broker.connection.stats["reconnects"]

    async def _turn(self) -> None:
        js = self._broker.connection.jetstream()
        reconnects = self._broker.connection.stats["reconnects"]
        if self._next_sequence is None or self._missed_something():
            await self._catch_up(js)
            self._reconnects = reconnects
        for unit in self._board.due(self._clock()):
            await self._tell(js, unit)

    async def _tell(self, js: JetStreamContext, unit: Unit) -> None:
        if self._board.must_recall(unit):
            if await _last(js, subjects.event(unit.task_id, BASE, "task", "deleted")):
                self._board.deleted(unit.task_id, self._clock())
                return
            kept = await _last(js, subjects.event(unit.task_id, unit.language, unit.stage, "progress"))
            self._board.recall(unit, _read(kept), self._clock())
        now = self._clock()
        update = self._board.update(unit, now)
        if update is None:
            return
        event = to_fact(update)
        await publish_once(
            self._broker, event, subject=event.subject, stream=subjects.EVENTS, message_id=f"fact:{event.id}"
        )
        self._board.told(unit, update, now)

    async def _catch_up(self, js: JetStreamContext) -> None:
        """Process the completions that were stored while this service was not connected."""
        state = (await js.stream_info(subjects.EVENTS)).state
        sequence = self._next_sequence or max(state.first_seq, state.last_seq - LOOK_BACK_EVENTS, 1)
        while True:
            try:
                stored = await js.get_msg(subjects.EVENTS, seq=sequence, subject=_COMPLETED, direct=True, next=True)
            except NotFoundError:
                break
            self._recover(stored.data or b"")
            sequence = (stored.seq or sequence) + 1
        self._next_sequence = max(sequence, state.last_seq + 1)

    def _recover(self, stored: bytes) -> None:
        try:
            on_fact(self._board, Fact.model_validate_json(stored), self._clock())
        except ValidationError as error:
            log.warning("stored_fact_unreadable", error=str(error))


def to_fact(update: Progress) -> Fact:
    """The event of an update; its id is derived, so that publishing it twice stores it once."""
    told = zlib.crc32(update.message.encode())
    key = f"{update.task_id}:{update.language}:{update.stage}:{update.attempt}:{update.progress}:{told:08x}"
    return fact(
        f"progress:{key}",
        update.task_id,
        update.language,
        update.stage,
        "progress",
        update.model_dump(mode="json"),
    )


async def _last(js: JetStreamContext, subject: str) -> bytes | None:
    try:
        return (await js.get_last_msg(subjects.EVENTS, subject)).data
    except NotFoundError:
        return None


def _read(stored: bytes | None) -> Progress | None:
    if stored is None:
        return None
    try:
        return Progress.model_validate(Fact.model_validate_json(stored).data)
    except ValidationError as error:
        log.warning("stored_progress_unreadable", error=str(error))
        return None
