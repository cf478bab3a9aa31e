"""One thread that owns a model, and batches shared by the requests of several jobs.

A single job seldom fills a batch, for example with its last lines or a redone line. Jobs that run side by side in one
process therefore pass their lines to one batcher, which waits a moment for more, sorts them by length to minimize
padding, and returns the results in order.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.inference._memory import SafeSize, is_out_of_memory
from shared.observability import logger
from shared.pipeline import CancelToken

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHECK_S = 0.2
log = logger(__name__)


def cut_batches(costs: Sequence[int], budget: int) -> list[list[int]]:
    """Indices of `costs` in batches of similar cost, cheapest first.

    A batch is padded to its most expensive item, so it costs that times its length; an item that exceeds `budget` alone
    becomes a separate batch.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(costs)), key=lambda index: costs[index]):
        if batches and costs[index] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


@dataclass(eq=False)
class _Entry(Generic[Item, Result]):
    item: Item
    cost: int
    group: Hashable
    since: float
    future: "Future[Result]" = field(default_factory=Future)


class MicroBatcher(Generic[Item, Result]):
    """Runs requests to a model in batches, across all calling threads.

    `run` gets items of one group and answers in their order. It is called in one thread only. A batch that runs out of
    memory is halved and its size remembered; one that fails otherwise is halved until the faulty item is found.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        cost: Callable[[Item], int],
        budget: int,
        group: Callable[[Item], Hashable] = lambda _item: None,
        wait_s: float = 0.03,
        lease: Callable[[], AbstractContextManager[None]] = nullcontext,
        release: Callable[[], None] | None = None,
    ) -> None:
        self._run, self._cost, self._group = run, cost, group
        self._budget = SafeSize(budget, release)
        self._wait_s, self._lease = wait_s, lease
        self._waiting: list[_Entry[Item, Result]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True, name="batcher")
        self._thread.start()

    def ask(self, items: Sequence[Item], cancel: CancelToken) -> list[Result | Exception]:
        """The results of the items, in order; an exception for each item that the model failed on.

        Raises:
            Canceled: `cancel` was set; items not yet started are dropped.
        """
        now = time.monotonic()
        entries = [_Entry[Item, Result](item, self._cost(item), self._group(item), now) for item in items]
        with self._changed:
            if self._closed:
                raise RuntimeError("the batcher is closed")
            self._waiting += entries
            self._changed.notify()
        try:
            return [_outcome(entry.future, cancel) for entry in entries]
        finally:
            for entry in entries:
                entry.future.cancel()

    def close(self) -> None:
        """Finish the pending requests and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _serve(self) -> None:
        while (batch := self._next()) is not None:
            try:
                self._answer(batch)
            except BaseException as error:  # noqa: BLE001 (whoever waits must hear of it, whatever it was)
                _fail(batch, error)

    def _next(self) -> list[_Entry[Item, Result]] | None:
        """The batch with the item that has waited longest, once it is full or has waited long enough; None at the
        end."""
        with self._changed:
            while True:
                self._waiting = [entry for entry in self._waiting if not entry.future.cancelled()]
                if self._waiting:
                    oldest = self._waiting[0]
                    left_s = oldest.since + self._wait_s - time.monotonic()
                    full = sum(entry.cost for entry in self._waiting) >= self._budget.size
                    if full or left_s <= 0 or self._closed:
                        return self._take(oldest)
                    self._changed.wait(left_s)
                elif self._closed:
                    return None
                else:
                    self._changed.wait()

    def _take(self, oldest: _Entry[Item, Result]) -> list[_Entry[Item, Result]]:
        alike = [entry for entry in self._waiting if entry.group == oldest.group]
        for indices in cut_batches([entry.cost for entry in alike], self._budget.size):
            batch = [alike[index] for index in indices]
            if oldest in batch:
                self._waiting = [entry for entry in self._waiting if entry not in batch]
                return [entry for entry in batch if entry.future.set_running_or_notify_cancel()]
        raise AssertionError("every item is in one batch")

    def _results(self, items: Sequence[Item]) -> Sequence[Result]:
        with self._lease():
            results = self._run(items)
        if len(results) != len(items):
            raise RuntimeError(f"the model answered {len(results)} of {len(items)} items")
        return results

    def _answer(self, batch: Sequence[_Entry[Item, Result]]) -> None:
        """Run `batch`, in halves if it fails, and settle each of its futures."""
        if not batch:
            return
        try:
            results = self._results([entry.item for entry in batch])
        except Exception as error:  # noqa: BLE001 (models throw anything; the item to blame carries it)
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            cause, hungry = repr(error), is_out_of_memory(error)
        else:
            for entry, result in zip(batch, results, strict=True):
                entry.future.set_result(result)
            return
        if hungry:
            self._budget.shrink(max(entry.cost for entry in batch) * len(batch))
        else:
            log.warning("batch_failed", items=len(batch), error=cause)
        middle = len(batch) // 2
        self._answer(batch[:middle])
        self._answer(batch[middle:])


def _outcome(future: "Future[Any]", cancel: CancelToken) -> Any:
    """The result, or the exception in its place."""
    while True:
        cancel.check()
        try:
            error = future.exception(timeout=_CHECK_S)
        except NotYet:
            continue
        if error is None:
            return future.result()
        if isinstance(error, Exception):
            return error
        raise error


def _fail(batch: Sequence[_Entry[Item, Result]], error: BaseException) -> None:
    for entry in batch:
        if not entry.future.done():
            entry.future.set_exception(error)
