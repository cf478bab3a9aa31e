"""Find what happened since a time on the stream of events, and put it on its way to a webhook again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from services.gateway.db.engine import Database
from services.gateway.hooks import rows as hook_rows
from services.gateway.hooks.rules import matches, whose
from services.gateway.hooks.schemas import Replayed
from services.gateway.hooks.sending import new_delivery, send_again
from services.gateway.pipeline.parts import Gateway
from services.gateway.pipeline.relay import Told
from services.gateway.web.problems import not_found
from shared.messaging import Fact, subjects

_MOST, _MOST_READ = 1000, 20_000
_BATCH = 200
_ALL = f"{subjects.EVENTS_PREFIX}.>"


async def replay(parts: Gateway, owner: str, webhook_id: str, since: datetime, until: datetime) -> Replayed:
    """Put up to 1000 events of the account on their way again. Raises: Problem 404."""
    types = await asyncio.to_thread(_types, parts.database, owner, webhook_id)
    count = read = 0
    last = since
    async for batch in _in_batches(_stored(parts.broker.connection.jetstream(), since, until)):
        wanted = [told for told in batch if matches(types, told.fact.type)]
        count += await asyncio.to_thread(_again, parts.database, owner, webhook_id, wanted)
        read, last = read + len(batch), batch[-1].fact.time
        if count >= _MOST or read >= _MOST_READ:
            return Replayed(events=count, more_since=last)
    return Replayed(events=count)


async def _in_batches(told: AsyncIterator[Told]) -> AsyncIterator[list[Told]]:
    batch: list[Told] = []
    async for one in told:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _stored(js: JetStreamContext, since: datetime, until: datetime) -> AsyncIterator[Told]:
    """The facts of the stream between two times; progress, which is told many times a second, is left out."""
    sequence = await _first_since(js, since)
    while (found := await _next(js, sequence)) is not None:
        sequence, event = found[0] + 1, found[1]
        if event is not None and event.time > until:
            return
        if event is not None and event.time >= since:
            yield Told(event, found[0])


async def _first_since(js: JetStreamContext, since: datetime) -> int:
    """The number of the first fact since a time, found by halving: the broker finds messages by number only."""
    state = (await js.stream_info(subjects.EVENTS)).state
    low, high = state.first_seq, state.last_seq + 1
    while low < high:
        middle = (low + high) // 2
        number, event = await _next(js, middle) or (high, None)
        while event is None and number < high:  # progress, or what is no fact
            number, event = await _next(js, number + 1) or (high, None)
        if event is None or event.time >= since:
            high = middle
        else:
            low = number + 1
    return low


async def _next(js: JetStreamContext, sequence: int) -> tuple[int, Fact | None] | None:
    """The first message from a number on, and the fact in it; None behind the last."""
    try:
        stored = await js.get_msg(subjects.EVENTS, seq=sequence, subject=_ALL, direct=True, next=True)
    except NotFoundError:
        return None
    number = int(stored.seq or 0)
    if (stored.subject or "").endswith(".progress"):
        return number, None
    try:
        return number, Fact.model_validate_json(stored.data or b"{}")
    except ValidationError:
        return number, None


def _types(database: Database, owner: str, webhook_id: str) -> list[str]:
    with database.read() as session:
        hook = hook_rows.webhook(session, webhook_id, owner)
        if hook is None:
            raise not_found(f"webhook '{webhook_id[:40]}'")
        return hook.types


def _again(database: Database, owner: str, webhook_id: str, wanted: Sequence[Told]) -> int:
    if not wanted:
        return 0
    with database.write() as session:
        hook = hook_rows.webhook(session, webhook_id, owner)
        if hook is None:
            raise not_found(f"webhook '{webhook_id[:40]}'")
        owners = hook_rows.owners(session, {whose(told.fact) for told in wanted})
        own = [told for told in wanted if owners.get(whose(told.fact)) == owner]
        known = {row.message_id: row for row in hook_rows.known(session, webhook_id, [one.fact.id for one in own])}
        for row in known.values():
            send_again(row)
        hook_rows.add(session, [new_delivery(hook, told) for told in own if told.fact.id not in known])
        return len(own)
