"""The engines that translate, and the one place where one is chosen."""

from services.translator.engines.base import Line, Passage, Traits, Translation, Translator
from services.translator.settings import TranslatorSettings
from shared.models import ModelSettings, best_here
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, create_from_package

__all__ = ["Line", "Passage", "Traits", "Translation", "Translator", "create_translator"]

_DEFAULT = "nllb-200-600m"
_MODELS = ("nllb-200-1.3b", "nllb-200-600m", "madlad400-3b", "m2m100-418m")
"""The best first, of what a CPU translates in reasonable time; on a GPU too, a larger one is named by a person."""
log = logger(__name__)


def create_translator(settings: TranslatorSettings, models: ModelSettings | None = None) -> Translator:
    """Open the engine `settings` ask for, one of LocalClip's own or of an installed package.

    `models` say where weights lie, None: what the environment says.

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


def _with_best(settings: TranslatorSettings, models: ModelSettings) -> TranslatorSettings:
    """The best model whose weights are here, for all its languages; without any, what needs none."""
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
