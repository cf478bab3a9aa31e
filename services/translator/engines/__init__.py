"""The engines that translate, and the only place where one is chosen."""

from services.translator.engines.base import Line, Passage, Traits, Translation, Translator
from services.translator.settings import TranslatorSettings
from shared.messaging import EngineChoice
from shared.models import CATALOGUE, ModelSettings, best_here, catalogued, is_here, usable, weights_name
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, create_from_package

__all__ = [
    "Line",
    "Passage",
    "Traits",
    "Translation",
    "Translator",
    "create_translator",
    "create_translators",
    "open_translator",
    "others_here",
]

_PORT, _APERTIUM, _CHAT = "translator", "Apertium", "OpenAI-compatible"
_DEFAULT = "nllb-200-600m"
_MODELS = ("nllb-200-1.3b", "nllb-200-600m", "madlad400-3b", "m2m100-418m")
"""Best first, of those that a CPU can run in reasonable time; larger ones, on a GPU too, must be named by a person."""
_OPUS = tuple(model.name for model in CATALOGUE if model.engine == "ctranslate2" and model.name.startswith("opus-mt-"))
"""A model for a pair."""
log = logger(__name__)


def create_translators(settings: TranslatorSettings, models: ModelSettings | None = None) -> list[Translator]:
    """The engines that translate here, best first: each pair is done by the first that has it.

    Just one, except with the profile `auto` if models of single pairs are installed but no multilingual one.

    Raises: PermanentError, as `create_translator`.
    """
    models = models or ModelSettings()
    first = create_translator(settings, models)
    if settings.translator or settings.profile != "auto" or first.info.name != _APERTIUM:
        return [first]
    pairs = [name for name in _OPUS if usable(name, models, commercial_only=settings.commercial_only)]
    log.info("pairs_chosen", models=pairs)
    return [*(_ctranslate2(settings.model_copy(update={"translation_model": name}), models) for name in pairs), first]


def create_translator(settings: TranslatorSettings, models: ModelSettings | None = None) -> Translator:
    """Open the engine `settings` ask for, one of LocalClip's own or of an installed package.

    `models` say where weights are, None: what the environment says.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have.
    """
    models = models or ModelSettings()
    if settings.translator is None and settings.profile == "auto":
        settings = _with_best(settings, models)
    match settings.translator or {"embedded": "apertium"}.get(settings.profile, "ctranslate2"):
        case "apertium":
            from services.translator.engines.apertium import ApertiumTranslator

            return ApertiumTranslator(settings.apertium_data, settings.apertium_timeout_s)
        case "ctranslate2":
            return _ctranslate2(settings, models)
        case "openai":
            return _openai(settings)
        case name:
            engine: Translator | None = create_from_package("translator", name, settings)
            if engine is not None:
                return engine
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the translator '{name}' is not part of this build, which has 'apertium', 'ctranslate2' "
                "and 'openai': set LOCALCLIP_TRANSLATOR to one of them",
            )


def open_translator(
    kept: EngineChoice, settings: TranslatorSettings, models: ModelSettings | None = None
) -> Translator | None:
    """An engine that a task keeps but that is not used here by default; None: not installed.

    Raises: PermanentError, `engine_unavailable`.
    """
    models = models or ModelSettings()
    if kept.engine == _APERTIUM:
        return create_translator(settings.model_copy(update={"translator": "apertium"}), models)
    if kept.engine == _CHAT:
        asked = {"translator": "openai", "openai_model": kept.model or settings.openai_model}
        return create_translator(settings.model_copy(update=asked), models)
    if kept.model:
        own = settings.translation_model
        name = own if own and weights_name(own) == kept.model else kept.model
        if name != own and catalogued(name) is None:
            return None
        asked = {"translator": "ctranslate2", "translation_model": name}
        return create_translator(settings.model_copy(update=asked), models)
    return create_from_package("translator", kept.engine, settings)


def others_here(engine: Translator, models: ModelSettings | None = None) -> tuple[EngineChoice, ...]:
    """What `open_translator` could open besides `engine`; no weights are loaded for this."""
    from services.translator.engines._modes import data_folder, installed_modes

    models = models or ModelSettings()
    has_apertium = engine.info.name != _APERTIUM and installed_modes(data_folder())
    found = [EngineChoice(port=_PORT, engine=_APERTIUM)] if has_apertium else []
    weights = (model for model in CATALOGUE if model.engine == "ctranslate2" and is_here(model, models))
    found += [EngineChoice(port=_PORT, engine=one.engine, model=one.name) for one in weights]
    return tuple(found)


def _with_best(settings: TranslatorSettings, models: ModelSettings) -> TranslatorSettings:
    """The best model whose weights are installed, for all its languages; if there is none, an engine without
    weights."""
    if settings.translation_model:
        return settings.model_copy(update={"translator": "ctranslate2"})
    name = best_here(_MODELS, models, commercial_only=settings.commercial_only)
    chosen = {"translator": "ctranslate2", "translation_model": name} if name else {"translator": "apertium"}
    log.info("translator_chosen", **chosen)
    return settings.model_copy(update=chosen)


def _ctranslate2(settings: TranslatorSettings, models: ModelSettings) -> Translator:
    from services.translator.engines.ctranslate2 import CTranslate2Translator, load_model

    name = settings.translation_model or _DEFAULT
    model = load_model(name, models, settings.translation_beam)
    return CTranslate2Translator(
        model, name, models, budget=settings.translation_batch_tokens, jobs=settings.translation_jobs
    )


def _openai(settings: TranslatorSettings) -> Translator:
    from services.translator.engines._chat import Endpoint
    from services.translator.engines.openai_compatible import OpenAiTranslator

    endpoint = Endpoint(
        settings.openai_url,
        settings.openai_model,
        settings.openai_api_key.get_secret_value(),
        settings.openai_timeout_s,
        settings.openai_concurrency,
        line_s=settings.openai_line_timeout_s,
    )
    return OpenAiTranslator(endpoint, settings.openai_price_in, settings.openai_price_out)
