"""From the name of a model to its folder."""

import hashlib
from functools import lru_cache
from pathlib import Path

from shared.models._catalogue import CATALOGUE, Model, catalogued
from shared.models._settings import ModelSettings
from shared.pipeline import ErrorCode, PermanentError

_END_BYTES = 65_536


def find_model(name_or_path: str, settings: ModelSettings) -> Path:
    """The folder of a catalogued model that was pulled, or of any model given by its path.

    Raises:
        PermanentError: `engine_unavailable` when it is missing, with the command that fetches it.
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


def is_here(model: Model, settings: ModelSettings) -> bool:
    """Whether every required file is in its folder."""
    return all((settings.models_dir / model.name / file).is_file() for file in model.required)


def identified(name_or_path: str) -> Model | None:
    """The catalogue's entry of a model: by its name or, for a path, by the content of its largest file."""
    model = catalogued(name_or_path)
    return model or _by_contents(Path(name_or_path).expanduser())


def weights_name(name_or_path: str) -> str:
    """The name of weights where no path may be revealed."""
    model = identified(name_or_path)
    return model.name if model else Path(name_or_path).expanduser().name


def digest_here(name_or_path: str, settings: ModelSettings) -> str:
    """The digest of weights: from the catalogue if it knows them, else from a sample of the files here.

    Raises: PermanentError, see `find_model`.
    """
    model = identified(name_or_path)
    return model.digest if model and model.digest else f"sample:{_sampled(find_model(name_or_path, settings))}"


def _sampled(folder: Path) -> str:
    """A digest of the name, size and both ends of every file: reading gigabytes would take longer than loading them."""
    told = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        size = path.stat().st_size
        told.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            told.update(file.read(_END_BYTES))
            file.seek(max(0, size - _END_BYTES))
            told.update(file.read(_END_BYTES))
    return told.hexdigest()[:40]


@lru_cache(32)
def _by_contents(folder: Path) -> Model | None:
    for model in CATALOGUE:
        largest = max(model.contents, key=lambda file: file.size, default=None)
        if largest is None:
            continue
        path = folder / largest.name
        if path.is_file() and path.stat().st_size == largest.size:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == largest.sha256:
                    return model
    return None
