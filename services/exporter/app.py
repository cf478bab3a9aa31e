"""What the exporter is made of."""

from services.exporter.engines import Separator, create_mixer, create_separator
from services.exporter.export import Export
from services.exporter.handlers import export
from services.exporter.recipes import RecipeExport
from services.exporter.settings import ExporterSettings, SeparatorSettings
from shared.messaging import EngineInfo, Serving, serve
from shared.observability import logger
from shared.pipeline import PipelineError, Stage

log = logger(__name__)


def main() -> None:
    """Serve the export stage until SIGTERM."""
    serve("exporter", Stage.EXPORT, _made)


def _made() -> Serving:
    settings = ExporterSettings()
    mixer = create_mixer(settings)
    separator, left_out = _separator(SeparatorSettings())
    return Serving(
        export(Export(mixer, settings, separator), RecipeExport(mixer, settings, separator)),
        tuple(engine.info for engine in (mixer, separator) if engine) + left_out,
        slots=settings.jobs,
    )


def _separator(settings: SeparatorSettings) -> tuple[Separator | None, tuple[EngineInfo, ...]]:
    """The separator, or what is reported about one that cannot be loaded: the original is then ducked."""
    try:
        return create_separator(settings), ()
    except PipelineError as error:
        name = settings.separator or "demucs"
        log.exception("engine_left_out", engine=name, reason=error.message)
        return None, (EngineInfo.left_out(Stage.EXPORT, "separator", name, error.message),)
