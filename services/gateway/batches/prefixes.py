"""The videos below a prefix of the operator's bucket, as rows of a manifest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from services.gateway.batches.addresses import S3
from services.gateway.batches.schemas import MOST_ROWS, Refusal
from services.gateway.settings import GatewaySettings
from services.gateway.web.bodies import refuse_oversize
from services.gateway.web.problems import Problem, unprocessable
from shared.media import READABLE, READABLE_SUFFIXES
from shared.pairing import Ambiguous, paired, subtitles_by_stem
from shared.storage import ObjectNotFound, ObjectStore, is_key

MOST_KEYS = 50_000
_POINTER = "/source_prefix"


@dataclass(frozen=True)
class Listed:
    """The objects below a prefix: bytes by key. Keys are written as in tasks."""

    prefix: str
    sizes: Mapping[str, int]


@dataclass
class Found:
    """Its videos as rows, and what is refused about some of them, by the position of the row."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[int, list[Refusal]] = field(default_factory=dict)


def list_keys(settings: GatewaySettings, bucket: ObjectStore | None, owner: str, prefix: str) -> Listed:
    """The objects below `prefix` in the folder that `owner` may use; hidden names are left out.

    Blocking, with one request for each thousand keys. Raises: Problem 422; StorageError.
    """
    if bucket is None:
        detail = "no bucket is opened here for sources: the operator names one in LOCALCLIP_SOURCE_PREFIX"
        raise unprocessable("source_not_configured", detail, _POINTER)
    inside = f"{prefix.rstrip('/')}/" if prefix else ""
    if inside and not is_key(inside[:-1]):
        raise unprocessable("invalid_request", "this is no prefix of keys, such as season-2/", _POINTER)
    folder = settings.source_folder(owner)
    sizes: dict[str, int] = {}
    try:
        for info in bucket.list(folder + inside):
            if info.key.endswith("/") or "/." in f"/{info.key}":
                continue
            sizes[info.key.removeprefix(folder)] = info.size
            if len(sizes) > MOST_KEYS:
                detail = f"more than {MOST_KEYS} objects lie below it; name a folder in it, or send a manifest"
                raise unprocessable("prefix_too_large", detail, _POINTER)
    except ObjectNotFound as error:
        detail = "the bucket of LOCALCLIP_SOURCE_PREFIX is not there, or may not be listed"
        raise unprocessable("source_not_configured", detail, _POINTER) from error
    return Listed(inside, sizes)


def rows_of(
    listed: Listed, languages: Sequence[str], source: str | None, without: Iterable[str], most_bytes: int
) -> Found:
    """A row for each video that `without` does not name, with the subtitles beside it; names are relative to the
    prefix.

    Raises: Problem 422 `prefix_empty`, `nothing_new`, `prefix_too_large`.
    """
    names = {name: PurePosixPath(name) for name in (key.removeprefix(listed.prefix) for key in listed.sizes)}
    videos = [name for name, path in names.items() if path.suffix.lower() in READABLE_SUFFIXES]
    if not videos:
        raise unprocessable("prefix_empty", f"no video lies below '{listed.prefix}' ({READABLE})", _POINTER)
    known = set(without)
    videos = [name for name in videos if name not in known]
    if not videos:
        raise unprocessable("nothing_new", f"every video below '{listed.prefix}' is left out by 'without'", _POINTER)
    if len(videos) > MOST_ROWS:
        detail = f"{len(videos)} videos lie below it, and a batch has at most {MOST_ROWS}; name a folder in it"
        raise unprocessable("prefix_too_large", detail, _POINTER)
    folders: dict[str, list[str]] = {}
    for path in names.values():
        folders.setdefault(path.parent.as_posix(), []).append(path.name)
    beside = {folder: subtitles_by_stem(here) for folder, here in folders.items()}
    found = Found()
    for number, name in enumerate(videos, 1):
        path = names[name]
        keys = {
            code: f"{S3}{listed.prefix}{path.with_name(file)}"
            for code, file in beside[path.parent.as_posix()].get(path.stem, {}).items()
        }
        row = {"source": name, "source_key": listed.prefix + name}
        try:
            row |= paired(keys, languages, source)
        except Ambiguous as error:
            refusal = Refusal(code="subtitles_ambiguous", detail=f"{error} Name source_language", field="subtitles")
            found.refused[number] = [refusal]
        found.rows.append(row)
        found.refused.setdefault(number, []).extend(_too_large(listed, row, most_bytes))
    return found


def _too_large(listed: Listed, row: Mapping[str, Any], most_bytes: int) -> Iterable[Refusal]:
    """The refusals of videos that would be too large once fetched."""
    size = listed.sizes[row["source_key"]]
    if size > most_bytes:
        detail = f"the video is larger than {most_bytes // 1024**2} MiB (MAX_VIDEO_SIZE_MB)"
        yield Refusal(code="video_too_large", detail=detail, field="source_key")
    translations = row.get("translations", {})
    for field_, key in [("subtitles", row.get("subtitles")), *(("translations", key) for key in translations.values())]:
        try:
            refuse_oversize(listed.sizes[key.removeprefix(S3)] if key else 0)
        except Problem as error:
            yield Refusal(code=error.code, detail=error.detail, field=field_)
