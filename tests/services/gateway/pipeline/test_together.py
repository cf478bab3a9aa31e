"""Results that arrive together: recorded in one transaction, a bad one by itself."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from services.gateway.pipeline.together import Together


class BusyError(Exception):
    """It may work later."""


class Book:
    """Writes down what it is given, in one call or more; some of it cannot be written."""

    def __init__(self, bad: Sequence[int] = (), *, busy: bool = False, most: int = 100) -> None:
        self.calls: list[list[int]] = []
        self._bad, self._busy, self._most, self.begun, self.go_on = (
            bad,
            busy,
            most,
            threading.Event(),
            threading.Event(),
        )
        self.go_on.set()

    def write(self, numbers: Sequence[int]) -> list[int]:
        """Twice each number."""
        self.calls.append(list(numbers))
        self.begun.set()
        self.go_on.wait(10)
        if self._busy:
            raise BusyError
        if set(numbers) & set(self._bad):
            raise ValueError(str(numbers))
        return [2 * number for number in numbers[: self._most]]

    def together(self) -> Together[int, int]:
        """With what it writes."""
        return Together(self.write, lambda error: isinstance(error, BusyError))


async def test_what_comes_together_is_done_together() -> None:
    """In the order it came, and each gets its own answer."""
    book = Book()
    together = book.together()
    found = await asyncio.gather(*(together.done(number) for number in range(5)))
    assert found == [0, 2, 4, 6, 8]
    assert book.calls == [[0, 1, 2, 3, 4]]


async def test_what_there_was_no_time_for_waits_for_the_next_call() -> None:
    """Each is done once, in its order."""
    book = Book(most=2)
    together = book.together()
    assert await asyncio.gather(*(together.done(number) for number in range(5))) == [0, 2, 4, 6, 8]
    assert book.calls == [[0, 1, 2, 3, 4], [2, 3, 4], [4]]


async def test_what_comes_while_the_first_is_done_waits_and_is_done_together() -> None:
    """Never two calls at a time."""
    book = Book()
    together = book.together()
    book.go_on.clear()
    first = asyncio.create_task(together.done(1))
    await asyncio.to_thread(book.begun.wait, 10)
    others = [asyncio.create_task(together.done(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    book.go_on.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert book.calls == [[1], [2, 3]]


async def test_a_bad_one_takes_nothing_else_with_it() -> None:
    """All are tried again by themselves."""
    book = Book(bad=[2])
    together = book.together()
    found = await asyncio.gather(*(together.done(number) for number in (1, 2, 3)), return_exceptions=True)
    assert [found[0], found[2]] == [2, 6]
    assert isinstance(found[1], ValueError)
    assert book.calls == [[1, 2, 3], [1], [2], [3]]


async def test_where_the_database_is_busy_nothing_is_tried_one_by_one() -> None:
    """Each would wait as long as all of them did."""
    book = Book(busy=True)
    together = book.together()
    found = await asyncio.gather(*(together.done(number) for number in (1, 2)), return_exceptions=True)
    assert [type(one) for one in found] == [BusyError, BusyError]
    assert book.calls == [[1, 2]]


async def test_one_that_is_canceled_leaves_its_part_to_the_others() -> None:
    """A gateway that stops answers for nothing it has not seen done."""
    book = Book()
    together = book.together()
    book.go_on.clear()
    first = asyncio.create_task(together.done(1))
    await asyncio.to_thread(book.begun.wait, 10)
    second, third = (asyncio.create_task(together.done(number)) for number in (2, 3))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    book.go_on.set()
    assert await third == 6
    assert book.calls == [[1], [3]]
    assert await together.done(4) == 8
