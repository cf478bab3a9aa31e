"""Subtitles that belong to a video by their names: `talk.mp4`, `talk.en.srt`, `talk.es.srt`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from shared.pipeline import SOURCE_LANGUAGES, chinese_script

SUBTITLES = (".srt", ".vtt", ".ass", ".ssa", ".sbv", ".ttml", ".dfxp", ".smi", ".sub", ".lrc")


class Ambiguous(ValueError):  # noqa: N818 (what names are, not only an error)
    """The names leave open which subtitles contain what is spoken."""


def subtitles_by_stem(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The subtitle files among the names in one folder, by the name of their video without its extension.

    `{"talk": {"en": "talk.en.srt"}}`; the language is "" if the name has none.
    """
    found: dict[str, dict[str, str]] = {}
    for name in sorted(names):
        path = PurePosixPath(name)
        if path.suffix.lower() not in SUBTITLES:
            continue
        found.setdefault(path.stem, {}).setdefault("", name)
        stem, dot, code = path.stem.rpartition(".")
        code = "zh" if chinese_script(code) else code.lower()
        if dot and code in SOURCE_LANGUAGES:
            found.setdefault(stem, {}).setdefault(code, name)
    return found


def paired(beside: Mapping[str, str], languages: Sequence[str], source: str | None) -> dict[str, Any]:
    """The fields of a manifest's row for the subtitles beside its video, which are given by language.

    Those in a target language are its translation; others are what is spoken. Raises: Ambiguous.
    """
    row: dict[str, Any] = {}
    translations = {code: name for code, name in beside.items() if code in languages and code != source}
    others = [code for code in beside if code and code not in translations]
    if source is None and len(others) > 1:
        raise Ambiguous(f"which of {', '.join(beside[code] for code in others)} is what is spoken?")
    spoken = _spoken(beside, others, source)
    if spoken is not None:
        row["subtitles"] = beside[spoken]
        if spoken:
            row["source_language"] = spoken
    if translations:
        row["translations"] = translations
    return row


def _spoken(beside: Mapping[str, str], others: Sequence[str], source: str | None) -> str | None:
    """Which of the subtitles contain what is spoken; if the spoken language is named, those without a language do."""
    if source is None:
        return others[0] if others else None
    return source if source in beside else "" if "" in beside else None
