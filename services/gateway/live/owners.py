"""Whose a task or batch is, asked once for all who watch."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 50_000
_UNKNOWN_S = 5.0


class Owners:
    """Ownership never changes, so whoever asked first has asked for every client, also once a task is erased.

    What nobody has is asked for again after a few seconds: it may not be known yet.
    """

    def __init__(self, most: int = _MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._known: OrderedDict[str, tuple[str | None, float]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[str | None]] = {}

    async def owner(self, id_: str, look_up: Callable[[str], str | None]) -> str | None:
        """The owner; None for what nobody has. `look_up` runs in a thread, one for each id at a time."""
        owner, since = self._known.get(id_, (None, 0.0))
        if owner is not None or (id_ in self._known and self._clock() - since < _UNKNOWN_S):
            return owner
        if id_ not in self._asked:
            self._asked[id_] = asyncio.create_task(self._ask(id_, look_up))
        return await asyncio.shield(self._asked[id_])  # a client that leaves does not break it off for the others

    async def _ask(self, id_: str, look_up: Callable[[str], str | None]) -> str | None:
        try:
            owner = await asyncio.to_thread(look_up, id_)
        finally:
            del self._asked[id_]
        self._known[id_] = (owner, self._clock())
        self._known.move_to_end(id_)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return owner
