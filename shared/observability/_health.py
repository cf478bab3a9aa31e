"""A file that a service without a port keeps fresh, so that an orchestrator can tell whether it lives and works."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from shared.observability._logging import logger

BEAT_S = 5.0
STALE_S = 60.0
"""An event loop that did not turn for so long does not keep its leases either."""
log = logger(__name__)


@asynccontextmanager
async def kept_health(path: Path | None, is_ready: Callable[[], bool], beat_s: float = BEAT_S) -> AsyncIterator[None]:
    """Keep `path` fresh inside the block, with the word of `is_ready`, and remove it after; None: do nothing."""
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
        except OSError as error:  # a full disk: told, and seen from outside as silence
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


def health_problem(path: Path, *, alive_is_enough: bool = False, stale_s: float = STALE_S) -> str | None:
    """What is wrong with the service that keeps `path`, in words; None when it is well.

    `alive_is_enough` forgives a service that cannot take work at the moment: starting it again would not help while,
    for example, the broker is away.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        age_s, ready = time.time() - float(said["at"]), bool(said["ready"])
    except FileNotFoundError:
        return "not started yet, or ended"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path} cannot be read: {error!r}"
    if age_s > stale_s:
        return f"silent for {age_s:.0f} s"
    return None if ready or alive_is_enough else "alive, but not connected to the broker"
