"""What the exporter is made of."""

import asyncio

from services.exporter.engines import Separator, create_mixer, create_separator
from services.exporter.export import Export
from services.exporter.handlers import export
from services.exporter.recipes import RecipeExport
from services.exporter.settings import ExporterSettings, SeparatorSettings
from shared.messaging import BrokerSettings, EngineInfo, Worker, WorkerSettings
from shared.observability import configure_logging, ends_with_a_sentence, logger
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, await_store

log = logger(__name__)


@ends_with_a_sentence("exporter")
def main() -> None:
    """Serve the export stage until SIGTERM; exits with a sentence when the mixer asked for is missing."""
    settings, worker_settings = ExporterSettings(), WorkerSettings()
    configure_logging("exporter", worker_settings.log_level)
    try:
        mixer = create_mixer(settings)
    except PipelineError as error:
        raise SystemExit(f"exporter: {error.message}") from error
    separator, left_out = _separator(SeparatorSettings())
    worker = Worker(
        Stage.EXPORT,
        export(Export(mixer, settings, separator), RecipeExport(mixer, settings, separator)),
        await_store(StorageSettings()),
        BrokerSettings(),
        worker_settings,
        tuple(engine.info for engine in (mixer, separator) if engine) + left_out,
        slots=settings.jobs,
    )
    asyncio.run(worker.run())


def _separator(settings: SeparatorSettings) -> tuple[Separator | None, tuple[EngineInfo, ...]]:
    """The separator, or what is told of one that cannot be loaded: the original is ducked then."""
    try:
        return create_separator(settings), ()
    except PipelineError as error:
        name = settings.separator or "demucs"
        log.exception("engine_left_out", engine=name, reason=error.message)
        return None, (EngineInfo.left_out(Stage.EXPORT, "separator", name, error.message),)
