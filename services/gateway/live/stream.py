"""The server-sent event stream of one client: hello, what was missed, then live."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from faststream.nats import NatsBroker
from nats.js.errors import NotFoundError

from services.gateway.live.audience import PROGRESS, Audience, Frame, Mailbox, to_frame
from shared.messaging import subjects

MAX_REPLAY = 2000
_AT_ONCE = 100


@dataclass(frozen=True)
class Visit:
    """What a client requested; `may_see` decides about a task id."""

    task_id: str | None
    last_event_id: int | None
    may_see: Callable[[str], Awaitable[bool]]
    hello: Callable[[], Awaitable[bytes]]
    heartbeat_s: float


async def frames(hub: Audience, broker: NatsBroker, visit: Visit) -> AsyncIterator[bytes]:
    """Yield encoded events until the client is too slow, the gateway stops, or the client leaves."""
    box = hub.join(visit.task_id)
    try:
        first, last = await _bounds(broker)
        yield b"retry: 1000\n\n"
        seen = last
        known = visit.last_event_id
        lost = known is not None and (known > last or known + 1 < first)
        yield Frame("", "hello", await visit.hello(), None if lost else (last if known is None else known)).encoded
        if lost:
            yield Frame("", "resync", b"{}", last).encoded
        elif known is not None:
            async for chunk in _missed(hub, broker, visit, known, last):
                yield chunk
        if visit.task_id is not None:
            yield b"".join(frame.encoded for frame in hub.snapshot(visit.task_id))
        async for chunk in _live(box, visit, seen):
            yield chunk
    finally:
        hub.leave(box)


async def _bounds(broker: NatsBroker) -> tuple[int, int]:
    info = await broker.connection.jetstream().stream_info(subjects.EVENTS)
    return info.state.first_seq, info.state.last_seq


async def _missed(hub: Audience, broker: NatsBroker, visit: Visit, known: int, last: int) -> AsyncIterator[bytes]:
    """Facts after `known` up to `last`; if there are too many, a resync instead.

    What this gateway has heard lately is not asked of the broker for each client.
    """
    heard, upto = hub.recent.after(known, last), hub.recent.last
    if heard is not None:
        wanted = [one for one in heard if visit.task_id in (None, one.task_id)]
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            yield b"".join([one.encoded for one in some if await visit.may_see(one.task_id)])
            await asyncio.sleep(0)  # many clients come back together, and others have their turn too
        known = min(upto, last)
    if known < last:
        async for frame in _stored(broker, visit, known, last):
            yield frame.encoded


async def _stored(broker: NatsBroker, visit: Visit, known: int, last: int) -> AsyncIterator[Frame]:
    """The same, one request to the broker for each."""
    js = broker.connection.jetstream()
    which = f"{subjects.EVENTS_PREFIX}.{visit.task_id or '*'}.>"
    sequence = known + 1
    for _ in range(MAX_REPLAY):
        try:
            stored = await js.get_msg(subjects.EVENTS, seq=sequence, subject=which, direct=True, next=True)
        except NotFoundError:
            return
        found = int(stored.seq or 0)
        if found > last:
            return
        sequence = found + 1
        frame = to_frame(stored.subject or "", stored.data or b"{}", found)
        if frame.sequence is not None and await visit.may_see(frame.task_id):
            yield frame
    yield Frame("", "resync", b"{}", last)


async def _live(box: Mailbox, visit: Visit, seen: int) -> AsyncIterator[bytes]:
    while not box.closed:
        waiting = await box.take(visit.heartbeat_s)
        out = []
        for frame in waiting:
            if frame.sequence is not None:
                if frame.sequence <= seen:
                    continue
                seen = frame.sequence
            if visit.task_id is not None or await visit.may_see(frame.task_id):
                out.append(frame.encoded)
        yield b"".join(out) if out else Frame("", "heartbeat", b"{}", None).encoded


def to_legacy(frame: Frame) -> dict[str, Any]:
    """The shape of the first version's WebSocket: progress as it is, facts named by `type`."""
    body = frame.payload
    return body if frame.event == PROGRESS else {"type": frame.event, **body.get("data", {})}
