"""How far every stage of every language is: a pure fold over the gateway's reports."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from localclip_client import ProgressFrame, Status, Task
from localclip_client.models import LanguageStatus
from shared.pipeline import BASE, GRAPH

Key = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One bar: language, stage, percent, what is being done, and the time left."""

    language: str
    stage: str
    percent: float = 0.0
    status: Status = Status.PENDING
    message: str = ""
    eta_s: float | None = None


Board = dict[Key, Row]


def new_board(languages: Iterable[str]) -> Board:
    """Every bar of a task at zero, in the order of the work."""
    base = [(BASE, spec.stage.value) for spec in GRAPH if not spec.per_language]
    rest = [(language, spec.stage.value) for language in languages for spec in GRAPH if spec.per_language]
    return {key: Row(*key) for key in (*base, *rest)}


def with_progress(board: Board, frame: ProgressFrame) -> Board:
    """The board after a progress frame; percentages never decrease, and ended stages do not change."""
    row = board.get((frame.language, frame.stage))
    if row is None or row.status in (Status.COMPLETED, Status.FAILED, Status.CANCELED):
        return board
    changed = replace(
        row,
        percent=max(row.percent, min(frame.progress, 100.0)),
        status=Status.PROCESSING,
        message=frame.message,
        eta_s=frame.eta_s,
    )
    return board | {(row.language, row.stage): changed}


def with_task(board: Board, task: Task) -> Board:
    """The board after reading the task, which is authoritative about what has ended."""
    rows = {key: _row(row, task) for key, row in board.items()}
    return board | rows


def _row(row: Row, task: Task) -> Row:
    language = task.language_status.get(row.language)
    if language is None:
        return row
    status = _status(row.stage, language)
    if status is Status.COMPLETED:
        return replace(row, percent=100.0, status=status, message="", eta_s=None)
    told = language.stages.get(row.stage)
    percent = max(row.percent, min(told.progress, 100.0)) if told else row.percent
    ended = status in (Status.FAILED, Status.CANCELED)
    message = (language.error_message or "") if status is Status.FAILED else row.message
    return replace(row, percent=percent, status=status, message=message, eta_s=None if ended else row.eta_s)


def _status(stage: str, language: LanguageStatus) -> Status:
    told = language.stages.get(stage)
    if told is not None:
        return told.status
    if language.status is Status.COMPLETED:
        return Status.COMPLETED
    order = [spec.stage.value for spec in GRAPH]
    if language.stage not in order:
        return Status.PENDING
    distance = order.index(stage) - order.index(language.stage)
    return Status.COMPLETED if distance < 0 else Status.PENDING if distance > 0 else language.status
