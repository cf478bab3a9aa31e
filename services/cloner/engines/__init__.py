"""The engines that speak, and the one place where they are chosen."""

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
from shared.pipeline import ErrorCode, PermanentError, create_from_package

__all__ = [
    "Abilities",
    "Audio",
    "Fault",
    "Sound",
    "Speech",
    "StockVoice",
    "Synthesizer",
    "Voice",
    "create_synthesizers",
]

_INSTALL = (
    "install espeak-ng (and flite for better English), e.g. `apt install espeak-ng flite`; see `localclip doctor`"
)


def create_synthesizers(settings: ClonerSettings) -> tuple[Synthesizer, ...]:
    """The engines `settings` ask for, loaded; for each language the first that speaks it is used.

    Raises:
        PermanentError: `engine_unavailable` for one that this build does not have or that is not installed.
    """
    from services.cloner.engines.espeak import find_espeak
    from services.cloner.engines.flite import find_flite

    match settings.synthesizer or settings.profile:
        case "embedded":
            found = [find_flite(), find_espeak()]
        case "espeak-ng":
            found = [find_espeak()]
        case "flite":
            found = [find_flite()]
        case name:
            engine: Synthesizer | None = create_from_package("voice", name, settings)
            if engine is not None:
                return (engine,)
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the voice engine '{'coqui-xtts' if name == 'neural' else name}' is not part of this build, which has "
                "'espeak-ng' and 'flite': set LOCALCLIP_PROFILE=embedded or LOCALCLIP_SYNTHESIZER=espeak-ng",
            )
    installed = tuple(engine for engine in found if engine is not None)
    if not installed:
        raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"no voice engine is installed: {_INSTALL}")
    return installed
