"""The engines that speak, and the only place where they are chosen."""

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
from shared.inference import on_gpu
from shared.messaging import EngineChoice, EngineInfo
from shared.models import ModelSettings, best_here, catalogued, find_model, has_room, is_here
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
    "open_synthesizer",
]

_INSTALL = (
    "install espeak-ng (and flite for better English), e.g. `apt install espeak-ng flite`; see `localclip doctor`"
)
_EMBEDDED = ("flite", "open-jtalk", "espeak-ng")
_WAY_OUT = "set LOCALCLIP_PROFILE=embedded or LOCALCLIP_SYNTHESIZER=espeak-ng"
log = logger(__name__)


@dataclass(frozen=True)
class Loaded:
    """The engines that speak, and what is reported about those that cannot be loaded."""

    engines: tuple[Synthesizer, ...]
    left_out: tuple[EngineInfo, ...] = ()

    def infos(self) -> tuple[EngineInfo, ...]:
        """What is announced about them."""
        return tuple(engine.info for engine in self.engines) + self.left_out


def create_synthesizers(settings: ClonerSettings, models: ModelSettings | None = None) -> tuple[Synthesizer, ...]:
    """The engines of `load_synthesizers`, without the failed ones."""
    return load_synthesizers(settings, models).engines


def load_synthesizers(settings: ClonerSettings, models: ModelSettings | None = None) -> Loaded:
    """The engines `settings` ask for, loaded; for each language the first that speaks it is used.

    One that cannot be loaded is left out, as long as there is another.

    Raises:
        PermanentError: `engine_unavailable` when none is left, with what is wrong with each.
    """
    models = models or ModelSettings()
    if settings.synthesizer:
        names = [name.strip() for name in settings.synthesizer.split(",") if name.strip()]
    elif settings.profile == "neural":
        names = _neural(settings, models)
    elif settings.profile == "auto":
        names = [*_cloning(settings, models), *_kokoro(settings, models), *_EMBEDDED]
    else:
        names = list(_EMBEDDED)
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
    if settings.profile == "auto" and not settings.synthesizer:
        engines = _in_time(engines)
    return Loaded(tuple(engines), tuple(left_out))


def open_synthesizer(
    kept: EngineChoice, settings: ClonerSettings, models: ModelSettings | None = None
) -> Synthesizer | None:
    """An engine that a task keeps but that is not used here by default; None: not installed.

    Raises: PermanentError, `engine_unavailable`.
    """
    models = models or ModelSettings()
    asked = {"kokoro": "kokoro_model", "coqui-xtts": "xtts_model", "voxcpm": "voxcpm_model"}.get(kept.engine)
    if asked and catalogued(kept.model) is not None:
        settings = settings.model_copy(update={asked: kept.model})
    return _create(kept.engine, settings, models)


def _cloning(settings: ClonerSettings, models: ModelSettings) -> list[str]:
    """Voice cloning engines, which need a GPU."""
    if not on_gpu(models):
        return []
    weights = {"xtts-v2": ("TTS", "coqui-xtts"), "voxcpm2": ("voxcpm", "voxcpm")}
    able = [name for name, (package, _) in weights.items() if find_spec(package) is not None]
    best = best_here(able, models, commercial_only=settings.commercial_only)
    return [weights[best][1]] if best else []


def _kokoro(settings: ClonerSettings, models: ModelSettings) -> list[str]:
    model = catalogued(settings.kokoro_model)
    return ["kokoro"] if model is None or (is_here(model, models) and has_room(model)) else []


def _in_time(engines: list[Synthesizer]) -> list[Synthesizer]:
    """If Kokoro is slower than real time, other intelligible engines go first."""
    from services.cloner.engines.kokoro import NAME, KokoroSynthesizer

    kokoro = next((engine for engine in engines if isinstance(engine, KokoroSynthesizer)), None)
    if kokoro is None:
        return engines
    speed = kokoro.seconds_per_second()
    log.info("voice_engine_measured", engine=NAME, seconds_per_second=round(speed, 2))
    if speed <= 1.0:
        return engines
    quick = [engine for engine in engines if engine.info.name in ("flite", "open-jtalk")]
    return [*quick, *(engine for engine in engines if engine not in quick)]


def _neural(settings: ClonerSettings, models: ModelSettings) -> list[str]:
    """XTTS first; VoxCPM2 for the languages it does not speak, if installed. Only VoxCPM2 may be used commercially."""
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
        case "open-jtalk":
            from services.cloner.engines.openjtalk import find_open_jtalk

            return find_open_jtalk()
        case "espeak-ng":
            from services.cloner.engines.espeak import find_espeak

            return find_espeak()
        case "kokoro" | "coqui-xtts" | "voxcpm":
            return _load(name, settings, models)
    engine: Synthesizer | None = create_from_package("voice", name, settings)
    if engine is None:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the voice engine '{name}' is not part of this build, which has 'kokoro', 'coqui-xtts', 'voxcpm', "
            f"'flite', 'open-jtalk' and 'espeak-ng': {_WAY_OUT}",
        )
    return engine


def _load(name: str, settings: ClonerSettings, models: ModelSettings) -> Synthesizer:
    """An engine with weights, which has spoken once."""
    from services.cloner.engines._warming import warm_up

    extra, weights = {
        "kokoro": ("cloner", settings.kokoro_model),
        "coqui-xtts": ("xtts", settings.xtts_model),
        "voxcpm": ("voxcpm", settings.voxcpm_model),
    }[name]
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
    except Exception as error:  # foreign code, and its compilers: the engine is broken, the worker is not
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the voice engine '{name}' cannot be loaded from {folder} ({type(error).__name__}: {error}); "
            f"`localclip models check` tells whether its files are whole",
        ) from error
    return engine


def _loaded(name: str, settings: ClonerSettings, models: ModelSettings) -> Synthesizer:
    if name == "kokoro":
        from services.cloner.engines.kokoro import KokoroSynthesizer

        return KokoroSynthesizer(settings, models)
    if name == "coqui-xtts":
        from services.cloner.engines.xtts import XttsSynthesizer

        return XttsSynthesizer(settings, models)
    from services.cloner.engines.voxcpm import VoxCpmSynthesizer

    return VoxCpmSynthesizer(settings, models)
