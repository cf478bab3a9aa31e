"""What the progress service is made of."""

import asyncio
import time

from faststream import FastStream
from faststream.nats import NatsBroker, NatsMessage

from services.progress.board import Board
from services.progress.handlers import on_fact, on_raw_progress
from services.progress.settings import ProgressSettings
from services.progress.telling import Teller
from shared.messaging import BrokerSettings, connect_options, provision, subjects
from shared.observability import configure_logging, logger

log = logger(__name__)


class ProgressService:
    """Two subscriptions, one board, one teller."""

    def __init__(self, broker_settings: BrokerSettings, settings: ProgressSettings) -> None:
        self._broker = NatsBroker(broker_settings.nats_url, logger=None, **connect_options())
        self._board = Board(settings.progress_interval_s, settings.progress_silence_s)
        self._teller = Teller(self._broker, self._board)
        self._telling: asyncio.Task[None] | None = None
        self._broker.subscriber("localclip.progress.>")(self._hear_worker)
        self._broker.subscriber(f"{subjects.LIVE_PREFIX}.>")(self._hear_fact)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        app = FastStream(self._broker, logger=None, after_startup=[self._start], on_shutdown=[self._stop])
        await app.run()

    async def _start(self) -> None:
        await provision(self._broker.connection.jetstream())
        self._telling = asyncio.create_task(self._teller.run())
        log.info("progress_ready")

    async def _stop(self) -> None:
        if self._telling:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _hear_worker(self, message: NatsMessage) -> None:
        on_raw_progress(self._board, message.raw_message.data, time.monotonic())

    async def _hear_fact(self, message: NatsMessage) -> None:
        raw = message.raw_message
        on_fact(self._board, raw.subject, raw.data, time.monotonic())
        self._teller.heard(int((raw.headers or {}).get("Nats-Sequence", 0)))


def main() -> None:
    """Serve until SIGTERM."""
    settings = ProgressSettings()
    configure_logging("progress", settings.log_level)
    asyncio.run(ProgressService(BrokerSettings(), settings).run())
