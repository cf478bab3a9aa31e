"""Asynchronous work for blocking callers: one event loop in its own thread."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import TimeoutError as NotYet
from typing import Any, TypeVar

from shared.pipeline import CancelToken

T = TypeVar("T")

_CHECK_S = 0.1


class EventLoop:
    """Runs coroutines for any number of threads; a canceled one is really stopped, and its connections are closed."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name=name)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], cancel: CancelToken) -> T:
        """Wait for `work`. Raises: Canceled, and whatever `work` raises."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while True:
                cancel.check()
                try:
                    return future.result(_CHECK_S)
                except NotYet:
                    if future.done():  # the work itself ran out of time
                        raise
        finally:
            future.cancel()

    def close(self) -> None:
        """Stop what is still running and end the thread."""

        async def stop_all() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(stop_all(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
