"""Find what happened since a time on the stream of events, and put it on its way to a webhook again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nats.errors import Error as NatsError
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
from services.gateway.web.problems import Problem, not_found
from shared.messaging import Fact, is_connected, subjects
from shared.observability import logger

_MOST, _MOST_READ = 1000, 20_000
_BATCH = 200
_CLOCKS_DIFFER = timedelta(seconds=10)  # of the gateways and of the broker, at most
_EPOCH = datetime.fromtimestamp(0, UTC)
_ALL = f"{subjects.EVENTS_PREFIX}.>"
log = logger(__name__)


@dataclass(frozen=True)
class _Stored:
    """A message of the stream and when it got there; no `fact`: it is progress, or unreadable."""

    number: int
    at: datetime
    fact: Fact | None


async def replay(parts: Gateway, owner: str, webhook_id: str, since: datetime, until: datetime) -> Replayed:
    """Put up to 1000 events of the account on their way again. Raises: Problem 404, 503."""
    types = await asyncio.to_thread(_types, parts.database, owner, webhook_id)
    if not is_connected(parts.broker):
        raise _away()
    count = read = 0
    last = since
    try:
        async for batch in _in_batches(_stored(parts.broker.connection.jetstream(), since, until)):
            facts = [
                Told(one.fact, one.number)
                for one in batch
                if one.fact is not None and max(one.fact.time, one.at) >= since
            ]
            wanted = [told for told in facts if matches(types, told.fact.type)]
            count += await asyncio.to_thread(_again, parts.database, owner, webhook_id, wanted)
            read, last = read + len(batch), facts[-1].fact.time if facts else last
            if count >= _MOST or read >= _MOST_READ:
                # Where there was no fact, the next request begins behind what was read: else it would read it again.
                return Replayed(events=count, more_since=last if last > since else max(since, batch[-1].at))
    except (NatsError, TimeoutError) as error:
        log.warning("replay_broke_off", webhook=webhook_id, why=repr(error))
        raise _away() from error
    return Replayed(events=count)


def _away() -> Problem:
    detail = "the stream of events is away; repeat it"
    return Problem(503, "broker_unavailable", detail, headers={"Retry-After": "2"})


async def _in_batches(stored: AsyncIterator[_Stored]) -> AsyncIterator[list[_Stored]]:
    batch: list[_Stored] = []
    async for one in stored:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _stored(js: JetStreamContext, since: datetime, until: datetime) -> AsyncIterator[_Stored]:
    """The messages of the stream up to the first fact after `until`, a little before `since` too."""
    sequence = await _first_since(js, since - _CLOCKS_DIFFER)
    while (found := await _next(js, sequence)) is not None:
        if found.fact is not None and found.fact.time > until:
            return
        sequence = found.number + 1
        yield found


async def _first_since(js: JetStreamContext, since: datetime) -> int:
    """The number of the first message since a time, by halving: the broker finds messages by number only."""
    state = (await js.stream_info(subjects.EVENTS)).state
    low, high = state.first_seq, state.last_seq + 1
    while low < high:
        middle = (low + high) // 2
        found = await _next(js, middle)
        if found is None or found.at >= since:
            high = middle
        else:
            low = found.number + 1
    return low


async def _next(js: JetStreamContext, sequence: int) -> _Stored | None:
    """The first message from a number on; None behind the last."""
    try:
        stored = await js.get_msg(subjects.EVENTS, seq=sequence, subject=_ALL, direct=True, next=True)
    except NotFoundError:
        return None
    number, at = int(stored.seq or 0), stored.time or _EPOCH
    if (stored.subject or "").endswith(".progress"):
        return _Stored(number, at, None)
    try:
        return _Stored(number, at, Fact.model_validate_json(stored.data or b"{}"))
    except ValidationError:
        return _Stored(number, at, None)


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
        hook = hook_rows.webhook(session, webhook_id, owner, lock=True)
        if hook is None:
            raise not_found(f"webhook '{webhook_id[:40]}'")
        owners = hook_rows.owners(session, {whose(told.fact) for told in wanted})
        own = [told for told in wanted if owners.get(whose(told.fact)) == owner]
        known = {row.message_id: row for row in hook_rows.known(session, webhook_id, [one.fact.id for one in own])}
        for row in known.values():
            send_again(row)
        hook_rows.add(session, [new_delivery(hook, told) for told in own if told.fact.id not in known])
        return len(own)
