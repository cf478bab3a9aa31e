"""What the translator is made of."""

import asyncio

from services.translator.engines import create_translators, open_translator, others_here
from services.translator.handlers import translate_lines
from services.translator.settings import TranslatorSettings
from shared.messaging import BrokerSettings, KeptEngines, Worker, WorkerSettings
from shared.observability import configure_logging, ends_with_a_sentence
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, await_store


@ends_with_a_sentence("translator")
def main() -> None:
    """Serve the translation stage until SIGTERM; exits with a sentence when the engine asked for is missing."""
    settings, worker_settings = TranslatorSettings(), WorkerSettings()
    configure_logging("translator", worker_settings.log_level)
    try:
        engines = create_translators(settings)
    except PipelineError as error:
        raise SystemExit(f"translator: {error.message}") from error
    kept = KeptEngines(engines, lambda choice: open_translator(choice, settings))
    try:
        worker = Worker(
            Stage.TRANSLATION,
            translate_lines(kept),
            await_store(StorageSettings()),
            BrokerSettings(),
            worker_settings,
            tuple(one.info.model_copy(update={"others": others_here(one)}) for one in engines),
            slots=max(one.traits.parallel_jobs for one in engines),
        )
        asyncio.run(worker.run())
    finally:
        for one in kept.opened():
            one.close()
