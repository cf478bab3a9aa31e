"""From the name of a model to its folder."""

from pathlib import Path

from shared.models._catalogue import CATALOGUE, catalogued
from shared.models._settings import ModelSettings
from shared.pipeline import ErrorCode, PermanentError


def find_model(name_or_path: str, settings: ModelSettings) -> Path:
    """The folder of a catalogued model that was pulled, or of any model given by its path.

    Raises:
        PermanentError: `engine_unavailable` when it is not there, with the command that brings it.
    """
    model = catalogued(name_or_path)
    if model is None:
        folder = Path(name_or_path).expanduser()
        if folder.is_dir():
            return folder
        known = ", ".join(entry.name for entry in CATALOGUE)
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"'{name_or_path}' is neither the folder of a model nor one LocalClip knows ({known})",
        )
    folder = settings.models_dir / model.name
    missing = [file for file in model.required if not (folder / file).is_file()]
    if missing:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the model '{model.name}' is not complete in {folder} (no {', '.join(missing)}); "
            f"fetch it with: localclip models pull {model.name}",
        )
    return folder
