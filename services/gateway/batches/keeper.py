"""Carry out requests on batches, hold back paused ones, and report when one has ended."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.outcomes import is_over
from services.gateway.batches.reading import read_batch
from services.gateway.db import Session
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import BatchRow, BatchState, Task, now
from services.gateway.pipeline.canceling import cancel, remove
from services.gateway.pipeline.endings import Row, tasks_of_batch
from services.gateway.pipeline.facts import tell_batch
from services.gateway.pipeline.starting import retry
from services.gateway.script import rows as script_rows
from services.gateway.settings import GatewaySettings
from services.gateway.web.signing import zip_address
from shared.messaging import Tries
from shared.observability import logger
from shared.pipeline import Status

CANCEL, RETRY, DELETE, RESUME = "cancel", "retry", "delete", "resume"
_ROWS_AT_ONCE, _TASKS_AT_ONCE = 50, 100
log = logger(__name__)


def hold_all(database: Database, batch_id: str) -> None:
    """Hold what is ready in a paused batch, some jobs in each transaction. Blocking."""
    with database.read() as session:
        is_left = batch_rows.may_hold(session, batch_id)
    while is_left:
        with database.write(quiet=True) as session:
            is_left = batch_rows.is_paused(session, batch_id) and batch_rows.hold(session, batch_id)


@dataclass(frozen=True)
class _Asked:
    """What is asked of a batch, the tasks that had their turn, and of these the ones to be tried again."""

    wish: str
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)


class Keeper:
    """One turn looks at every batch that is not over; one that fails does not keep the others waiting.

    A request is carried out task by task, each in its own transaction, and cleared at the end: if the gateway dies in
    between, it starts again, and repeating what was done has no effect. After some tasks the other batches come in
    between: one of thousands takes minutes. A task for which it fails is tried in ten turns, then it is left.
    """

    def __init__(self, database: Database, settings: GatewaySettings, on_deleted: Callable[[], None]) -> None:
        self._database, self._settings, self._on_deleted = database, settings, on_deleted
        self._asked: dict[str, _Asked] = {}
        self._tries = Tries()

    async def turn(self) -> None:
        """Look once, and again as long as requests are being carried out."""
        for asked in self._asked.values():
            asked.done.difference_update(asked.failed)
            asked.failed.clear()
        goes_on = True
        while goes_on:
            goes_on = False
            for batch_id in await asyncio.to_thread(self._kept):
                try:
                    goes_on |= await asyncio.to_thread(self._keep, batch_id)
                except Exception:  # logged, and tried again in the next turn
                    log.exception("batch_not_kept", batch=batch_id)

    def _kept(self) -> list[str]:
        with self._database.read() as session:
            return batch_rows.kept(session)

    def _keep(self, batch_id: str) -> bool:
        """Do what there is to do for a batch; returns whether what is asked of it is to go on in this turn."""
        with self._database.read() as session:
            batch = batch_rows.any_batch(session, batch_id)
            wish = batch.wish if batch else None
            state = batch.state if batch else None
        if state == BatchState.PAUSED:
            hold_all(self._database, batch_id)
        before = self._asked.pop(batch_id, None)
        if wish is not None:
            asked = before if before and before.wish == wish else _Asked(wish)
            self._asked[batch_id] = asked
            if self._carry_out(batch_id, asked):
                return True
            if not asked.failed:
                del self._asked[batch_id]
        self._close(batch_id)
        return False

    def _carry_out(self, batch_id: str, asked: _Asked) -> bool:
        """Do for some tasks what is asked; returns whether it is to go on."""
        left = self._left(batch_id, asked)
        for task_id in left or ():
            try:
                with self._database.write() as session:
                    task = script_rows.locked_task(session, task_id)
                    if task is not None and task.deleted_at is None:
                        _ACTS[asked.wish](session, task)
            except DatabaseBusy:
                raise
            except Exception:  # logged, and tried again in the next turn: the other tasks go on
                log.exception("wish_not_carried_out", batch=batch_id, task=task_id, wish=asked.wish)
                if not self._tries.failed((batch_id, task_id, asked.wish)):
                    asked.failed.add(task_id)
            else:
                self._tries.over((batch_id, task_id, asked.wish))
            asked.done.add(task_id)
        if asked.wish == DELETE:
            self._on_deleted()
        return left is not None

    def _left(self, batch_id: str, asked: _Asked) -> list[str] | None:
        """Some of the tasks that a request is still for, also such as came to that meanwhile; None when it is over.

        Before that, what a pause held is let go where the batch is open: the rest of what was resumed.
        """
        with self._database.write() as session:
            batch = batch_rows.locked_batch(session, batch_id)
            if batch is None or batch.wish != asked.wish:
                return None
            tasks = batch_rows.task_ids(session, batch_id, _STATUSES[asked.wish])
            if left := [task_id for task_id in tasks if task_id not in asked.done]:
                return left[:_TASKS_AT_ONCE]
            if asked.failed:
                return None
            if asked.wish != DELETE and batch.state == BatchState.OPEN and batch_rows.release(session, batch_id):
                return []
            batch.wish = None
            if asked.wish == DELETE:
                batch.ended_at = batch.ended_at or now()
                batch_rows.drop_items(session, batch_id)
            return None

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


_STATUSES: dict[str, Sequence[Status] | None] = {
    CANCEL: (Status.PENDING, Status.PROCESSING),
    RETRY: (Status.FAILED, Status.CANCELED),
    DELETE: None,
    RESUME: (),
}
_ACTS: dict[str, Callable[[Session, Task], object]] = {
    CANCEL: partial(cancel, languages=None),
    RETRY: retry,
    DELETE: remove,
}
