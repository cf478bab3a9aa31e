"""Say which languages of a finished task are not good enough, why, and what would fix it."""

from collections.abc import Mapping, Sequence

from rich.console import Console

from localclip.errors import LocalClipError
from localclip.results import LanguageResult, miss_text
from localclip_client import Client, Line
from localclip_client.models import GateReason, Report

_MOST_LINES = 5
_MOST_TEXT = 60


def short_of(results: Sequence[LanguageResult]) -> tuple[LanguageResult, ...]:
    """Languages in which nothing was dubbed, or whose gate did not pass."""
    return tuple(result for result in results if result.report is not None and not _is_good(result.report))


def tell_shortfalls(client: Client, task_id: str, results: Sequence[LanguageResult], console: Console) -> None:
    """Print the reasons with their lines, each with what would fix it."""
    for result in short_of(results):
        if result.report is None:
            continue
        for text in shortfalls(result.language, result.report, _lines(client, task_id, result)):
            console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def shortfalls(language: str, report: Report, lines: Mapping[str, Line]) -> list[str]:
    """The reasons as text; `lines` by segment, as far as they are known."""
    told = []
    if report.lines_dubbed == 0:
        told.append(f"{language}: nothing was dubbed" + (f": {report.note}" if report.note else ""))
    gate = report.gate
    if gate is None:
        return [*told, f"{language}: the gate did not judge it"]
    if not gate.passed and not gate.reasons:  # an older gateway
        told.append(f"{language}: not passed: " + ", ".join(miss_text(miss) for miss in gate.misses))
    for reason in gate.reasons:
        told.append(f"{language}: {reason.code}: {reason.text}. {reason.mend[:1].upper()}{reason.mend[1:]}.")
        told += [f"    {_line_text(segment_id, lines.get(segment_id))}" for segment_id in reason.lines[:_MOST_LINES]]
        if (more := _more(reason)) > 0:
            told.append(f"    and {more} more")
    return told


def _is_good(report: Report) -> bool:
    return report.lines_dubbed > 0 and report.gate is not None and report.gate.passed


def _more(reason: GateReason) -> int:
    return max(reason.lines_total, len(reason.lines)) - min(len(reason.lines), _MOST_LINES)


def _lines(client: Client, task_id: str, result: LanguageResult) -> Mapping[str, Line]:
    try:
        return {line.segment_id: line for line in client.lines(task_id, result.language)}
    except LocalClipError:  # the reasons are printed without the texts of the lines
        return {}


def _line_text(segment_id: str, line: Line | None) -> str:
    if line is None:
        return segment_id
    text = line.text or line.source_text
    short = text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
    return f"{int(line.start_s) // 60}:{int(line.start_s) % 60:02d} {segment_id} {short}"
