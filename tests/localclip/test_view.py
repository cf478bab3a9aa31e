"""What is printed where bars cannot move."""

import io

import pytest
from rich.console import Console

from localclip.board import Row
from localclip.view import BarView, LineView, create_view, seconds_text
from localclip_client import Status

KEY = ("es", "export")


def printed(*rows: Row) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=False, width=200)
    with create_view(console) as view:
        for row in rows:
            view.show({KEY: row})
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().splitlines()


def row(percent: float, status: Status = Status.PROCESSING, **more: object) -> Row:
    return Row(*KEY, percent=percent, status=status, **more)  # type: ignore[arg-type]


def test_lines_tell_each_fifth_once_and_the_end() -> None:
    """Hundreds of updates become a handful of lines."""
    rows = [row(0, Status.PENDING), *(row(percent) for percent in range(0, 100, 3)), row(100, Status.COMPLETED)]
    assert printed(*rows) == [f"es  export: {at} %" for at in (0, 21, 42, 60, 81)] + ["es  export: done"]


def test_a_failure_is_printed_with_its_reason() -> None:
    """Square brackets in it are text, not markup."""
    assert printed(row(50, Status.FAILED, message="[a] broke")) == ["es  export: failed: [a] broke"]


def test_the_view_fits_the_console() -> None:
    """Bars on a terminal, lines in a pipe."""
    assert isinstance(create_view(Console(file=io.StringIO(), force_terminal=True)), BarView)
    assert isinstance(create_view(Console(file=io.StringIO(), force_terminal=False)), LineView)


def test_bars_show_every_row() -> None:
    """Each row of the board has its bar, with percent, ending and time left."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with create_view(console) as view:
        view.show({KEY: row(37, eta_s=65.0), ("fr", "export"): Row("fr", "export", 100, Status.COMPLETED)})
    file = console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    assert all(part in text for part in ("es  export", "37 %", "1:05 min", "fr  export", "done"))


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0.4, "0 s"), (59.6, "1:00 min"), (185, "3:05 min"), (3725, "1:02 h")]
)
def test_times_read_naturally(seconds: float | None, text: str) -> None:
    """Seconds, minutes or hours, whatever fits."""
    assert seconds_text(seconds) == text
