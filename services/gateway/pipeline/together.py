"""Do together what comes while something before it is being done."""

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


class Together(Generic[T, R]):
    """Passes what waits to `do` in one call at a time, in the order it came; `do` runs in a thread.

    It answers for each of it in order, and may stop after any but the first: the rest waits for the next call. Where
    it raises, each is done by itself, so that what cannot be done takes nothing else with it; an error that is
    `passing` says nothing of any of them and is raised for all. A caller that is canceled leaves its part to the
    others, so `do` may get the same twice.
    """

    def __init__(self, do: Callable[[Sequence[T]], Sequence[R]], passing: Callable[[Exception], bool]) -> None:
        self._do, self._passing = do, passing
        self._waiting: list[_Entry[T, R]] = []
        self._turn = asyncio.Lock()

    async def done(self, what: T) -> R:
        """Do `what`, with whatever else waits; return what came of it, or raise its error."""
        entry: _Entry[T, R] = _Entry(what)
        self._waiting.append(entry)
        try:
            async with self._turn:
                await asyncio.sleep(0)  # what was fetched with it joins the line
                while not entry.is_over:
                    await asyncio.to_thread(self._work_off, list(self._waiting))
        finally:
            self._waiting.remove(entry)
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
        for entry, outcome in zip(entries, outcomes, strict=False):  # it may have stopped before the last
            entry.outcome, entry.is_over = outcome, True
        return None
