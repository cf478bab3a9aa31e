"""Which workers live, and how many jobs they take."""

import time

from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from pydantic import ValidationError

from shared.messaging import WorkerSlots, subjects
from shared.observability import logger
from shared.pipeline import Stage

_SILENT_S = 15.0
"""So long a worker that says nothing still counts: its engine may keep the interpreter busy for seconds."""
log = logger(__name__)


class Workers:
    """What the workers announced lately; a new gateway knows them after two seconds."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker
        self._heard: dict[str, tuple[WorkerSlots, float]] = {}

    async def start(self) -> None:
        """Listen, on the connection there is and those that follow."""
        await self._broker.connection.subscribe(subjects.workers("*"), cb=self._hear)

    async def _hear(self, message: Msg) -> None:
        try:
            said = WorkerSlots.model_validate_json(message.data)
        except ValidationError as error:
            log.warning("worker_unreadable", error=str(error))
            return
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
        """Slots of each worker of a stage that lives."""
        heard, at_least = self._heard, time.monotonic() - _SILENT_S
        return [one.slots for one, at in heard.values() if one.stage is stage and at > at_least]
