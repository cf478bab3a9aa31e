"""Spreadsheets as CSV: what is read of them, and how much."""

from collections.abc import Iterator

import pytest

from shared.sheets import MOST_COLUMNS, MalformedSheet, Sheet, lines_of


class Lines:
    """Lines without an end, which count how many were taken."""

    def __init__(self, head: str, line: str) -> None:
        self.head, self.line, self.taken = head, line, 0

    def __iter__(self) -> Iterator[str]:
        yield self.head
        while True:
            self.taken += 1
            yield self.line


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_row_has_what_is_in_it(separator: str) -> None:
    """Named by the first row, without spaces, empty cells, other columns and cells beyond; rows count as lines do."""
    text = '\ufeff A ;b;c\r\n 1;;3;4\r\n;;\r\n\r\n;;5\r\n"two\r\nlines";6\r\n'.replace(";", separator)
    rows = Sheet(lines_of(text.encode())).rows(("a", "b"), 10)
    assert list(rows) == [(2, {"a": "1"}), (7, {"a": "two\r\nlines", "b": "6"})]


def test_what_is_kept_grows_with_the_file() -> None:
    """No cell is made up for a row that ends early."""
    names = [f"a{number}" for number in range(MOST_COLUMNS)]
    sheet = Sheet([",".join(names) + "\n", *["x\n"] * 50])
    assert [len(row) for _, row in sheet.rows(names, 50)] == [1] * 50


def test_more_columns_are_refused() -> None:
    """Before any row is read, and the limit is named."""
    lines = Lines(",".join(["a"] * (MOST_COLUMNS + 1)), "x")
    with pytest.raises(MalformedSheet, match=f"{MOST_COLUMNS + 1} columns; a file has at most {MOST_COLUMNS}"):
        Sheet(lines)
    assert lines.taken == 0


def test_more_rows_are_not_read() -> None:
    """One more than may be, however long the file is."""
    lines = Lines("a,b\n", "1,2\n")
    rows = Sheet(lines).rows(("a",), 100)
    assert [next(rows) for _ in range(100)][-1] == (101, {"a": "1"})
    with pytest.raises(MalformedSheet, match="a file has at most 100 rows"):
        next(rows)
    assert lines.taken == 101


@pytest.mark.parametrize(("data", "why"), [(b"\xff\xfe", "not UTF-8"), (b'a\n1\n"open', "row 3: ")])
def test_what_is_no_table_is_said(data: bytes, why: str) -> None:
    """Also while rows are read."""
    with pytest.raises(MalformedSheet, match=why):
        list(Sheet(lines_of(data)).rows(("a",), 10))
