"""Subtitles that come with a video: what is said in it, and translations."""

from collections.abc import Mapping
from typing import Any

from services.gateway.batches.joining import Place
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.script.cues import with_remarks
from services.gateway.uploads.form import UploadedFile
from services.gateway.web.bodies import read_brought
from services.gateway.web.problems import unprocessable
from shared.pipeline import BASE
from shared.storage import ObjectStore, keys, put_bytes
from shared.transcript import Reading

SUBTITLES, TRANSLATION = "subtitles", "translation_"


def translated(files: Mapping[str, UploadedFile]) -> set[str]:
    """The languages whose translations were provided."""
    return {name.removeprefix(TRANSLATION) for name in files if name.startswith(TRANSLATION)}


def refuse_missing(place: Place, files: Mapping[str, UploadedFile]) -> None:
    """Raises: Problem 422, if a file that the row of a batch names is missing."""
    for name, file in place.files.items():
        if name not in files:
            raise unprocessable("missing_file", f"the row names '{file}'; send it as '{name}'", f"/{name}")


def read_all(files: Mapping[str, UploadedFile], config: TaskConfig) -> dict[str, Reading]:
    """The contents of the files, by language (`base`: what is said). Raises: Problem 413, 422."""
    if SUBTITLES in files and config.source_language is None:
        raise unprocessable("source_language_required", "name the language of the subtitles", "/config/source_language")
    brought: dict[str, Reading] = {}
    for name, file in files.items():
        if name != SUBTITLES and not name.startswith(TRANSLATION):
            raise unprocessable("unknown_file", "files are 'video', 'subtitles' and 'translation_<language>'", "")
        code = name.removeprefix(TRANSLATION) if name != SUBTITLES else BASE
        brought[code] = read_brought(file.data, config.source_language if code == BASE else code, f"/{name}")
    unknown = translated(files) - set(config.target_languages)
    if unknown:
        raise unprocessable("not_a_target", f"'{min(unknown)}' is not among the target languages", "/config")
    return brought


def store_all(
    store: ObjectStore,
    task_id: str,
    files: Mapping[str, UploadedFile],
    brought: Mapping[str, Reading],
    config: TaskConfig,
) -> dict[str, Any]:
    """Store the files, and return `config` as it is stored: with their locations and what was repaired in them."""
    stored: dict[str, Any] = config.model_dump(mode="json")
    for language, reading in brought.items():
        stored = with_remarks(stored, language, reading.remarks)
    for name, file in files.items():
        language = name.removeprefix(TRANSLATION) if name != SUBTITLES else BASE
        key = keys.input_subtitles(task_id, language, file.filename)
        put_bytes(store, key, file.data)
        if name == SUBTITLES:
            stored["subtitles_key"] = key
        else:
            stored.setdefault("translation_keys", {})[language] = key
    return stored
