"""The engines that listen, and the one place where they are chosen."""

import os
from dataclasses import dataclass

from services.diarizer.engines.base import (
    Recognition,
    Recognizer,
    Report,
    Span,
    SpeakerDiarizer,
    SpokenIn,
    Turn,
    VoiceActivity,
    VoiceEmbedder,
)
from services.diarizer.settings import DiarizerSettings
from shared.messaging import EngineInfo
from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError, create_from_package

__all__ = [
    "Engines",
    "Recognition",
    "Recognizer",
    "Report",
    "Span",
    "SpeakerDiarizer",
    "SpokenIn",
    "Turn",
    "VoiceActivity",
    "VoiceEmbedder",
    "create_diarizer",
    "create_embedder",
    "create_engines",
    "create_recognizer",
    "create_voice_activity",
]


@dataclass(frozen=True)
class Engines:
    """One engine per port, loaded."""

    voice_activity: VoiceActivity
    recognizer: Recognizer
    diarizer: SpeakerDiarizer
    embedder: VoiceEmbedder

    def infos(self) -> tuple[EngineInfo, ...]:
        """What is announced of them."""
        return self.recognizer.info, self.diarizer.info, self.voice_activity.info, self.embedder.info


def create_engines(settings: DiarizerSettings, models: ModelSettings | None = None) -> Engines:
    """Load the engines `settings` ask for; `models` say where weights lie, None: what the environment says.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have.
    """
    models = models or ModelSettings()
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when its client is first imported, which faster-whisper does
    return Engines(
        create_voice_activity(settings),
        create_recognizer(settings, models),
        create_diarizer(settings, models),
        create_embedder(settings, models),
    )


def create_recognizer(settings: DiarizerSettings, models: ModelSettings) -> Recognizer:
    """Load the speech recognizer. Raises: PermanentError, `engine_unavailable`."""
    match settings.recognizer or {"embedded": "pocketsphinx"}.get(settings.profile, "faster-whisper"):
        case "pocketsphinx":
            from services.diarizer.engines.sphinx import SphinxRecognizer

            return SphinxRecognizer()
        case "faster-whisper":
            from services.diarizer.engines.whisper import WhisperRecognizer

            return WhisperRecognizer(settings, models)
        case name:
            engine: Recognizer | None = create_from_package("recognizer", name, settings)
            if engine is not None:
                return engine
            raise _unavailable("recognizer", name, "pocketsphinx", "faster-whisper")


def create_diarizer(settings: DiarizerSettings, models: ModelSettings) -> SpeakerDiarizer:
    """Load the engine that tells speakers apart. Raises: PermanentError, `engine_unavailable`."""
    match settings.diarizer or {"embedded": "clustering"}.get(settings.profile, "pyannote.audio"):
        case "clustering":
            from services.diarizer.engines.clustering import ClusteringDiarizer

            return ClusteringDiarizer()
        case "pyannote.audio":
            from services.diarizer.engines.pyannote import PyannoteDiarizer

            return PyannoteDiarizer(settings, models)
        case name:
            engine: SpeakerDiarizer | None = create_from_package("diarizer", name, settings)
            if engine is not None:
                return engine
            raise _unavailable("diarizer", name, "clustering", "pyannote.audio")


def create_voice_activity(settings: DiarizerSettings) -> VoiceActivity:
    """Load the engine that finds speech. Raises: PermanentError, `engine_unavailable`."""
    match settings.voice_activity or "silero":
        case "silero":
            from services.diarizer.engines.silero import SileroActivity

            return SileroActivity()
        case name:
            engine: VoiceActivity | None = create_from_package("voice_activity", name, settings)
            if engine is not None:
                return engine
            raise _unavailable("voice_activity", name, "silero")


def create_embedder(settings: DiarizerSettings, models: ModelSettings) -> VoiceEmbedder:
    """Load the engine that describes voices. Raises: PermanentError, `engine_unavailable`."""
    match settings.embedder or {"embedded": "spectral"}.get(settings.profile, "pyannote.audio"):
        case "spectral":
            from services.diarizer.engines.spectral import SpectralEmbedder

            return SpectralEmbedder()
        case "pyannote.audio":
            from services.diarizer.engines.pyannote import PyannoteEmbedder

            return PyannoteEmbedder(settings, models)
        case name:
            raise _unavailable("embedder", name, "spectral", "pyannote.audio")


def _unavailable(port: str, name: str, *offered: str) -> PermanentError:
    return PermanentError(
        ErrorCode.ENGINE_UNAVAILABLE,
        f"there is no {port} '{name}' here, only {' and '.join(offered)}: set LOCALCLIP_{port.upper()}={offered[0]}",
    )
