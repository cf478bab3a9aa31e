"""What the translator is made of."""

from services.translator.engines import create_translators, open_translator, others_here
from services.translator.handlers import translate_lines
from services.translator.settings import TranslatorSettings
from shared.messaging import KeptEngines, Serving, serve
from shared.pipeline import Stage


def main() -> None:
    """Serve the translation stage until SIGTERM."""
    serve("translator", Stage.TRANSLATION, _made)


def _made() -> Serving:
    settings = TranslatorSettings()
    engines = create_translators(settings)
    kept = KeptEngines(engines, lambda choice: open_translator(choice, settings))

    def close() -> None:
        for one in kept.opened():
            one.close()

    return Serving(
        translate_lines(kept),
        tuple(one.info.model_copy(update={"others": others_here(one)}) for one in engines),
        slots=max(one.traits.parallel_jobs for one in engines),
        close=close,
    )
