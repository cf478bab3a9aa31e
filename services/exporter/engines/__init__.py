"""The engines that handle audio and files, and the only place where they are chosen."""

from importlib.util import find_spec

from services.exporter.engines.base import Mixer, MuxPlan, Report, Separator
from services.exporter.settings import ExporterSettings, SeparatorSettings
from shared.models import ModelSettings, usable
from shared.pipeline import ErrorCode, PermanentError, create_from_package

_HTDEMUCS, _DEEPFILTERNET = "htdemucs", "deepfilternet3"

__all__ = ["Mixer", "MuxPlan", "Report", "Separator", "create_mixer", "create_separator"]


def create_mixer(settings: ExporterSettings) -> Mixer:
    """Make the engine `settings` ask for ready.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have.
    """
    match settings.engine:
        case "ffmpeg":
            from services.exporter.engines.ffmpeg import FfmpegMixer

            return FfmpegMixer(settings.audio_kbps, settings.video_encoder)
        case unknown:
            engine: Mixer | None = create_from_package("mixer", unknown, settings)
            if engine is not None:
                return engine
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"there is no export engine '{unknown}'; set LOCALCLIP_EXPORT_ENGINE=ffmpeg",
            )


def create_separator(settings: SeparatorSettings, models: ModelSettings | None = None) -> Separator | None:
    """Load the separator `settings` ask for; None: the original is ducked instead.

    `models` say where weights are, None: what the environment says.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have or whose model cannot be loaded.
    """
    models = models or ModelSettings()
    match settings.separator or _by_profile(settings, models):
        case "none":
            return None
        case "demucs":
            from services.exporter.engines.demucs import DemucsSeparator

            return DemucsSeparator(settings.separator_model or _HTDEMUCS, models)
        case "deepfilternet":
            from services.exporter.engines.deepfilternet import DeepFilterSeparator

            return DeepFilterSeparator(settings.separator_model or _DEEPFILTERNET, models)
        case unknown:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"there is no separator '{unknown}'; set LOCALCLIP_SEPARATOR=none, demucs or deepfilternet",
            )


def _by_profile(settings: SeparatorSettings, models: ModelSettings) -> str:
    """`auto` uses what is installed: Demucs, which knows music, before what was made for noise."""
    if settings.profile != "auto":
        return "none" if settings.profile == "embedded" else "demucs"
    asked = settings.separator_model
    if find_spec("demucs") is not None and usable(asked or _HTDEMUCS, models):
        return "demucs"
    return "deepfilternet" if asked in (None, _DEEPFILTERNET) and usable(_DEEPFILTERNET, models) else "none"
