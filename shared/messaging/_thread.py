"""Blocking work beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import structlog

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run blocking work in a daemon thread, so that a call that never returns cannot keep the process alive."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = structlog.contextvars.get_contextvars()

    def settle(act: Callable[[], None]) -> None:
        if not future.done():
            act()

    def body() -> None:
        structlog.contextvars.bind_contextvars(**context)
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 (carried over to the awaiting side whole)
            # A future refuses StopIteration, which would leave its awaiter waiting forever.
            carried = RuntimeError(repr(error)) if isinstance(error, StopIteration) else error
            outcome = partial(future.set_exception, carried)
        except BaseException as error:  # noqa: BLE001 (an engine that calls sys.exit() fails its job, not its worker)
            outcome = partial(future.set_exception, RuntimeError(f"the engine ended its thread: {error!r}"))
        else:
            outcome = partial(future.set_result, result)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=body, daemon=True, name="job").start()
    return await future
