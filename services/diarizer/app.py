"""What the diarizer is made of."""

import asyncio

from services.diarizer.diarization import Diarization
from services.diarizer.engines import create_engines, open_recognizer
from services.diarizer.handlers import dispatch
from services.diarizer.interpreting import Interpreting
from services.diarizer.listening import Listening
from services.diarizer.settings import DiarizerSettings
from shared.messaging import BrokerSettings, Worker, WorkerSettings
from shared.observability import configure_logging, ends_with_a_sentence
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, await_store


@ends_with_a_sentence("diarizer")
def main() -> None:
    """Serve the speaker diarization stage until SIGTERM; exits with a sentence when an engine is missing."""
    settings, worker_settings = DiarizerSettings(), WorkerSettings()
    configure_logging("diarizer", worker_settings.log_level)
    try:
        engines = create_engines(settings)
    except PipelineError as error:
        raise SystemExit(f"diarizer: {error.message}") from error
    worker = Worker(
        Stage.DIARIZATION,
        dispatch(
            Diarization(engines, settings, lambda kept: open_recognizer(kept, settings)),
            Listening(engines),
            Interpreting(engines, settings),
        ),
        await_store(StorageSettings()),
        BrokerSettings(),
        worker_settings,
        engines.infos(),
    )
    asyncio.run(worker.run())
