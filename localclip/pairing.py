"""Videos and the subtitles beside them, paired by name: `talk.mp4`, `talk.en.srt`, `talk.es.srt`."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localclip.errors import LocalClipError
from shared.manifest import MalformedManifest, named, read_csv
from shared.media import READABLE, READABLE_SUFFIXES
from shared.pairing import Ambiguous, paired, subtitles_by_stem


@dataclass(frozen=True)
class Manifest:
    """What is to be dubbed: a `body` in the gateway's form, whose rows name files below `root`."""

    root: Path
    body: Mapping[str, Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows."""
        found: list[dict[str, Any]] = self.body["rows"]
        return found


def read_manifest(file: Path) -> Manifest:
    """A manifest from a .csv or .json file, a list of rows or a whole batch. Raises: LocalClipError."""
    try:
        if file.suffix.lower() == ".csv":
            return Manifest(file.parent, {"rows": [named(row) for row in read_csv(file.read_bytes())]})
        body = json.loads(file.read_text(encoding="utf-8-sig"))
    except (MalformedManifest, ValueError, OSError) as error:
        raise LocalClipError(f"{file}: {error}") from error
    body = {"rows": body} if isinstance(body, list) else body
    if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
        raise LocalClipError(f"{file}: write a list of rows, or an object with 'rows'")
    return Manifest(file.parent, {**body, "rows": [named(row) for row in body["rows"]]})


def from_files(paths: Sequence[Path], languages: Sequence[str], source: str | None, without: Path) -> Manifest:
    """Every video of `paths`, including all below folders, with its subtitles; nothing in the folder `without`.

    Raises: LocalClipError, if there is none, or if names leave open which subtitles are the source's.
    """
    videos = sorted({video.resolve() for path in paths for video in videos_of(path, without.resolve())})
    if not videos:
        raise LocalClipError(f"no video found in {', '.join(map(str, paths))} ({READABLE})")
    root = Path(os.path.commonpath([video.parent for video in videos]))
    return Manifest(root, {"rows": [row_of(video, root, languages, source) for video in videos]})


def videos_of(path: Path, without: Path) -> Iterable[Path]:
    """A file, or all videos below a folder; nothing hidden, and nothing in the folder `without`."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        here = Path(folder)
        folders[:] = sorted(one for one in folders if not one.startswith(".") and (here / one).resolve() != without)
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in READABLE_SUFFIXES:
                yield here / name


def row_of(video: Path, root: Path, languages: Sequence[str], source: str | None) -> dict[str, Any]:
    """A video as the row of a manifest below `root`, with the subtitles beside it.

    Raises: LocalClipError, if names leave open which subtitles are the source's.
    """
    row: dict[str, Any] = {"source": video.relative_to(root).as_posix()}
    names = (path.name for path in video.parent.iterdir() if path.name.startswith(video.stem))
    folder = video.parent.relative_to(root)
    beside = {code: (folder / name).as_posix() for code, name in subtitles_by_stem(names).get(video.stem, {}).items()}
    try:
        return row | paired(beside, languages, source)
    except Ambiguous as error:
        raise LocalClipError(f"{row['source']}: {error} Say it with --from") from error


def stems(sources: Iterable[str]) -> dict[str, Path]:
    """The target of each source's files, without an extension; two that differ only in theirs keep it."""
    paths = {source: Path(source) for source in sources}
    count = Counter(str(path.with_suffix("")).casefold() for path in paths.values())
    return {
        source: path.with_suffix("") if count[str(path.with_suffix("")).casefold()] == 1 else path
        for source, path in paths.items()
    }


def file_name(stem: str, name: str, language: str) -> str:
    """The name a person sees for a file: `export_es.mp4` is `talk.es.mp4`, `report_es.json` is
    `talk.es.report.json`."""
    made, _, ending = name.partition(f"_{language}.")
    if not ending:
        return name
    return f"{stem}.{language}.{ending}" if made in ("export", "subtitles") else f"{stem}.{language}.{made}.{ending}"
