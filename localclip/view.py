"""The board as live bars on a terminal, elsewhere as plain lines."""

from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.progress import Task as Bar
from rich.text import Text

from localclip.board import Board, Key, Row
from localclip_client import Status
from shared.pipeline import BASE

_WORDS = {
    "speaker_diarization": "speech and speakers",
    "translation": "translation",
    "voice_cloning": "voices",
    "export": "export",
}
_ENDINGS = {Status.COMPLETED: "done", Status.FAILED: "failed", Status.CANCELED: "canceled"}
_STEP_PERCENT = 20


class View(Protocol):
    """Shows a board as it changes."""

    def show(self, board: Board) -> None:
        """Bring the display up to date."""

    def note(self, text: str) -> None:
        """Print a message beside the bars."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def create_view(console: Console) -> View:
    """Bars if they can be animated, otherwise lines."""
    return BarView(console) if console.is_terminal else LineView(console)


def title(row: Row) -> str:
    """The title of a bar."""
    word = _WORDS.get(row.stage, row.stage)
    return word if row.language == BASE else f"{row.language}  {word}"


def seconds_text(seconds: float | None) -> str:
    """A time as people write it: 42 s, 3:05 min, 1:02 h; empty when it is not known."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


class LineView:
    """Prints a line whenever a stage begins, ends, or has completed another fifth."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[Key, tuple[int, Status]] = {}

    def show(self, board: Board) -> None:
        """Print the rows that have changed enough."""
        for key, row in board.items():
            step = int(row.percent) // _STEP_PERCENT
            known = self._told.get(key, (0, Status.PENDING))
            if row.status is Status.PENDING or (step, row.status) == known:
                continue
            self._told[key] = (step, row.status)
            self._console.print(self._line(row), markup=False, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Print it."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _line(self, row: Row) -> str:
        ending = _ENDINGS.get(row.status, f"{row.percent:.0f} %")
        eta = f", {seconds_text(row.eta_s)} left" if row.eta_s and row.status is Status.PROCESSING else ""
        reason = f": {row.message}" if row.status is Status.FAILED and row.message else ""
        return f"{title(row)}: {ending}{eta}{reason}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class _Ending(ProgressColumn):
    """Percent, or how it ended."""

    def render(self, task: Bar) -> Text:
        """One cell."""
        status = task.fields["status"]
        if status is Status.COMPLETED:
            return Text("done", style="green")
        if status in (Status.FAILED, Status.CANCELED):
            return Text(str(status), style="red")
        return Text("" if status is Status.PENDING else f"{task.percentage:.0f} %")


class BarView:
    """One moving bar per row."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            _Ending(),
            TextColumn("{task.fields[eta]}", style="cyan", markup=False),
            TextColumn("{task.fields[message]}", style="dim", markup=False),
            console=console,
        )
        self._bars: dict[Key, TaskID] = {}

    def show(self, board: Board) -> None:
        """Move the bars."""
        for key, row in board.items():
            if key not in self._bars:
                self._bars[key] = self._progress.add_task(title(row), total=100, **_cells(row))
            self._progress.update(self._bars[key], completed=row.percent, **_cells(row))

    def note(self, text: str) -> None:
        """Print above the bars."""
        if text:
            self._progress.console.print(text, style="yellow", markup=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def _cells(row: Row) -> dict[str, Any]:
    running = row.status is Status.PROCESSING
    return {
        "status": row.status,
        "eta": seconds_text(row.eta_s) if running else "",
        "message": row.message[:48] if running else "",
    }
