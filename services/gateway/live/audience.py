"""Fan events out to connected clients, with bounded memory for each."""

import asyncio
import json
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from services.gateway.live.owners import Owners
from shared.messaging import is_connected, subjects
from shared.observability import logger

MAX_WAITING = 256
PROGRESS = "progress"
"""The only event that every client of the first version knows."""
_MAX_LATEST = 20_000
_MOST_RECENT, _MOST_RECENT_BYTES = 2000, 16 * 1024 * 1024
log = logger(__name__)


@dataclass(frozen=True)
class Frame:
    """One event as it goes to clients; `sequence` is None for progress, which is not replayed."""

    task_id: str
    event: str
    data: bytes
    sequence: int | None

    @cached_property
    def encoded(self) -> bytes:
        """The server-sent event, encoded once for all clients."""
        head = b"" if self.sequence is None else b"id: %d\n" % self.sequence
        return head + b"event: " + self.event.encode() + b"\ndata: " + self.data + b"\n\n"

    @cached_property
    def payload(self) -> dict[str, Any]:
        """The data, parsed once for all readers."""
        found: dict[str, Any] = json.loads(self.data)
        return found


class Mailbox:
    """What is waiting to be sent to one client.

    Facts keep their order, at most `MAX_WAITING` of them: a slower client is cut off and resumes by event id. Nothing
    is kept for it then, as its connection may stay open, unread, for hours.
    Progress is kept once per unit, so it cannot pile up.
    """

    def __init__(self, task_id: str | None) -> None:
        self.task_id = task_id
        self.closed = False
        self._facts: list[Frame] = []
        self._progress: dict[str, Frame] = {}
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0

    def put(self, frame: Frame, unit: str) -> None:
        """Add a frame; `unit` is what progress frames replace each other by."""
        if self.closed:
            return
        if frame.sequence is None:
            self._progress[unit] = frame
        elif len(self._facts) >= MAX_WAITING:
            self.closed = True
            self._facts.clear()
            self._progress.clear()
        else:
            self._facts.append(frame)
        self._wake()

    def close(self) -> None:
        """End the stream after what is waiting."""
        self.closed = True
        self._wake()

    async def take(self, timeout_s: float) -> list[Frame]:
        """Wait for frames, facts first; empty after `timeout_s`."""
        if not (self._facts or self._progress or self.closed):
            self._until = self._loop.time() + timeout_s
            if self._timer is None:
                self._timer = self._loop.call_at(self._until, self._look)
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        frames = [*self._facts, *self._progress.values()]
        self._facts.clear()
        self._progress.clear()
        return frames

    def _look(self) -> None:
        """One timer serves many waits: otherwise each event would cancel and create a timer for every one of thousands
        of clients."""
        self._timer = None
        if self._waiter is not None and self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._look)
        else:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Recent:
    """The latest facts without a gap: clients that reconnect together are served from here.

    The broker numbers facts and progress alike, so a missing number is a fact that may have been missed.
    """

    def __init__(self, most: int = _MOST_RECENT, most_bytes: int = _MOST_RECENT_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._facts: deque[Frame] = deque()
        self._bytes = self._after = 0
        self.last = 0

    def add(self, frame: Frame | None, sequence: int) -> None:
        """Note what the broker told under a number; None: no fact."""
        if sequence != self.last + 1:
            self.clear()
            self._after = sequence - 1
        self.last = sequence
        if frame is not None:
            self._facts.append(frame)
            self._bytes += len(frame.data)
        while len(self._facts) > self._most or self._bytes > self._most_bytes:
            gone = self._facts.popleft()
            self._bytes -= len(gone.data)
            self._after = gone.sequence or 0

    def after(self, known: int, last: int) -> list[Frame] | None:
        """The facts after `known`, up to `last`; None if some of those up to `self.last` are no longer here."""
        if not self._after <= known <= self.last:
            return None
        return [one for one in self._facts if known < (one.sequence or 0) <= last]

    def clear(self) -> None:
        """Begin again: something may have been missed."""
        self._facts.clear()
        self._bytes = self._after = self.last = 0


class Audience:
    """One broker subscription, many clients; remembers the latest facts, and the latest progress of every unit."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker
        self.owners, self.recent = Owners(), Recent()
        self._boxes: dict[str | None, set[Mailbox]] = {}
        self._latest: OrderedDict[str, Frame] = OrderedDict()
        self._is_subscribed = False

    async def start(self) -> None:
        """Subscribe to the republished copies of the stored events."""
        await self._broker.connection.subscribe(f"{subjects.LIVE_PREFIX}.>", cb=self._receive)
        self._is_subscribed = True

    @property
    def is_listening(self) -> bool:
        """Whether events arrive here; a stream that opened between connecting and subscribing would miss some."""
        return self._is_subscribed and is_connected(self._broker)

    def join(self, task_id: str | None) -> Mailbox:
        """Open a mailbox for one task, or for all when None."""
        box = Mailbox(task_id)
        self._boxes.setdefault(task_id, set()).add(box)
        return box

    def leave(self, box: Mailbox) -> None:
        """Forget a mailbox."""
        boxes = self._boxes.get(box.task_id, set())
        boxes.discard(box)
        if not boxes:
            self._boxes.pop(box.task_id, None)

    def clients(self) -> int:
        """How many mailboxes are open."""
        return sum(len(boxes) for boxes in self._boxes.values())

    def close_all(self) -> None:
        """End every stream; clients come back with the id of their last event and miss nothing."""
        self.recent.clear()
        for boxes in self._boxes.values():
            for box in boxes:
                box.close()

    async def latest_progress(self, task_id: str, language: str, stage: str) -> dict[str, object] | None:
        """The latest progress of a unit, read from the stream if it was published before this gateway started."""
        unit = subjects.event(task_id, language, stage, "progress")
        frame = self._latest.get(unit)
        if frame is None and is_connected(self._broker):
            try:
                stored = await self._broker.connection.jetstream().get_last_msg(subjects.EVENTS, unit)
            except (NotFoundError, TimeoutError):
                return None
            frame = self._latest.get(unit)  # what came meanwhile is newer
            if frame is None:
                frame = to_frame(stored.subject or unit, stored.data or b"{}", None)
                self._remember(unit, frame)
        return frame.payload if frame else None

    def known_progress(self, task_id: str, language: str, stage: str) -> dict[str, object] | None:
        """The latest progress published while this gateway has been running."""
        frame = self._latest.get(subjects.event(task_id, language, stage, "progress"))
        return frame.payload if frame else None

    def snapshot(self, task_id: str) -> list[Frame]:
        """The latest progress of every unit of a task."""
        prefix = f"{subjects.EVENTS_PREFIX}.{task_id}."
        return [frame for unit, frame in self._latest.items() if unit.startswith(prefix)]

    async def _receive(self, message: Msg) -> None:
        sequence = int((message.headers or {}).get("Nats-Sequence", 0))
        unit = message.subject.replace(subjects.LIVE_PREFIX, subjects.EVENTS_PREFIX, 1)
        try:
            frame = to_frame(unit, message.data, sequence)
        except (ValueError, KeyError) as error:
            log.warning("event_unreadable", subject=message.subject, error=repr(error))
            self.recent.add(None, sequence)
            return
        self.recent.add(None if frame.sequence is None else frame, sequence)
        if frame.sequence is None:
            self._remember(unit, frame)
        self.deliver(frame, unit)

    def deliver(self, frame: Frame, unit: str) -> None:
        """Put a frame into the mailboxes it belongs in."""
        for key in (frame.task_id, None):
            for box in self._boxes.get(key, ()):
                box.put(frame, unit)

    def _remember(self, unit: str, frame: Frame) -> None:
        self._latest[unit] = frame
        self._latest.move_to_end(unit)
        while len(self._latest) > _MAX_LATEST:
            self._latest.popitem(last=False)


def to_frame(subject: str, data: bytes, sequence: int | None) -> Frame:
    """Turn a stored event into what clients get: facts in full, progress as its bare payload.

    Raises: ValueError, for an invalid subject or body.
    """
    tokens = subject.split(".")
    if len(tokens) != 6:
        raise ValueError(f"not an event subject: {subject}")
    task_id, topic, name = tokens[2], tokens[4], tokens[5]
    if name == PROGRESS:
        payload = json.dumps(json.loads(data)["data"], separators=(",", ":")).encode()
        return Frame(task_id, PROGRESS, payload, None)
    return Frame(task_id, f"{topic}.{name}", data.replace(b"\n", b" "), sequence)
