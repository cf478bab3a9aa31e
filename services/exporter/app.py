"""What the exporter is made of."""

import asyncio

from services.exporter.engines import create_mixer, create_separator
from services.exporter.export import Export
from services.exporter.handlers import export
from services.exporter.recipes import RecipeExport
from services.exporter.settings import ExporterSettings, SeparatorSettings
from shared.messaging import BrokerSettings, Worker, WorkerSettings
from shared.observability import configure_logging
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, open_store


def main() -> None:
    """Serve the export stage until SIGTERM; exits with a sentence when an engine asked for is missing."""
    settings, worker_settings = ExporterSettings(), WorkerSettings()
    configure_logging("exporter", worker_settings.log_level)
    try:
        mixer = create_mixer(settings)
        separator = create_separator(SeparatorSettings())
    except PipelineError as error:
        raise SystemExit(f"exporter: {error.message}") from error
    worker = Worker(
        Stage.EXPORT,
        export(Export(mixer, settings, separator), RecipeExport(mixer, settings, separator)),
        open_store(StorageSettings()),
        BrokerSettings(),
        worker_settings,
        tuple(engine.info for engine in (mixer, separator) if engine),
    )
    asyncio.run(worker.run())
