"""What the exporter is made of."""

import asyncio

from services.exporter.engines import create_mixer
from services.exporter.export import Export
from services.exporter.handlers import export_language
from services.exporter.settings import ExporterSettings
from shared.messaging import BrokerSettings, Worker, WorkerSettings
from shared.observability import configure_logging
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, open_store


def main() -> None:
    """Serve the export stage until SIGTERM; exits with a sentence when ffmpeg is missing."""
    settings, worker_settings = ExporterSettings(), WorkerSettings()
    configure_logging("exporter", worker_settings.log_level)
    try:
        mixer = create_mixer(settings)
    except PipelineError as error:
        raise SystemExit(f"exporter: {error.message}") from error
    worker = Worker(
        Stage.EXPORT,
        export_language(Export(mixer, settings)),
        open_store(StorageSettings()),
        BrokerSettings(),
        worker_settings,
        (mixer.info,),
    )
    asyncio.run(worker.run())
