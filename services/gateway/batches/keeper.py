"""Carry out requests on batches, hold back paused ones, and report when one has ended."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.outcomes import is_over
from services.gateway.batches.reading import read_batch
from services.gateway.db import Session
from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchRow, BatchState, Task, now
from services.gateway.pipeline.canceling import cancel, remove
from services.gateway.pipeline.endings import Row, tasks_of_batch
from services.gateway.pipeline.facts import tell_batch
from services.gateway.pipeline.starting import retry
from services.gateway.script import rows as script_rows
from services.gateway.settings import GatewaySettings
from services.gateway.web.signing import zip_address
from shared.observability import logger
from shared.pipeline import Status

CANCEL, RETRY, DELETE = "cancel", "retry", "delete"
_ROWS_AT_ONCE = 50
log = logger(__name__)


class Keeper:
    """One turn looks at every batch that is not over; one that fails does not keep the others waiting.

    A request is carried out task by task, each in its own transaction, and cleared at the end: if the gateway dies in
    between, it starts again, and repeating what was done has no effect.
    """

    def __init__(self, database: Database, settings: GatewaySettings, on_deleted: Callable[[], None]) -> None:
        self._database, self._settings, self._on_deleted = database, settings, on_deleted

    async def turn(self) -> None:
        """Look once."""
        for batch_id in await asyncio.to_thread(self._kept):
            try:
                await asyncio.to_thread(self._keep, batch_id)
            except Exception:  # logged, and tried again in the next turn
                log.exception("batch_not_kept", batch=batch_id)

    def _kept(self) -> list[str]:
        with self._database.read() as session:
            return batch_rows.kept(session)

    def _keep(self, batch_id: str) -> None:
        with self._database.read() as session:
            batch = batch_rows.any_batch(session, batch_id)
            wish = batch.wish if batch else None
            state = batch.state if batch else None
        if wish is not None:
            self._carry_out(batch_id, wish)
        elif state == BatchState.PAUSED:
            with self._database.write(quiet=True) as session:
                if batch_rows.is_paused(session, batch_id):
                    batch_rows.hold(session, batch_id)
        self._close(batch_id)

    def _carry_out(self, batch_id: str, wish: str) -> None:
        statuses = {
            CANCEL: (Status.PENDING, Status.PROCESSING),
            RETRY: (Status.FAILED, Status.CANCELED),
            DELETE: None,
        }[wish]
        done: set[str] = set()
        while left := self._left(batch_id, wish, statuses, done):
            for task_id in left:
                with self._database.write() as session:
                    task = script_rows.locked_task(session, task_id)
                    if task is not None and task.deleted_at is None:
                        _ACTS[wish](session, task)
            done.update(left)
        if wish == DELETE:
            self._on_deleted()

    def _left(self, batch_id: str, wish: str, statuses: Sequence[Status] | None, done: Collection[str]) -> list[str]:
        """The tasks that a request is still for, also such as came to that meanwhile; when none is left, it is over."""
        with self._database.write(quiet=True) as session:
            batch = batch_rows.locked_batch(session, batch_id)
            if batch is None or batch.wish != wish:
                return []
            left = [task_id for task_id in batch_rows.task_ids(session, batch_id, statuses) if task_id not in done]
            if not left:
                batch.wish = None
                if wish == DELETE:
                    batch.ended_at = batch.ended_at or now()
                    batch_rows.drop_items(session, batch_id)
            return left

    def _close(self, batch_id: str) -> None:
        """Record and publish the end, once, in one transaction; what became of the rows is read before it."""
        with self._database.read() as session:
            batch = batch_rows.any_batch(session, batch_id)
            if batch is None or not self._is_over(session, batch):
                return
            tasks = tasks_of_batch(session, _pages(session, batch_id))
        with self._database.write() as session:
            batch = batch_rows.locked_batch(session, batch_id)
            if batch is None or not self._is_over(session, batch):
                return
            batch.ended_at = now()
            name = "canceled" if batch.state == BatchState.CANCELED else "completed"
            batch.state = BatchState(name)
            session.flush()
            read = read_batch(session, batch, self._settings)
            told = read.model_dump(mode="json", include={"name", "metadata", "rows", "languages", "round"})
            told |= {"tasks": tasks, "tasks_left_out": read.rows_total - len(tasks)}
            told |= {"rows_url": f"/api/batches/{batch_id}/rows"}
            tell_batch(session, batch_id, name, **told, files_url=zip_address(batch_id))

    @staticmethod
    def _is_over(session: Session, batch: BatchRow) -> bool:
        if batch.ended_at is not None or batch.wish is not None or batch.deleted_at is not None:
            return False
        rows = batch_rows.outcomes(session, [batch.batch_id]).get(batch.batch_id, {})
        canceled = batch.state == BatchState.CANCELED
        if not is_over(rows, canceled=canceled):
            return False
        return canceled or not batch_rows.waits_for_approval(session, batch.batch_id)


def _pages(session: Session, batch_id: str) -> Iterator[list[Row]]:
    """The rows of a batch, some at a time, since each brings the reports of its languages."""
    skip = 0
    while page := batch_rows.items(session, batch_id, skip, _ROWS_AT_ONCE)[0]:
        yield [(item.number, item.source, outcome, task) for item, outcome, task in page]
        skip += len(page)


_ACTS: dict[str, Callable[[Session, Task], object]] = {
    CANCEL: partial(cancel, languages=None),
    RETRY: retry,
    DELETE: remove,
}
