"""What the progress service reacts to."""

import time
from collections.abc import Callable
from typing import Any

from faststream import BaseMiddleware, ContextRepo
from faststream.message import StreamMessage
from faststream.nats import NatsBroker, NatsRouter

from services.progress.board import Board, Unit
from shared.messaging import Fact, RawProgress, SkipsUnreadable, reads, subjects
from shared.observability import logger
from shared.pipeline import Stage

_STAGES = frozenset(Stage)
HEARD = ("started", "completed", "failed", "canceled", "deleted")
"""The names of the facts that matter here; most facts do not."""
log = logger(__name__)


def listen(broker: NatsBroker, board: Board, heard: Callable[[int], None]) -> None:
    """Subscribe to the reports of all workers and to a few facts, before the broker starts.

    `heard` gets the sequence number of each fact. No parameter of a handler comes from FastStream's context, which
    would look for it in a thread: reports must cost little, since there are hundreds of them a second.
    """
    words = NatsRouter(middlewares=[SkipsUnreadable])

    @words.subscriber(subjects.ANY_RAW_PROGRESS, decoder=reads(RawProgress.model_validate_json))
    async def hear_worker(word: RawProgress) -> None:
        board.hear(word, time.monotonic())

    facts = NatsRouter(middlewares=[_Numbered(heard), SkipsUnreadable])

    async def hear_fact(fact: Fact) -> None:
        on_fact(board, fact, time.monotonic())

    for name in HEARD:
        facts.subscriber(f"{subjects.LIVE_PREFIX}.*.*.*.{name}", decoder=reads(Fact.model_validate_json))(hear_fact)
    broker.include_routers(words, facts)


class _Numbered:
    """The middleware that passes on the number of each fact once it was heard, readable or not."""

    def __init__(self, heard: Callable[[int], None]) -> None:
        self._heard = heard

    def __call__(self, msg: Any, /, *, context: ContextRepo) -> BaseMiddleware:
        """Called by FastStream for each message."""
        return _AfterFact(msg, context=context, heard=self._heard)


class _AfterFact(BaseMiddleware):
    def __init__(self, msg: Any, /, *, context: ContextRepo, heard: Callable[[int], None]) -> None:
        super().__init__(msg, context=context)
        self._heard = heard

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: StreamMessage[Any]) -> Any:
        """Around decoding and handler."""
        await call_next(msg)
        self._heard(int(msg.headers.get("Nats-Sequence", 0)))


def on_fact(board: Board, fact: Fact, now: float) -> None:
    """A fact about a stage or its task, by its subject."""
    try:
        task_id, language, topic, name = fact.subject.split(".")[2:]
    except ValueError:
        log.warning("fact_unreadable", subject=fact.subject)
        return
    if topic == "task":
        _on_task_fact(board, task_id, name, now)
    elif topic in _STAGES:
        try:
            attempt = int(fact.data.get("attempt", 1))
        except (ValueError, TypeError) as error:
            log.warning("fact_unreadable", subject=fact.subject, error=str(error))
            return
        _on_stage_fact(board, Unit(task_id, language, Stage(topic)), name, attempt, now)


def _on_task_fact(board: Board, task_id: str, name: str, now: float) -> None:
    match name:
        case "deleted":
            board.deleted(task_id, now)
        case "canceled":
            for unit, attempt in board.units_of(task_id):
                board.stopped(unit, attempt, now)


def _on_stage_fact(board: Board, unit: Unit, name: str, attempt: int, now: float) -> None:
    match name:
        case "started":
            board.started(unit, attempt, now)
        case "completed":
            board.completed(unit, attempt, now)
        case "failed" | "canceled":
            board.stopped(unit, attempt, now)
