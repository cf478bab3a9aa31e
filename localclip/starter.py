"""The starter set: weights that a laptop can run, fetched by `up` and `demo` when they are missing.

Nothing else fetches automatically. Whatever goes wrong, the engines without weights do the work, with a message.
"""

import os
from collections.abc import Callable

from localclip import model_commands, weights
from localclip.errors import LocalClipError
from shared.models import STARTER, Model, ModelSettings, has_room

_LATER = "later: localclip models pull starter"
Tell = Callable[[str], None]


def ensure_starter(tell: Tell, warn: Tell, settings: ModelSettings | None = None) -> None:
    """Fetch the missing parts of the starter set, if the profile is `auto` and the network may be used.

    `tell` gets what is fetched, from where and how large, beforehand; `warn` gets why work continues without it.
    """
    if os.environ.get("LOCALCLIP_PROFILE", "auto") != "auto":
        return
    settings = settings or ModelSettings()
    missing = [model for model in map(weights.find, STARTER) if weights.state(model, settings) != "here"]
    fitting = [model for model in missing if has_room(model)]
    if not fitting:
        return
    names = ", ".join(model.name for model in fitting)
    if settings.offline:
        warn(f"LOCALCLIP_OFFLINE is set and {names} is missing: going on with engines that need no weights; {_LATER}")
        return
    tell(_announcement(fitting, settings))
    for model in fitting:
        try:
            model_commands.pull(model, settings)
        except LocalClipError as error:
            warn(f"{model.name} could not be fetched: {error}; going on with engines that need no weights; {_LATER}")
            return
        tell(f"{model.name} is here")


def _announcement(models: list[Model], settings: ModelSettings) -> str:
    parts = "; ".join(f"{model.name}, {model.size_mb} MB, which {model.improves}" for model in models)
    places = list(dict.fromkeys(place for model in models for place in model.sources))
    own = os.environ.get("LOCALCLIP_MODELS_FROM")
    wherefrom = " or ".join([own, *places] if own else places)
    total = sum(model.size_mb for model in models)
    return (
        f"fetching the starter set, {total} MB, once, from {wherefrom} into {settings.models_dir.absolute()} "
        f"(LOCALCLIP_OFFLINE=true: never): {parts}"
    )
