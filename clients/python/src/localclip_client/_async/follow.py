"""Follow a task to its end: the event stream while it lasts, polling while it does not."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from localclip_client import _wire
from localclip_client._async.batches import AsyncBatches
from localclip_client._async.events import AsyncEvents
from localclip_client._async.tasks import AsyncTasks
from localclip_client._waiting import async_sleep
from localclip_client.errors import ApiError, LocalClipError, ServerUnreachable
from localclip_client.events import ServerEvent, Trouble, Update, progress_of
from localclip_client.models import Batch, Task

POLL_S = 2.0
PATIENCE_S = 120.0


class AsyncFollowing(AsyncTasks, AsyncBatches, AsyncEvents):
    """What is waited for."""

    async def follow_task(
        self, task_id: str, *, poll_s: float = POLL_S, patience_s: float = PATIENCE_S
    ) -> AsyncGenerator[Update, None]:
        """Yield what happens to a task until it has ended; survives restarts of the gateway.

        Raises:
            ServerUnreachable: nothing answered for `patience_s`.
            ApiError: the task is gone, or the key is refused.
        """
        follower = _AsyncFollower(self, task_id, patience_s)
        while True:
            for attempt in (follower.streamed, follower.polled):
                try:
                    async with aclosing(attempt()) as updates:
                        async for update in updates:
                            yield update
                            if isinstance(update, Task) and update.ended:
                                return
                except (ServerUnreachable, ApiError) as error:
                    if isinstance(error, ApiError) and error.status < 500 and not _wire.passes(error):
                        raise
                    if trouble := follower.lost(error):
                        yield trouble
            await async_sleep(poll_s)

    async def wait_for_task(self, task_id: str, *, patience_s: float = PATIENCE_S) -> Task:
        """The task once nothing more happens by itself: it ended, asks something, or waits for approval."""
        async with aclosing(self.follow_task(task_id, patience_s=patience_s)) as updates:
            async for update in updates:
                if isinstance(update, Task) and (update.ended or update.waiting_for or update.at_stop):
                    return update
        return await self.task(task_id)

    async def follow_batch(
        self, batch_id: str, *, poll_s: float = POLL_S, patience_s: float = PATIENCE_S
    ) -> AsyncGenerator[Batch, None]:
        """Yield a batch whenever it has changed, until it has ended; survives restarts of the gateway."""
        heard_at, told = time.monotonic(), None
        while True:
            try:
                batch = await self.batch(batch_id)
            except LocalClipError as error:
                if not _wire.passes(error) or time.monotonic() - heard_at > patience_s:
                    raise
            else:
                heard_at = time.monotonic()
                if batch != told:
                    told = batch
                    yield batch
                if batch.ended:
                    return
            await async_sleep(poll_s)


class _AsyncFollower:
    """One task, and how long nothing was heard of it."""

    def __init__(self, client: AsyncFollowing, task_id: str, patience_s: float) -> None:
        self._client, self._task_id, self._patience_s = client, task_id, patience_s
        self._last_id: str | None = None
        self._heard_at = time.monotonic()
        self._troubled = False

    async def streamed(self) -> AsyncGenerator[Update, None]:
        """By events, as long as the connection lasts."""
        async with aclosing(self._client.stream(self._task_id, self._last_id)) as events:
            async for event in events:
                if good := self._found():
                    yield good
                self._last_id = event.id or self._last_id
                yield await self._read(event)

    async def polled(self) -> AsyncGenerator[Update, None]:
        """As it is now."""
        task = await self._client.task(self._task_id)
        if good := self._found():
            yield good
        yield task

    def lost(self, error: ApiError | ServerUnreachable) -> Trouble | None:
        """Raises: `error`, when that has lasted too long."""
        if time.monotonic() - self._heard_at > self._patience_s:
            raise error
        first, self._troubled = not self._troubled, True
        return Trouble("the gateway does not answer; waiting for it") if first else None

    async def _read(self, event: ServerEvent) -> Update:
        if event.event == "hello" and "task" in event.data:
            return Task.model_validate(event.data["task"])
        if event.event == "progress":
            return progress_of(event)
        # a fact, `resync`, or a heartbeat: the task itself is the truth, and a lost fact is made up for
        return await self._client.task(self._task_id)

    def _found(self) -> Trouble | None:
        self._heard_at = time.monotonic()
        was, self._troubled = self._troubled, False
        return Trouble("") if was else None
