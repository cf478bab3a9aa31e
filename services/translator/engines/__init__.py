"""The engines that translate, and the one place where one is chosen."""

from services.translator.engines.base import Line, Passage, Traits, Translation, Translator
from services.translator.settings import TranslatorSettings
from shared.pipeline import ErrorCode, PermanentError, create_from_package

__all__ = ["Line", "Passage", "Traits", "Translation", "Translator", "create_translator"]


def create_translator(settings: TranslatorSettings) -> Translator:
    """Open the engine `settings` ask for, one of LocalClip's own or of an installed package.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have.
    """
    match settings.translator or {"embedded": "apertium"}.get(settings.profile, "nllb"):
        case "apertium":
            from services.translator.engines.apertium import ApertiumTranslator

            return ApertiumTranslator(settings.apertium_data, settings.apertium_timeout_s)
        case "openai":
            from services.translator.engines._chat import Endpoint
            from services.translator.engines.openai_compatible import OpenAiTranslator

            endpoint = Endpoint(
                settings.openai_url,
                settings.openai_model,
                settings.openai_api_key.get_secret_value(),
                settings.openai_timeout_s,
                settings.openai_concurrency,
            )
            return OpenAiTranslator(endpoint, settings.openai_price_in, settings.openai_price_out)
        case name:
            engine: Translator | None = create_from_package("translator", name, settings)
            if engine is not None:
                return engine
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the translator '{name}' is not part of this build, which has 'apertium': set "
                "LOCALCLIP_PROFILE=embedded or LOCALCLIP_TRANSLATOR=apertium",
            )
