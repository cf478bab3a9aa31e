"""Dub one video as a client: upload, watch, download."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from localclip.answering import ask, is_interactive, tell_question
from localclip.board import new_board, with_progress, with_task
from localclip.errors import LocalClipError
from localclip.results import LanguageResult, fetch, table
from localclip.verdict import short_of, tell_shortfalls
from localclip.view import create_view
from localclip_client import Client, NewTask, ProgressFrame, Status, Task, Trouble
from localclip_client.models import Remark, Timing
from shared.pipeline import BASE, TARGET_LANGUAGES, ChineseScript, chinese_script, one_script


@dataclass(frozen=True)
class Dubbed:
    """A finished task and its downloaded files."""

    task: Task
    results: tuple[LanguageResult, ...]

    @property
    def complete(self) -> bool:
        """Whether every language was made."""
        return all(result.status is Status.COMPLETED and result.video for result in self.results)

    @property
    def at_stop(self) -> tuple[str, ...]:
        """Languages that wait for approval."""
        return self.task.at_stop

    @property
    def good(self) -> bool:
        """Whether every language was dubbed and passed its gate."""
        return not short_of(self.results)


def offered(languages: Iterable[str], option: str = "") -> tuple[str, ...]:
    """Target languages without scripts and repetitions. Raises: LocalClipError, for one that is not offered."""
    named = [code.strip() for code in languages if code.strip()]
    found = tuple(dict.fromkeys("zh" if chinese_script(code) else code.lower() for code in named))
    unknown = [language for language in found if language not in TARGET_LANGUAGES]
    if unknown or not found:
        wrong = f"'{', '.join(unknown)}' is not offered" if unknown else "no language named"
        raise LocalClipError(f"{option}{wrong}; choose from {', '.join(TARGET_LANGUAGES)}")
    return found


def script_of(languages: Sequence[str], option: str = "") -> ChineseScript | None:
    """The script of Chinese that target languages name. Raises: LocalClipError, if they name both."""
    try:
        return one_script(languages)
    except ValueError as error:
        raise LocalClipError(f"{option}{error}") from error


def split_languages(text: str) -> tuple[str, ...]:
    """Those of `--to es,zh-Hant`. Raises: LocalClipError, for one that is not offered."""
    return offered(text.split(","), "--to: ")


def script_named(text: str, wanted: ChineseScript | None = None) -> ChineseScript | None:
    """The script in `--to es,zh-Hant`, or the one `wanted` by a separate option.

    Raises: LocalClipError, if they name both.
    """
    return script_of([*text.split(","), *([wanted] if wanted else [])], "--to: ")


def split_translations(entries: list[str], languages: tuple[str, ...]) -> dict[str, Path]:
    """Subtitle files by language from `es=FILE.srt`.

    Raises: LocalClipError, for a malformed entry, a missing file, or a language that is not requested.
    """
    found = {}
    for entry in entries:
        language, equals, name = entry.partition("=")
        if not equals or not Path(name).is_file():
            raise LocalClipError(f"--translation {entry}: write LANGUAGE=FILE with a file that exists")
        language = "zh" if chinese_script(language) else language
        if language not in languages:
            raise LocalClipError(f"--translation {entry}: '{language}' is not among the languages of --to")
        found[language] = Path(name)
    return found


def dub(client: Client, new: NewTask, folder: Path, console: Console) -> Dubbed:
    """Upload the video, show the progress, and download the files into `folder`.

    An interrupt (Ctrl-C) cancels the task before it is passed on.
    """
    task = _upload(client, new, console)
    told = tell_remarks(task, console)
    try:
        task = follow(client, task, new.target_languages, console, _is_at_stop)
        while task.waiting_for is not None:
            ask(client, task.task_id, task.waiting_for, console)
            task = follow(client, task, new.target_languages, console, _is_at_stop)
        results = fetch(client, task, tuple(new.target_languages), folder)
    except KeyboardInterrupt:
        console.print("canceling ...", style="yellow")
        client.cancel(task.task_id)
        raise
    console.print(table(task, results))
    if task.subtitle_remarks != told:
        tell_remarks(task, console)
    if task.subtitle_timing:
        tell_timing(task.task_id, task.subtitle_timing, console)
    tell_shortfalls(client, task.task_id, results, console)
    if task.note:
        console.print(task.note, style="yellow", markup=False)
    return Dubbed(task, results)


def tell_remarks(task: Task, console: Console) -> Mapping[str, Sequence[Remark]]:
    """Print what was repaired, merged or left out of subtitle files, and return it."""
    for code, remarks in task.subtitle_remarks.items():
        for one in remarks:
            rows = f" (rows {', '.join(map(str, one.rows))}{' ...' if one.count > len(one.rows) else ''})"
            action = one.action.replace("_", " ")
            file = "subtitles" if code == BASE else f"translation {code}"
            text = f"{file}: {one.count} × {action}: {one.text}{rows if one.rows else ''}"
            console.print(text, style="yellow", markup=False, highlight=False)
    return task.subtitle_remarks


def tell_timing(task_id: str, timing: Timing, console: Console) -> None:
    """Print that the source subtitles are out of step with the speech, and how to move them."""
    late = "late" if timing.shift_s < 0 else "early"
    speed = f", and made for {1 / timing.rate:.4f} of its speed" if timing.rate != 1 else ""
    console.print(
        f"subtitles: {abs(timing.shift_s):.1f} s {late} against the speech{speed} ({timing.overlap:.0%} of both agree, "
        f"{timing.overlap_shifted:.0%} after a shift). Shift them by {timing.shift_s:+.2f} s? "
        f"POST /api/tasks/{task_id}/segments/shift moves all lines",
        style="yellow",
        markup=False,
        highlight=False,
    )


def _upload(client: Client, new: NewTask, console: Console) -> Task:
    if new.video is None or not console.is_terminal:
        return client.create(new)
    columns = (TextColumn("upload"), BarColumn(bar_width=28), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("upload", total=new.video.stat().st_size)
        return client.create(new, on_sent=lambda sent: progress.update(bar, completed=sent))


def _is_at_stop(task: Task) -> bool:
    return bool(task.at_stop)


def follow(
    client: Client, task: Task, languages: Sequence[str], console: Console, is_over: Callable[[Task], bool]
) -> Task:
    """Show the progress until the task has ended or stops, or asks something that somebody at this terminal can
    answer."""
    board = with_task(new_board(tuple(languages)), task)
    told = None
    with create_view(console) as view:
        view.show(board)
        for update in client.follow_task(task.task_id):
            if isinstance(update, Trouble):
                view.note(update.text or "the gateway answers again")
                continue
            if isinstance(update, ProgressFrame):
                board = with_progress(board, update)
            else:
                task = update
                board = with_task(board, task)
            view.show(board)
            if is_over(task):
                break
            if task.waiting_for and task.waiting_for != told:
                if is_interactive(console):
                    break
                told = task.waiting_for
                tell_question(task.task_id, told, console)
    return task
