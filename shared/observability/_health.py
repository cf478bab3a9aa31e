"""A file that a service without a port keeps fresh, so that an orchestrator can tell whether it is alive and working.

`shared.healthy` reads it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from shared.observability._logging import logger

BEAT_S = 5.0
log = logger(__name__)


@asynccontextmanager
async def kept_health(path: Path | None, is_ready: Callable[[], bool], beat_s: float = BEAT_S) -> AsyncIterator[None]:
    """Keep `path` fresh inside the block, with the state from `is_ready`, and remove it afterwards; None: do
    nothing."""
    if path is None:
        yield
        return
    beating = asyncio.create_task(_beat(path, is_ready, beat_s))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        _remove(path)


async def _beat(path: Path, is_ready: Callable[[], bool], beat_s: float) -> None:
    while True:
        try:
            _write(path, ready=is_ready())
        except OSError as error:  # a full disk: logged, and seen from outside as silence
            log.warning("health_not_written", error=repr(error))
        await asyncio.sleep(beat_s)


def _write(path: Path, *, ready: bool) -> None:
    """Replace the file as a whole: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps({"ready": ready, "at": time.time()}), encoding="utf-8")
    fresh.replace(path)


def _remove(path: Path) -> None:
    with suppress(OSError):  # it goes stale by itself
        path.unlink(missing_ok=True)
