"""Wait for a condition with a deadline, instead of sleeping for luck."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

_POLL_S, _RARELY_S = 0.02, 0.1
_SLOWER = 1.15

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float, message: str) -> T:
    """Return the first true value of `condition`.

    Raises:
        TimeoutError: with `message`, when there was none in `timeout_s`.
    """
    deadline, pauses = time.monotonic() + timeout_s, _pauses()
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s: {message}")
        time.sleep(next(pauses))
    return found


async def wait_until_async(condition: Callable[[], T | Awaitable[T]], timeout_s: float, message: str) -> T:
    """Like `wait_until` beside a running event loop; `condition` may be a coroutine function.

    Raises:
        TimeoutError: with `message`, when there was no true value in `timeout_s`.
    """
    deadline, pauses = time.monotonic() + timeout_s, _pauses()
    while True:
        answer = condition()
        found: T = await answer if inspect.isawaitable(answer) else answer
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s: {message}")
        await asyncio.sleep(next(pauses))


def _pauses() -> Iterator[float]:
    """Seconds between two looks: what takes long is looked for less often, for a look may be a request."""
    pause_s = _POLL_S
    while True:
        yield pause_s
        pause_s = min(pause_s * _SLOWER, _RARELY_S)
