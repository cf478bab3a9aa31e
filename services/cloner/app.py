"""What the cloner is made of."""

import asyncio

from services.cloner.dubbing import Dubbing
from services.cloner.engines import load_synthesizers, open_synthesizer
from services.cloner.handlers import clone_lines
from services.cloner.settings import ClonerSettings
from shared.messaging import BrokerSettings, Worker, WorkerSettings
from shared.observability import configure_logging, ends_with_a_sentence
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, await_store


@ends_with_a_sentence("cloner")
def main() -> None:
    """Serve the voice cloning stage until SIGTERM; exits with a sentence when no engine is installed."""
    settings, worker_settings = ClonerSettings(), WorkerSettings()
    configure_logging("cloner", worker_settings.log_level)
    try:
        voices = load_synthesizers(settings)
    except PipelineError as error:
        raise SystemExit(f"cloner: {error.message}") from error
    worker = Worker(
        Stage.CLONING,
        clone_lines(Dubbing(voices.engines, open_=lambda kept: open_synthesizer(kept, settings))),
        await_store(StorageSettings()),
        BrokerSettings(),
        worker_settings,
        voices.infos(),
        slots=settings.voice_jobs if any(engine.abilities.max_batch > 1 for engine in voices.engines) else 1,
    )
    asyncio.run(worker.run())
