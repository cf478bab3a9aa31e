"""What the translator is made of."""

import asyncio

from services.translator.engines import create_translator
from services.translator.handlers import translate_lines
from services.translator.rewriting import ShardRewriting
from services.translator.settings import TranslatorSettings
from services.translator.translation import ShardTranslation
from shared.messaging import BrokerSettings, Worker, WorkerSettings
from shared.observability import configure_logging, ends_with_a_sentence
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, await_store


@ends_with_a_sentence("translator")
def main() -> None:
    """Serve the translation stage until SIGTERM; exits with a sentence when the engine asked for is missing."""
    settings, worker_settings = TranslatorSettings(), WorkerSettings()
    configure_logging("translator", worker_settings.log_level)
    try:
        engine = create_translator(settings)
    except PipelineError as error:
        raise SystemExit(f"translator: {error.message}") from error
    try:
        worker = Worker(
            Stage.TRANSLATION,
            translate_lines(ShardTranslation(engine), ShardRewriting(engine)),
            await_store(StorageSettings()),
            BrokerSettings(),
            worker_settings,
            (engine.info,),
            slots=engine.traits.parallel_jobs,
        )
        asyncio.run(worker.run())
    finally:
        engine.close()
