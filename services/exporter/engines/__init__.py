"""The engine that handles sound and files, and the one place where it is chosen."""

from services.exporter.engines.base import Mixer, MuxPlan, Report
from services.exporter.settings import ExporterSettings
from shared.pipeline import ErrorCode, PermanentError, create_from_package

__all__ = ["Mixer", "MuxPlan", "Report", "create_mixer"]


def create_mixer(settings: ExporterSettings) -> Mixer:
    """Make the engine `settings` ask for ready.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have.
    """
    match settings.engine:
        case "ffmpeg":
            from services.exporter.engines.ffmpeg import FfmpegMixer

            return FfmpegMixer(settings.audio_kbps)
        case unknown:
            engine: Mixer | None = create_from_package("mixer", unknown, settings)
            if engine is not None:
                return engine
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"there is no export engine '{unknown}'; set LOCALCLIP_EXPORT_ENGINE=ffmpeg",
            )
