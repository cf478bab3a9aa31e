"""What the workers announce: their engines, and how many jobs they take at once."""

import asyncio
import contextlib
import time

from faststream.nats import NatsBroker, NatsRouter
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from shared.messaging import EngineInfo, SkipsUnreadable, WorkerSlots, announced_engines, is_connected, reads, subjects
from shared.observability import logger
from shared.pipeline import Stage

_FRESH_S = 5.0


class Capabilities:
    """The announced engines, read from the broker at most every few seconds."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker
        self._engines: tuple[EngineInfo, ...] = ()
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()

    async def engines(self) -> tuple[EngineInfo, ...]:
        """The engines that work."""
        return tuple(engine for engine in await self.announced() if not engine.problem)

    def known(self) -> tuple[EngineInfo, ...]:
        """The engines that worked when they were last read, without asking the broker."""
        return tuple(engine for engine in self._engines if not engine.problem)

    async def announced(self) -> tuple[EngineInfo, ...]:
        """All engines, including those that their workers left out; while the broker is unavailable, the last known
        ones."""
        asked = time.monotonic()
        async with self._reading:  # one at a time, so that no answer overtakes a newer one
            is_old = asked - self._read_at > _FRESH_S
            if is_old and self._tried_at < asked and is_connected(self._broker):  # who waited takes what came of that
                with contextlib.suppress(NatsError, APIError, TimeoutError):
                    self._engines = await announced_engines(self._broker.connection.jetstream())
                    self._read_at = time.monotonic()
                self._tried_at = time.monotonic()
        return self._engines


_SILENT_S = 15.0
"""How long a silent worker still counts: its engine may keep the interpreter busy for seconds."""
log = logger(__name__)


class Workers:
    """What the workers announced lately; a new gateway knows them after two seconds."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[WorkerSlots, float]] = {}

    def listen(self, broker: NatsBroker) -> None:
        """Subscribe, before the broker starts."""
        router = NatsRouter(middlewares=[SkipsUnreadable])
        router.subscriber(
            subjects.workers("{stage}"),
            decoder=reads(WorkerSlots.model_validate_json),
            title="workers",
            description="Workers that are alive, every two seconds (core NATS).",
        )(self.hear)
        broker.include_router(router)

    async def hear(self, said: WorkerSlots) -> None:
        """Note that a worker is alive, or is leaving."""
        known = said.worker in self._heard
        self._heard = {
            name: (one, at)
            for name, (one, at) in self._heard.items()
            if time.monotonic() - at < _SILENT_S and name != said.worker
        }
        if said.slots:
            self._heard[said.worker] = (said, time.monotonic())
        if known != bool(said.slots):
            log.info("worker_came" if said.slots else "worker_went", stage=said.stage, slots=said.slots)

    def of(self, stage: Stage) -> list[int]:
        """Slots of each live worker of a stage."""
        heard, at_least = self._heard, time.monotonic() - _SILENT_S
        return [one.slots for one, at in heard.values() if one.stage is stage and at > at_least]
