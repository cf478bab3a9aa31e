"""The engines that speak, and the one place where they are chosen."""

from dataclasses import dataclass
from importlib.util import find_spec

from services.cloner.engines.base import (
    Abilities,
    Audio,
    Fault,
    Sound,
    Speech,
    StockVoice,
    Synthesizer,
    Voice,
)
from services.cloner.settings import ClonerSettings
from shared.messaging import EngineInfo
from shared.models import ModelSettings, find_model
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, PipelineError, Stage, create_from_package

__all__ = [
    "Abilities",
    "Audio",
    "Fault",
    "Loaded",
    "Sound",
    "Speech",
    "StockVoice",
    "Synthesizer",
    "Voice",
    "create_synthesizers",
    "load_synthesizers",
]

_INSTALL = (
    "install espeak-ng (and flite for better English), e.g. `apt install espeak-ng flite`; see `localclip doctor`"
)
_WAY_OUT = "set LOCALCLIP_PROFILE=embedded or LOCALCLIP_SYNTHESIZER=espeak-ng"
log = logger(__name__)


@dataclass(frozen=True)
class Loaded:
    """The engines that speak, and what is told of those that cannot be loaded."""

    engines: tuple[Synthesizer, ...]
    left_out: tuple[EngineInfo, ...] = ()

    def infos(self) -> tuple[EngineInfo, ...]:
        """What is announced of them."""
        return tuple(engine.info for engine in self.engines) + self.left_out


def create_synthesizers(settings: ClonerSettings, models: ModelSettings | None = None) -> tuple[Synthesizer, ...]:
    """The engines of `load_synthesizers`, without those that are left out."""
    return load_synthesizers(settings, models).engines


def load_synthesizers(settings: ClonerSettings, models: ModelSettings | None = None) -> Loaded:
    """The engines `settings` ask for, loaded; for each language the first that speaks it is used.

    One that cannot be loaded is left out, as long as another is there.

    Raises:
        PermanentError: `engine_unavailable` when none is left, with what is wrong with each.
    """
    models = models or ModelSettings()
    if settings.synthesizer:
        names = [name.strip() for name in settings.synthesizer.split(",") if name.strip()]
    elif settings.profile == "neural":
        names = _neural(settings, models)
    else:
        names = ["flite", "espeak-ng"]
    engines: list[Synthesizer] = []
    left_out: list[EngineInfo] = []
    for name in names:
        try:
            engine = _create(name, settings, models)
        except PipelineError as error:
            log.exception("engine_left_out", engine=name, reason=error.message)
            left_out.append(EngineInfo.left_out(Stage.CLONING, "voice", name, error.message))
            continue
        engines += [engine] if engine is not None else []
    if not engines:
        reasons = "; ".join(one.problem for one in left_out) or f"no voice engine is installed: {_INSTALL}"
        raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, reasons)
    return Loaded(tuple(engines), tuple(left_out))


def _neural(settings: ClonerSettings, models: ModelSettings) -> list[str]:
    """XTTS first; VoxCPM2 for what it does not speak, where it is there. Commercially only VoxCPM2 may be used."""
    if settings.commercial_only:
        return ["voxcpm"]
    if find_spec("voxcpm") is None:
        return ["coqui-xtts"]
    try:
        find_model(settings.voxcpm_model, models)
    except PermanentError as absent:
        log.info("voice_engine_left_out", engine="voxcpm", reason=absent.message)
        return ["coqui-xtts"]
    return ["coqui-xtts", "voxcpm"]


def _create(name: str, settings: ClonerSettings, models: ModelSettings) -> Synthesizer | None:
    """The engine `name`; None for one that would work if its program were installed."""
    match name:
        case "flite":
            from services.cloner.engines.flite import find_flite

            return find_flite()
        case "espeak-ng":
            from services.cloner.engines.espeak import find_espeak

            return find_espeak()
        case "coqui-xtts" | "voxcpm":
            return _load(name, settings, models)
    engine: Synthesizer | None = create_from_package("voice", name, settings)
    if engine is None:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the voice engine '{name}' is not part of this build, which has 'coqui-xtts', 'voxcpm', 'flite' and "
            f"'espeak-ng': {_WAY_OUT}",
        )
    return engine


def _load(name: str, settings: ClonerSettings, models: ModelSettings) -> Synthesizer:
    """An engine with weights, which has spoken once."""
    from services.cloner.engines._warming import warm_up

    extra, weights = ("xtts", settings.xtts_model) if name == "coqui-xtts" else ("voxcpm", settings.voxcpm_model)
    folder = find_model(weights, models)
    try:
        engine = _loaded(name, settings, models)
        warm_up(engine)
    except PipelineError:
        raise
    except ImportError as error:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the voice engine '{name}' is not installed ({error}): pip install 'localclip[{extra}]', or {_WAY_OUT}",
        ) from error
    except Exception as error:  # code of others, and their compilers: the engine is broken, the worker is not
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the voice engine '{name}' cannot be loaded from {folder} ({type(error).__name__}: {error}); "
            f"`localclip models check` tells whether its files are whole",
        ) from error
    return engine


def _loaded(name: str, settings: ClonerSettings, models: ModelSettings) -> Synthesizer:
    if name == "coqui-xtts":
        from services.cloner.engines.xtts import XttsSynthesizer

        return XttsSynthesizer(settings, models)
    from services.cloner.engines.voxcpm import VoxCpmSynthesizer

    return VoxCpmSynthesizer(settings, models)
