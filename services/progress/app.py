"""What the progress service is made of."""

import asyncio

from faststream import FastStream
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NotFoundError

from services.progress.board import Board
from services.progress.handlers import listen
from services.progress.settings import ProgressSettings
from services.progress.telling import Teller
from shared.messaging import (
    BrokerSettings,
    Trouble,
    broker_problem,
    connect_options,
    is_connected,
    login_refused,
    subjects,
)
from shared.observability import configure_logging, ends_with_a_sentence, kept_health, logger

log = logger(__name__)


class ProgressService:
    """The reports of all workers and a few facts, one board, one teller."""

    def __init__(self, broker_settings: BrokerSettings, settings: ProgressSettings) -> None:
        self._broker_settings = broker_settings
        self._broker = NatsBroker(broker_settings.nats_url, **connect_options(broker_settings))
        self._app = FastStream(self._broker, logger=None, after_startup=[self._start], on_shutdown=[self._stop])
        self._board = Board(settings.progress_interval_s, settings.progress_silence_s)
        self._teller = Teller(self._broker, self._board)
        listen(self._broker, self._board, self._teller.heard)
        self._telling: asyncio.Task[None] | None = None
        self._stopping = self._ready = False
        self._health_file = settings.health_file

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        try:
            async with kept_health(self._health_file, lambda: self._ready and is_connected(self._broker)):
                await self._app.run()
        except NatsError as error:
            if refusal := login_refused(error, self._broker_settings):
                raise SystemExit(refusal) from None
            if not self._stopping:
                raise
            log.warning("stopped_without_broker", error=repr(error))  # an orderly shutdown needs a connection
        if self._telling and not self._telling.cancelled():
            self._telling.result()  # a defect ends the process with a traceback, never silently

    async def _start(self) -> None:
        self._telling = asyncio.create_task(self._serve())
        self._telling.add_done_callback(lambda _: self._app.exit())

    async def _serve(self) -> None:
        told, trouble = False, Trouble("start_delayed")
        while True:
            try:
                await self._broker.connection.jetstream().stream_info(subjects.EVENTS)
            except NotFoundError:  # the gateway makes the streams
                if not told:
                    log.info("waiting_for_the_gateway")
                told = True
                await asyncio.sleep(1.0)
            except (TimeoutError, NatsError, APIError, OSError) as error:  # the broker became unavailable again
                await asyncio.sleep(trouble.tell(broker_problem(error, self._broker_settings)))
            else:
                break
        self._ready = True
        log.info("progress_ready")
        await self._teller.run()

    async def _stop(self) -> None:
        self._stopping = True
        while self._telling and not self._telling.done():  # the broker's client may swallow a cancellation
            self._telling.cancel()
            await asyncio.wait({self._telling}, timeout=0.5)


@ends_with_a_sentence("progress")
def main() -> None:
    """Serve until SIGTERM."""
    settings = ProgressSettings()
    configure_logging("progress", settings.log_level)
    asyncio.run(ProgressService(BrokerSettings(), settings).run())
