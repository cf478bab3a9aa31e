"""Follow a task to its end: the event stream while it lasts, polling while it does not."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from localclip.client import Client
from localclip.errors import ApiError, ServerUnreachable
from localclip.events import ServerEvent
from localclip.models import Task

POLL_S = 2.0
PATIENCE_S = 120.0


@dataclass(frozen=True)
class ProgressFrame:
    """Live progress of one stage of one language."""

    language: str
    stage: str
    progress: float
    message: str
    eta_s: float | None


@dataclass(frozen=True)
class Trouble:
    """The connection is bad; empty text: it is good again."""

    text: str


Update = Task | ProgressFrame | Trouble


class Follower:
    """Yields what happens to a task; survives restarts of the gateway."""

    def __init__(
        self,
        client: Client,
        task_id: str,
        *,
        poll_s: float = POLL_S,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._task_id = client, task_id
        self._poll_s, self._patience_s, self._sleep = poll_s, patience_s, sleep
        self._last_id: str | None = None
        self._last_contact = time.monotonic()
        self._troubled = False

    def updates(self) -> Iterator[Update]:
        """Yield until the task has ended.

        Raises:
            ServerUnreachable: nothing answered for `patience_s`.
            ApiError: the task is gone, or the key is refused.
        """
        while True:
            for attempt in (self._streamed, self._polled):
                try:
                    for update in attempt():
                        yield update
                        if isinstance(update, Task) and update.ended:
                            return
                except ServerUnreachable as error:
                    yield from self._lost(error)
                except ApiError as error:
                    if error.status < 500:
                        raise
                    yield from self._lost(error)
            self._sleep(self._poll_s)

    def _streamed(self) -> Iterator[Update]:
        for event in self._client.events(self._task_id, self._last_id):
            yield from self._found()
            self._last_id = event.id or self._last_id
            yield from self._read(event)

    def _read(self, event: ServerEvent) -> Iterator[Update]:
        if event.event == "hello" and "task" in event.data:
            yield Task.model_validate(event.data["task"])
        elif event.event == "progress":
            yield _frame(event)
        else:  # a fact, `resync`, or a heartbeat: the task itself is the truth, and a lost fact is made up for
            yield self._client.task(self._task_id)

    def _polled(self) -> Iterator[Update]:
        task = self._client.task(self._task_id)
        yield from self._found()
        yield task

    def _found(self) -> Iterator[Update]:
        self._last_contact = time.monotonic()
        if self._troubled:
            self._troubled = False
            yield Trouble("")

    def _lost(self, error: ApiError | ServerUnreachable) -> Iterator[Update]:
        if time.monotonic() - self._last_contact > self._patience_s:
            raise error
        if not self._troubled:
            self._troubled = True
            yield Trouble("the gateway does not answer; waiting for it")


def _frame(event: ServerEvent) -> ProgressFrame:
    data = event.data
    return ProgressFrame(
        language=str(data.get("language", "")),
        stage=str(data.get("stage", "")),
        progress=float(data.get("progress") or 0.0),
        message=str(data.get("message") or ""),
        eta_s=data.get("eta_seconds"),
    )
