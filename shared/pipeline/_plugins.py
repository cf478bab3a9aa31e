"""Engines from other packages, found by their entry points.

A package offers one in the group `localclip.engines.<port>`, where the port is recognizer, diarizer, voice_activity,
picture_text, translator, voice or mixer:

    [project.entry-points."localclip.engines.translator"]
    my-engine = "my_package:create"

`create` gets the settings of the service and returns an engine that implements the port; it is selected by its name,
like LocalClip's own.
"""

from importlib.metadata import entry_points
from typing import Any

from shared.pipeline._errors import ErrorCode, PermanentError, PipelineError


def create_from_package(port: str, name: str, settings: Any) -> Any | None:
    """The engine `name` of an installed package, made with `settings`; None when no package offers it.

    Raises:
        PermanentError: `engine_unavailable` when the package is installed but cannot be loaded.
    """
    for entry in entry_points(group=f"localclip.engines.{port}", name=name):
        try:
            return entry.load()(settings)
        except PipelineError:
            raise
        except Exception as error:  # foreign code: whatever it raises, it is the engine that is broken
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the {port} '{name}' ({entry.value}) cannot be loaded ({type(error).__name__}: {error})",
            ) from error
    return None
