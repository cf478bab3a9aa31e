# Made of `_async` by `make generate`: change it there.
"""Events as they happen."""

import time
from collections.abc import Generator
from contextlib import closing

import httpx

from localclip_client import _wire
from localclip_client._sync.transport import SyncTransport
from localclip_client._waiting import sleep
from localclip_client._wire import at
from localclip_client.errors import LocalClipError
from localclip_client.events import EventReader, ServerEvent

_CONNECT_S = 10.0
_SILENCE_S = 20.0  # four missed heartbeats
_PAUSE_S = 1.0
_PATIENCE_S = 120.0


class SyncEvents(SyncTransport):
    """Server-sent events."""

    def stream(self, task_id: str | None = None, last_event_id: str | None = None) -> Generator[ServerEvent, None]:
        """Yield live events of a task (None: of all) until the connection ends.

        With `last_event_id` the facts after it come first. Raises: ServerUnreachable, when the stream falls silent.
        """
        address = at("tasks", task_id, "events") if task_id else at("events")
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        reader = EventReader()
        with self._opened(address, headers, timeout=httpx.Timeout(_CONNECT_S, read=_SILENCE_S)) as answer:
            for chunk in answer.iter_raw():
                for event in reader.feed(chunk):
                    yield event

    def events(
        self, task_id: str | None = None, last_event_id: str | None = None, *, patience_s: float = _PATIENCE_S
    ) -> Generator[ServerEvent, None]:
        """Yield events without end, over as many connections as it takes: no fact is missed, none comes twice.

        Each connection begins with `hello`, the state; after `resync` the state has to be read again, since the past is
        gone. Keep the `id` of the last fact you dealt with and name it as `last_event_id` after a restart. Raises:
        ServerUnreachable or BusyError, when nothing was heard for `patience_s`.
        """
        heard_at = time.monotonic()
        while True:
            try:
                with closing(self.stream(task_id, last_event_id)) as events:
                    for event in events:
                        heard_at = time.monotonic()
                        last_event_id = event.id or last_event_id
                        if event.event != "heartbeat":
                            yield event
            except LocalClipError as error:
                if not _wire.passes(error) or time.monotonic() - heard_at > patience_s:
                    raise
            sleep(_PAUSE_S)
