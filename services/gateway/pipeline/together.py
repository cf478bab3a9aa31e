"""Do everything together that arrives for the same task while the first of it is being done."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False)
class _Entry(Generic[T, R]):
    """Something to do, and its outcome once it is done."""

    what: T
    outcome: R | None = None
    error: Exception | None = None
    is_over: bool = False


class _Line(Generic[T, R]):
    """What waits for one task, and whose turn it is."""

    def __init__(self) -> None:
        self.waiting: list[_Entry[T, R]] = []
        self.turn = asyncio.Lock()


class Together(Generic[T, R]):
    """Passes what waits for a task to `do` in one call, which runs in a thread; `do` returns the results in order.

    If that raises, each item is done by itself, so that one that cannot be done does not affect the others; an error
    that is `passing` says nothing about any of them and is raised for all. A canceled caller leaves its item to the
    others, so `do` may get the same item twice.
    """

    def __init__(self, do: Callable[[Sequence[T]], Sequence[R]], passing: Callable[[Exception], bool]) -> None:
        self._do, self._passing = do, passing
        self._lines: dict[str, _Line[T, R]] = {}

    async def done(self, task_id: str, what: T) -> R:
        """Do `what`, with whatever else waits for the task; return its result, or raise its error."""
        line = self._lines.setdefault(task_id, _Line())
        entry: _Entry[T, R] = _Entry(what)
        line.waiting.append(entry)
        try:
            async with line.turn:
                if not entry.is_over:
                    await asyncio.sleep(0)  # what was fetched with it joins the queue
                    await asyncio.to_thread(self._work_off, list(line.waiting))
        finally:
            line.waiting.remove(entry)
            if not line.waiting and self._lines.get(task_id) is line:
                del self._lines[task_id]
        if entry.error is not None:
            raise entry.error
        return entry.outcome  # type: ignore[return-value]  # there is one where there is no error

    def _work_off(self, entries: Sequence[_Entry[T, R]]) -> None:
        open_ = [entry for entry in entries if not entry.is_over]
        error = self._try(open_)
        if error is None:
            return
        for entry in open_:
            own = error if len(open_) == 1 or self._passing(error) else self._try([entry])
            entry.error, entry.is_over = own, True

    def _try(self, entries: Sequence[_Entry[T, R]]) -> Exception | None:
        try:
            outcomes = self._do([entry.what for entry in entries])
        except Exception as error:  # noqa: BLE001 (raised for whoever asked for it)
            return error
        for entry, outcome in zip(entries, outcomes, strict=True):
            entry.outcome, entry.is_over = outcome, True
        return None
