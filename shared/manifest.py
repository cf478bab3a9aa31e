"""A manifest of many videos as a CSV file written by a spreadsheet, read by both clients and the gateway."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.sheets import MalformedSheet, Sheet, lines_of

MOST_ROWS = 5000
_SOURCES = ("source", "source_url", "source_key", "source_page")
_COLUMNS = (*_SOURCES, "languages", "source_language", "subtitles", "glossary", "brief", "stop_after", "metadata")
_SEPARATORS = str.maketrans(";|", ",,")


def named(row: Any) -> Any:
    """A row whose video is fetched is named after the end of its URL, unless it says otherwise; other rows are
    unchanged.

    A page is named after its whole URL, since the ends of those are often alike.
    """
    if not isinstance(row, dict) or row.get("source"):
        return row
    page = row.get("source_page")
    if isinstance(page, str) and page:
        return {**row, "source": page.strip().partition("#")[0].rpartition("://")[2][:500]}
    address = row.get("source_url") or row.get("source_key")
    if not isinstance(address, str):
        return row
    return {**row, "source": unquote(urlsplit(address).path).rsplit("/", 1)[-1][:500] or "video"}


class MalformedManifest(ValueError):  # noqa: N818 (what was sent, not only an error)
    """A file that is not a manifest."""


def read_csv(data: bytes) -> list[dict[str, Any]]:
    """Rows of a CSV file with a header row; columns `translation_<language>` and `metadata.<key>` may be added.

    `languages` are separated by spaces, semicolons or commas; `glossary` is `word=rendering; word=rendering`; `brief`
    is JSON or just the instructions; `metadata` is JSON. Raises: MalformedManifest.
    """
    try:
        sheet = Sheet(lines_of(data))
        _check_head(sheet.names)
        return [_row(cells) for _, cells in sheet.rows(set(sheet.names), MOST_ROWS)]
    except MalformedSheet as error:
        raise MalformedManifest(str(error)) from error


def _check_head(names: Sequence[str]) -> None:
    if not set(_SOURCES) & set(names):
        raise MalformedManifest("the head row has no column 'source', 'source_url', 'source_key' or 'source_page'")
    unknown = [name for name in names if name not in _COLUMNS and not name.startswith(("translation_", "metadata."))]
    if unknown:
        more = "translation_<language>, metadata.<key>"
        raise MalformedManifest(f"unknown column '{unknown[0][:80]}'; columns are {', '.join(_COLUMNS)}, {more}")


def _row(cells: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, text in cells.items():
        if name == "languages":
            row[name] = text.translate(_SEPARATORS).replace(",", " ").split()
        elif name == "glossary":
            row[name] = [_term(part) for part in text.split(";") if part.strip()]
        elif name in ("brief", "metadata"):
            row[name] = {**row.get(name, {}), **_json(name, text)}
        elif name.startswith("translation_"):
            row.setdefault("translations", {})[name.removeprefix("translation_")] = text
        elif name.startswith("metadata."):
            row.setdefault("metadata", {})[name.removeprefix("metadata.")] = text
        else:
            row[name] = text
    return row


def _term(text: str) -> dict[str, str | None]:
    source, _, target = text.partition("=")
    return {"source": source.strip(), "target": target.strip() or None}


def _json(name: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    return {"instructions": text} if name == "brief" else {"text": text}
