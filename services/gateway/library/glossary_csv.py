"""A glossary as a CSV file that spreadsheets can read and write."""

import csv
import io
from collections.abc import Iterable

from pydantic import ValidationError

from services.gateway.library.schemas import TermWrite
from shared.sheets import MalformedSheet, Sheet, lines_of

COLUMNS = ("source_language", "target_language", "source", "target", "pronunciation")
MAX_TERMS = 10_000
_REQUIRED = ("source_language", "source")
_MOST_ERRORS = 50


class MalformedTerms(ValueError):  # noqa: N818 (what was sent, not only an error)
    """A file that is not a glossary: (row, column, what is wrong with it), rows counted as a spreadsheet does."""

    def __init__(self, text: str, rows: Iterable[tuple[int, str, str]] = ()) -> None:
        super().__init__(text)
        self.rows = tuple(rows)


def write_terms(terms: Iterable[TermWrite]) -> str:
    """CSV with a header row, and a byte order mark by which spreadsheets recognize UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: getattr(term, name) or "" for name in COLUMNS} for term in terms)
    return "\ufeff" + out.getvalue()


def read_terms(data: bytes) -> list[TermWrite]:
    """Read a file with a header row, separated by commas, semicolons or tabs; empty rows are skipped.

    Raises:
        MalformedTerms: with every wrong row, up to fifty.
    """
    try:
        sheet = Sheet(lines_of(data))
        _check_head(sheet.names)
        return _terms(sheet.rows(COLUMNS, MAX_TERMS))
    except MalformedSheet as error:
        raise MalformedTerms(str(error)) from error


def _check_head(names: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        known = ", ".join(COLUMNS)
        raise MalformedTerms(f"the first row has to name the columns; missing: {', '.join(missing)} (known: {known})")


def _terms(rows: Iterable[tuple[int, dict[str, str]]]) -> list[TermWrite]:
    found: list[TermWrite] = []
    wrong: list[tuple[int, str, str]] = []
    first_row: dict[tuple[str, str | None, str], int] = {}
    for number, row in rows:
        languages = {name: row[name].lower() for name in ("source_language", "target_language") if name in row}
        empty = {"source_language": "", "source": ""}
        try:
            term = TermWrite.model_validate({**empty, **row, **languages})
        except ValidationError as error:
            wrong += [(number, str(entry["loc"][0]), str(entry["msg"])) for entry in error.errors()]
            continue
        before = first_row.setdefault((term.source_language, term.target_language, term.source), number)
        if before != number:
            wrong.append((number, "source", f"'{term.source[:40]}' stands in row {before} already"))
        found.append(term)
    if wrong:
        listed = "; ".join(f"row {row}, {column}: {why}" for row, column, why in wrong[:3])
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise MalformedTerms(f"nothing was imported: {listed}{more}", wrong[:_MOST_ERRORS])
    return found
