"""A CSV file as a spreadsheet writes it, of which no more is read than may be in it."""

import csv
import io
from collections.abc import Container, Iterable, Iterator
from itertools import chain

MOST_COLUMNS = 200
_DELIMITERS = ",;\t"


class MalformedSheet(ValueError):  # noqa: N818 (what was sent, not only an error)
    """A file that is not a table with a head row, or one that is too large."""


def lines_of(data: bytes) -> io.StringIO:
    """The lines of a file, with their ends. Raises: MalformedSheet."""
    try:
        return io.StringIO(data.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as error:
        raise MalformedSheet("the file is not UTF-8; save it as 'CSV UTF-8'") from error


class Sheet:
    """Rows with the names of the first one; its first line tells whether commas, semicolons or tabs separate cells.

    Raises: MalformedSheet, here and while rows are read.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        remaining = iter(lines)
        first = next(remaining, "")
        delimiter = max(_DELIMITERS, key=first.count)
        self._reader = csv.reader(chain([first], remaining), delimiter=delimiter, strict=True)
        self.names = [name.strip().lower() for name in self._next() or ()]
        if len(self.names) > MOST_COLUMNS:
            raise MalformedSheet(f"the first row names {len(self.names)} columns; a file has at most {MOST_COLUMNS}")

    def rows(self, columns: Container[str], most: int) -> Iterator[tuple[int, dict[str, str]]]:
        """Each row that has something in `columns`: its last line, and these cells without the empty ones.

        Nothing is added for cells that are missing, so what is kept grows with the file and not with rows times
        columns. After `most` rows no more than one is read.
        """
        found = 0
        while (cells := self._next()) is not None:
            named = zip(self.names, cells, strict=False)
            row = {name: text for name, cell in named if name in columns and (text := cell.strip())}
            found += bool(row)
            if found > most:
                raise MalformedSheet(f"a file has at most {most} rows")
            if row:
                yield self._reader.line_num, row

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise MalformedSheet(f"row {self._reader.line_num}: {error}") from error
