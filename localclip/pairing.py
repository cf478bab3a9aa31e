"""Videos and the subtitles that lie beside them, paired by name: `talk.mp4`, `talk.en.srt`, `talk.es.srt`."""

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
from shared.pipeline import SOURCE_LANGUAGES

SUBTITLES = (".srt", ".vtt", ".ass", ".ssa", ".sbv", ".ttml", ".dfxp", ".smi", ".sub", ".lrc")


@dataclass(frozen=True)
class Manifest:
    """What is to be dubbed: a `body` as the gateway takes it, whose rows name files below `root`."""

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
    """Every video of `paths`, folders with all below them, with its subtitles; nothing of the folder `without`.

    Raises: LocalClipError, where there is none, or names leave open which subtitles are the source's.
    """
    videos = sorted({video.resolve() for path in paths for video in videos_of(path, without.resolve())})
    if not videos:
        raise LocalClipError(f"no video found in {', '.join(map(str, paths))} ({READABLE})")
    root = Path(os.path.commonpath([video.parent for video in videos]))
    return Manifest(root, {"rows": [row_of(video, root, languages, source) for video in videos]})


def videos_of(path: Path, without: Path) -> Iterable[Path]:
    """A file, or the videos of a folder with all below it; nothing hidden, and nothing of the folder `without`."""
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

    Raises: LocalClipError, where names leave open which subtitles are the source's.
    """
    row: dict[str, Any] = {"source": video.relative_to(root).as_posix()}
    beside = _subtitles(video)
    translations = {code: path for code, path in beside.items() if code in languages and code != source}
    others = [code for code in beside if code and code not in translations]
    if source is None and len(others) > 1:
        told = ", ".join(beside[code].name for code in others)
        raise LocalClipError(f"{row['source']}: which of {told} is what is spoken? Say it with --from")
    spoken = _spoken(beside, others, source)
    if spoken is not None:
        row["subtitles"] = beside[spoken].relative_to(root).as_posix()
        if spoken:
            row["source_language"] = spoken
    if translations:
        row["translations"] = {code: path.relative_to(root).as_posix() for code, path in translations.items()}
    return row


def _spoken(beside: Mapping[str, Path], others: Sequence[str], source: str | None) -> str | None:
    """Which of the subtitles hold what is spoken; those without a language do where it was named."""
    if source is None:
        return others[0] if others else None
    return source if source in beside else "" if "" in beside else None


def _subtitles(video: Path) -> dict[str, Path]:
    """Subtitle files beside a video by the language in their names, "" where there is none."""
    found: dict[str, Path] = {}
    for path in sorted(video.parent.iterdir()):
        if path.suffix.lower() not in SUBTITLES or not path.name.startswith(video.stem):
            continue
        middle = path.name[len(video.stem) : -len(path.suffix)].lower()
        code = middle.removeprefix(".")
        if middle == "" or (middle.startswith(".") and code in SOURCE_LANGUAGES):
            found.setdefault(code, path)
    return found


def stems(sources: Iterable[str]) -> dict[str, Path]:
    """Where the files of each source go, without an ending; two that differ only in theirs keep it."""
    paths = {source: Path(source) for source in sources}
    count = Counter(str(path.with_suffix("")).casefold() for path in paths.values())
    return {
        source: path.with_suffix("") if count[str(path.with_suffix("")).casefold()] == 1 else path
        for source, path in paths.items()
    }


def file_name(stem: str, name: str, language: str) -> str:
    """What a person finds a file under: `export_es.mp4` is `talk.es.mp4`, `report_es.json` is `talk.es.report.json`."""
    made, _, ending = name.partition(f"_{language}.")
    if not ending:
        return name
    return f"{stem}.{language}.{ending}" if made in ("export", "subtitles") else f"{stem}.{language}.{made}.{ending}"
