"""A glossary as a CSV file that spreadsheets can read and write."""

import csv
import io
from collections.abc import Iterable

from pydantic import ValidationError

from services.gateway.library.schemas import TermWrite

COLUMNS = ("source_language", "target_language", "source", "target", "pronunciation")
_REQUIRED = ("source_language", "source")
_DELIMITERS = ",;\t"
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
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedTerms("the file is not UTF-8; save it as 'CSV UTF-8'") from error
    head = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        _check_head(names)
        rows = [(reader.line_num, row) for row in reader if any(_cells(row))]
    except csv.Error as error:
        raise MalformedTerms(f"row {reader.line_num}: {error}") from error
    return _terms(rows)


def _cells(row: dict[str, str | None]) -> list[str]:
    return [cell.strip() for name, cell in row.items() if name in COLUMNS and cell]


def _check_head(names: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        known = ", ".join(COLUMNS)
        raise MalformedTerms(f"the first row has to name the columns; missing: {', '.join(missing)} (known: {known})")


def _terms(rows: list[tuple[int, dict[str, str | None]]]) -> list[TermWrite]:
    found: list[TermWrite] = []
    wrong: list[tuple[int, str, str]] = []
    first_row: dict[tuple[str, str | None, str], int] = {}
    for number, row in rows:
        values = {name: (row.get(name) or "").strip() or None for name in COLUMNS}
        values["source_language"] = (values["source_language"] or "").lower()
        values["target_language"] = values["target_language"].lower() if values["target_language"] else None
        values["source"] = values["source"] or ""
        try:
            term = TermWrite.model_validate(values)
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
