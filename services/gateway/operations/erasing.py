"""Erase deleted tasks: a loop of its own, since a store that hangs must not delay the sweep."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

from faststream.nats import NatsBroker
from nats.js import JetStreamContext

from services.gateway.db.engine import Database
from services.gateway.db.tables import now
from services.gateway.operations import rows as operations_rows
from services.gateway.operations.sweep import remove
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.loops import Wake
from services.gateway.settings import GatewaySettings
from services.gateway.web.threads import Threads
from shared.messaging import JobSubject, subjects
from shared.observability import logger
from shared.storage import ObjectStore, keys

_AT_ONCE = 4
"""Tasks: a store that hangs takes so many of the threads for transfers, and leaves the others to requests."""
_REVISIT_S = 120.0
_LOOK_AGAIN_S = 0.5
log = logger(__name__)


class Eraser:
    """One turn erases the deleted tasks that no worker can still be busy with, a few at a time.

    A task that cannot be erased is logged and tried again in the next turn; the others are erased.
    """

    def __init__(
        self,
        database: Database,
        broker: NatsBroker,
        store: ObjectStore,
        threads: Threads,
        settings: GatewaySettings,
    ) -> None:
        self._database, self._broker, self._store, self._threads = database, broker, store, threads
        self._settings = settings
        self._revisit: dict[str, float] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.wake = Wake()

    async def turn(self) -> None:
        """Erase what can be erased now."""
        js = self._broker.connection.jetstream()
        due = [task_id for task_id, at in self._revisit.items() if at <= time.monotonic()]
        async with asyncio.TaskGroup() as group:
            for task_id, deleted_at in await asyncio.to_thread(self._deleted):
                group.create_task(self._in_turn(task_id, partial(self._finish, js, task_id, deleted_at)))
            for task_id in due:
                group.create_task(self._in_turn(task_id, partial(self._erase_latecomers, task_id)))

    async def _in_turn(self, task_id: str, work: Callable[[], Awaitable[None]]) -> None:
        async with self._places:
            try:
                await work()
            except Exception:  # logged, and tried again: the others are erased
                log.exception("task_not_erased", task=task_id)

    async def _finish(self, js: JetStreamContext, task_id: str, deleted_at: datetime) -> None:
        """Erase a task once no worker can still be doing one of its jobs."""
        info = await js.stream_info(subjects.JOBS, subjects_filter=f"localclip.jobs.*.*.{task_id}.>")
        held = list(info.state.subjects or {})
        is_new = (now() - deleted_at).total_seconds() < self._settings.delete_grace_s
        if is_new and await _maybe_in_hand(js, held):
            self._look_again()
            return
        for subject in held:
            await remove(js, subject)
        await self._threads.transfer(self._store.delete, keys.task_prefix(task_id))
        if not await asyncio.to_thread(self._is_told, task_id):
            if is_new:
                self._look_again()
            return
        await asyncio.to_thread(self._erase_rows, task_id)
        self._revisit[task_id] = time.monotonic() + _REVISIT_S
        log.info("task_erased", task=task_id)

    async def _erase_latecomers(self, task_id: str) -> None:
        """A worker that was cut off from the broker may have written once more; look again long after its lease has
        expired."""
        await self._threads.transfer(self._store.delete, keys.task_prefix(task_id))
        del self._revisit[task_id]

    def _deleted(self) -> Sequence[tuple[str, datetime]]:
        with self._database.read() as session:
            return operations_rows.deleted_tasks(session)

    def _look_again(self) -> None:
        asyncio.get_running_loop().call_later(_LOOK_AGAIN_S, self.wake.set)

    def _is_told(self, task_id: str) -> bool:
        """Whether whose task it was is no longer needed: its end was published, also to webhooks of its account."""
        with self._database.read() as session:
            return operations_rows.is_told(session, task_id)

    def _erase_rows(self, task_id: str) -> None:
        with self._database.write() as session:
            pipeline_rows.erase_task(session, task_id)


async def _maybe_in_hand(js: JetStreamContext, held: list[str]) -> bool:
    """Whether a worker may be working on one of these messages: its consumer waits for acknowledgements."""
    for parsed in map(JobSubject.parse, held):
        info = await js.consumer_info(subjects.JOBS, subjects.job_consumer(parsed.stage, parsed.lane))
        if info.num_ack_pending:
            return True
    return False
