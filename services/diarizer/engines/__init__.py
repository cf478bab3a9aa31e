"""The engines that listen, and the only place where they are chosen."""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from services.diarizer.engines.base import (
    Picture,
    PictureText,
    Place,
    Recognition,
    Recognizer,
    Report,
    Span,
    SpeakerDiarizer,
    SpeechTranslator,
    SpokenIn,
    Turn,
    VoiceActivity,
    VoiceEmbedder,
    Written,
)
from services.diarizer.settings import DiarizerSettings
from shared.inference import on_gpu, place_ctranslate2
from shared.messaging import EngineChoice, EngineInfo
from shared.models import CATALOGUE, ModelSettings, best_here, catalogued, is_here, usable, weights_name
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, Stage, create_from_package

__all__ = [
    "Engines",
    "Picture",
    "PictureText",
    "Place",
    "Recognition",
    "Recognizer",
    "Report",
    "Span",
    "SpeakerDiarizer",
    "SpeechTranslator",
    "SpokenIn",
    "Turn",
    "VoiceActivity",
    "VoiceEmbedder",
    "Written",
    "create_diarizer",
    "create_embedder",
    "create_engines",
    "create_picture_text",
    "create_recognizer",
    "create_voice_activity",
    "open_recognizer",
]


# The best first. On a CPU whisper-large-v3 takes longer than the sound lasts, and so may whisper-medium.
_WHISPERS = (
    "whisper-large-v3-turbo",
    "whisper-large-v3",
    "whisper-medium",
    "whisper-small",
    "whisper-base",
    "whisper-tiny.en",
)
_WHISPERS_ON_CPU = tuple(name for name in _WHISPERS if name not in ("whisper-large-v3", "whisper-medium"))
_FASTER_WHISPER = "faster-whisper"
log = logger(__name__)


@dataclass(frozen=True)
class Engines:
    """One engine per port, loaded."""

    voice_activity: VoiceActivity
    recognizer: Recognizer
    diarizer: SpeakerDiarizer
    embedder: VoiceEmbedder
    speech_translator: SpeechTranslator | None = None
    picture_text: PictureText | None = None
    without_picture_text: EngineInfo | None = None
    """What is reported if it could not be loaded."""

    def infos(self) -> tuple[EngineInfo, ...]:
        """What is announced about them."""
        recognizer = self.recognizer.info
        recognizer = recognizer.model_copy(update={"others": _others_here(recognizer)})
        others = tuple(engine.info for engine in (self.speech_translator, self.picture_text) if engine)
        missing = (self.without_picture_text,) if self.without_picture_text else ()
        return recognizer, self.diarizer.info, self.voice_activity.info, self.embedder.info, *others, *missing


def create_engines(settings: DiarizerSettings, models: ModelSettings | None = None) -> Engines:
    """Load the engines `settings` ask for; `models` say where weights are, None: what the environment says.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have.
    """
    models = models or ModelSettings()
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when its client is first imported, which faster-whisper does
    recognizer = create_recognizer(settings, models)
    picture_text, missing = create_picture_text(settings, models)
    return Engines(
        create_voice_activity(settings),
        recognizer,
        create_diarizer(settings, models),
        create_embedder(settings, models),
        create_speech_translator(settings, recognizer),
        picture_text,
        missing,
    )


def create_recognizer(settings: DiarizerSettings, models: ModelSettings) -> Recognizer:
    """Load the speech recognizer. Raises: PermanentError, `engine_unavailable`."""
    if settings.recognizer is None and settings.profile == "auto":
        settings = _with_best_recognizer(settings, models)
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


def open_recognizer(
    kept: EngineChoice, settings: DiarizerSettings, models: ModelSettings | None = None
) -> Recognizer | None:
    """A recognizer that a task keeps but that is not used here by default; None: not installed.

    Raises: PermanentError, `engine_unavailable`.
    """
    if kept.engine == "pocketsphinx" and find_spec("pocketsphinx") is None:
        return None
    own = settings.recognizer_model
    name = own if own and weights_name(own) == kept.model else kept.model
    if name and name != own and catalogued(name) is None:
        return None
    asked = {"recognizer": kept.engine, "recognizer_model": name or own}
    return create_recognizer(settings.model_copy(update=asked), models or ModelSettings())


def _others_here(own: EngineInfo) -> tuple[EngineChoice, ...]:
    """What `open_recognizer` could open besides its `own`; no weights are loaded for this."""
    models = ModelSettings()
    has_sphinx = own.name != "pocketsphinx" and find_spec("pocketsphinx") is not None
    found = [EngineChoice(port=own.port, engine="pocketsphinx")] if has_sphinx else []
    weights = (model for model in CATALOGUE if model.engine == "faster-whisper" and is_here(model, models))
    found += [EngineChoice(port=own.port, engine=one.engine, model=one.name) for one in weights]
    return tuple(found)


def create_speech_translator(settings: DiarizerSettings, recognizer: Recognizer) -> SpeechTranslator | None:
    """The translator from sound, with the model of the `recognizer`; None if that does not do it well.

    Raises: PermanentError, `engine_unavailable`, if it is requested but the recognizer cannot do it.
    """
    asked = settings.speech_translator
    if asked not in (None, "none", _FASTER_WHISPER):
        raise _unavailable("speech_translator", asked, "none", _FASTER_WHISPER)
    if asked != "none" and recognizer.info.name == _FASTER_WHISPER:
        from services.diarizer.engines.whisper import WhisperRecognizer
        from services.diarizer.engines.whisper_translator import WhisperTranslator

        whisper = recognizer.whisper if isinstance(recognizer, WhisperRecognizer) else None
        if whisper and (whisper.translates or (asked and whisper.is_multilingual)):
            return WhisperTranslator(whisper, recognizer.info)
    if asked == _FASTER_WHISPER:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"{recognizer.info.name} {recognizer.info.model} translates no speech: recognize with a multilingual "
            "Whisper (LOCALCLIP_RECOGNIZER_MODEL=whisper-small), or set LOCALCLIP_SPEECH_TRANSLATOR=none",
        )
    return None


def create_diarizer(settings: DiarizerSettings, models: ModelSettings) -> SpeakerDiarizer:
    """Load the engine that tells speakers apart. Raises: PermanentError, `engine_unavailable`."""
    match settings.diarizer or _by_profile(settings, models, "clustering"):
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
    match settings.embedder or _by_profile(settings, models, "ge2e"):
        case "ge2e":
            from services.diarizer.engines.ge2e import EncoderEmbedder

            return EncoderEmbedder()
        case "pyannote.audio":
            from services.diarizer.engines.pyannote import PyannoteEmbedder

            return PyannoteEmbedder(settings, models)
        case name:
            raise _unavailable("embedder", name, "ge2e", "pyannote.audio")


def create_picture_text(
    settings: DiarizerSettings, models: ModelSettings
) -> tuple[PictureText | None, EngineInfo | None]:
    """Load the engine that reads text in pictures, and the report if it is installed but cannot be loaded.

    Raises: PermanentError, `engine_unavailable`, for one that is requested but missing.
    """
    match settings.picture_text:
        case "none":
            return None, None
        case None if find_spec("rapidocr") is None:
            return None, None
        case None | "rapidocr":
            try:
                from services.diarizer.engines.rapidocr import KOREAN, RapidPictureText

                return RapidPictureText(_file_here(KOREAN, models)), None
            except Exception as error:  # opencv wants libraries of the system that a bare one may lack
                if settings.picture_text:
                    message = f"rapidocr cannot be loaded ({type(error).__name__}: {error})"
                    raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, message) from error
                log.warning("picture_text_left_out", error=str(error)[:300])
                problem = f"{type(error).__name__}: {str(error)[:300]}"
                return None, EngineInfo.left_out(Stage.DIARIZATION, "picture_text", "rapidocr", problem)
        case name:
            engine: PictureText | None = create_from_package("picture_text", name, settings)
            if engine is not None:
                return engine, None
            raise _unavailable("picture_text", name, "none", "rapidocr")


def _file_here(name: str, models: ModelSettings) -> Path | None:
    """The file of a catalogued model that is just one; None if it is not here."""
    model = catalogued(name)
    return models.models_dir / name / model.required[0] if model and is_here(model, models) else None


def _with_best_recognizer(settings: DiarizerSettings, models: ModelSettings) -> DiarizerSettings:
    """The largest installed Whisper that works in reasonable time; if there is none, an engine without weights."""
    if settings.recognizer_model:
        return settings.model_copy(update={"recognizer": "faster-whisper"})
    on_cpu = place_ctranslate2(models).device == "cpu"
    name = best_here(_WHISPERS_ON_CPU if on_cpu else _WHISPERS, models)
    if name is None and find_spec("pocketsphinx") is None:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE, "there are no weights to recognize speech with: localclip models pull starter"
        )
    chosen = {"recognizer": "faster-whisper", "recognizer_model": name} if name else {"recognizer": "pocketsphinx"}
    log.info("recognizer_chosen", **chosen)
    return settings.model_copy(update=chosen)


def _by_profile(settings: DiarizerSettings, models: ModelSettings, embedded: str) -> str:
    """`embedded`, or pyannote.audio: automatically only on a GPU, as it is slower than real time on a CPU."""
    if settings.profile == "auto":
        has_package = find_spec("pyannote") is not None and find_spec("pyannote.audio") is not None
        able = has_package and usable(settings.diarizer_model, models) and on_gpu(models)
        return "pyannote.audio" if able else embedded
    return embedded if settings.profile == "embedded" else "pyannote.audio"


def _unavailable(port: str, name: str, *offered: str) -> PermanentError:
    return PermanentError(
        ErrorCode.ENGINE_UNAVAILABLE,
        f"there is no {port} '{name}' here, only {' and '.join(offered)}: set LOCALCLIP_{port.upper()}={offered[0]}",
    )
