"""Waiting, for both clients: the asynchronous one leaves its loop to others meanwhile (asyncio and trio)."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")


async def async_sleep(seconds: float) -> None:
    """Wait."""
    await anyio.sleep(seconds)


async def async_call(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call what blocks, on a thread."""
    return await anyio.to_thread.run_sync(lambda: function(*arguments, **named))


def async_in_spite_of_cancel(seconds: float) -> AbstractContextManager[object]:
    """What is awaited within comes to its end although the task was canceled, within `seconds`."""
    return anyio.move_on_after(seconds, shield=True)


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def call(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call what blocks."""
    return function(*arguments, **named)


def in_spite_of_cancel(seconds: float) -> AbstractContextManager[object]:
    """Nothing cancels a thread."""
    return nullcontext(seconds)
