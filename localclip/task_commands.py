"""Commands that control tasks: list, continue, stop, download, remove, and show what happened to them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from localclip.answering import tell_question
from localclip.dub import follow, script_named, split_languages
from localclip.editing import TaskId
from localclip.errors import LocalClipError
from localclip.results import already_there, fetch, refuse_unfinished, table
from localclip.terminal import AsJson, Key, Server, connect, console, print_json, screen
from localclip.verdict import short_of, tell_shortfalls
from localclip_client import Stage, Status, Task
from shared.pipeline import BASE

NOT_GOOD = 3
"""The requested results exist, but a gate did not pass; or a person's answer is needed."""


def tasks(
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    status: Annotated[str | None, typer.Option(help="pending, processing, completed, failed or canceled")] = None,
) -> None:
    """List the newest tasks."""
    with connect(server, api_key) as client:
        page = client.tasks(limit=limit, status=status)
    if as_json:
        print_json(page)
        return
    grid = Table(title=f"{len(page.tasks)} of {page.total} tasks", title_justify="left")
    for heading in ("task", "video", "status", "languages"):
        grid.add_column(heading, overflow="fold")
    for task in page.tasks:
        states = (f"{name} {state.progress:.0f}% {state.status}" for name, state in task.language_status.items())
        shown = "asks something (localclip answer)" if task.waiting_for else str(task.status)
        grid.add_row(task.task_id, task.video_original_name, shown, ", ".join(states))
    console.print(grid)


def process(
    task_id: TaskId,
    to: Annotated[str | None, typer.Option("--to", help="languages, such as es,fr [default: all of the task]")] = None,
    stage: Annotated[Stage, typer.Option(help="up to and including this stage")] = Stage.EXPORT,
    dub_changed: Annotated[
        bool, typer.Option("--dub-changed", help="first speak the lines edited since they were last spoken")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="wait until it is done")] = True,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Do what is missing or outdated in a task, mix the dub again and judge it.

    Ends like `dub`: with 0 when every language that was asked for is done and passed its gate, with 3 when one did not
    or somebody is waited for, with 1 when one could not be made. `--no-wait` ends with 0 once it is begun.
    """
    languages = split_languages(to) if to else ()
    with connect(server, api_key) as client:
        script = script_named(to or "")
        sent = [script if script and code == "zh" else code for code in languages]
        task = client.process(task_id, sent or None, stage, dub_changed=dub_changed)
        if wait:
            wanted = languages or tuple(task.config.target_languages)
            task = follow(client, task, wanted, screen(as_json), lambda now: now.status is not Status.PROCESSING)
            if task.waiting_for:
                tell_question(task_id, task.waiting_for, screen(as_json))
    _tell(task, as_json)
    if wait and (code := exit_code(task, languages, judged=stage is Stage.EXPORT)):
        raise typer.Exit(code)


def exit_code(task: Task, languages: Sequence[str], *, judged: bool) -> int:
    """0: done, and good if that is `judged`; 1: a language (none named: any) failed or was canceled; else 3."""
    states = [
        state for code, state in task.language_status.items() if code != BASE and (not languages or code in languages)
    ]
    if task.status is Status.FAILED or any(one.status in (Status.FAILED, Status.CANCELED) for one in states):
        return 1
    if task.waiting_for or any(one.waiting_for for one in states):
        return NOT_GOOD
    good = all(one.status is Status.COMPLETED and one.gate == "passed" for one in states)
    return NOT_GOOD if judged and not good else 0


def cancel(
    task_id: TaskId,
    to: Annotated[str | None, typer.Option("--to", help="languages, such as es,fr [default: all]")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Cancel a task; what is finished stays."""
    with connect(server, api_key) as client:
        _tell(client.cancel(task_id, split_languages(to) if to else None), as_json)


def approve(
    task_id: TaskId,
    languages: Annotated[list[str] | None, typer.Argument(help="languages [default: all that wait]")] = None,
    by: Annotated[str | None, typer.Option(help="name of who approves [default: the account]")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Approve languages that wait for approval: they continue."""
    with connect(server, api_key) as client:
        task = client.task(task_id)
        wanted = languages or task.at_stop
        if not wanted and not as_json:
            console.print(f"{task_id}: nothing waits for approval", markup=False)
        for language in wanted:
            task = client.approve(task_id, language, by)
            if not as_json:
                console.print(f"{task_id} {language}: {task.language_status[language].status}", markup=False)
    if as_json:
        print_json(task)


def retry(task_id: TaskId, as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """Do again what failed or was canceled in a task."""
    with connect(server, api_key) as client:
        _tell(client.retry(task_id), as_json)


def delete(
    task_ids: Annotated[list[str], typer.Argument(metavar="TASK...", help="ids of tasks, see `localclip tasks`")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Delete tasks with everything made from them, the uploaded video too. This cannot be undone."""
    if not yes and not (console.is_terminal and typer.confirm(f"remove {len(task_ids)} tasks and all their files?")):
        raise LocalClipError("nothing was removed; --yes removes without asking")
    with connect(server, api_key) as client:
        for task_id in task_ids:
            client.delete(task_id)
            if not as_json:
                console.print(f"{task_id} is removed", markup=False, highlight=False)
    if as_json:
        print_json({"removed": task_ids})


def download(
    task_id: TaskId,
    to: Annotated[
        str | None, typer.Option("--to", help="languages, such as es,fr [default: all that are done]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the files [default: ./<video>-dub]")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace existing files")] = False,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Fetch the dubs of a task with their subtitles and reports.

    Ends with 0 when every language that was asked for is there and passed its gate, with 3 when one did not pass, with
    1 when one is not there.
    """
    with connect(server, api_key) as client:
        task = client.task(task_id)
        folder = out or Path(f"{Path(task.video_original_name).stem or task_id}-dub")
        wanted = split_languages(to) if to else _done(task)
        refuse_unfinished(task, wanted)
        if not overwrite and (there := already_there(client, task, wanted, folder)):
            names = ", ".join(there)
            raise LocalClipError(f"{names} is in {folder} already: name another folder with --out, or --overwrite")
        results = fetch(client, task, wanted, folder)
        if as_json:
            print_json({"task_id": task_id, "languages": [one.as_json() for one in results]})
        else:
            console.print(table(task, results))
        tell_shortfalls(client, task_id, results, screen(as_json))
    if short_of(results):
        raise typer.Exit(NOT_GOOD)


def logs(
    task_id: TaskId,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many entries at most")] = 200,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Show what happened to a task, oldest first."""
    with connect(server, api_key) as client:
        found = client.logs(task_id, limit)
    if as_json:
        print_json(found)
        return
    for one in found:
        what = f"{one.language} {one.stage} {one.status}" + (f": {one.message}" if one.message else "")
        when = one.created_at.astimezone()
        console.print(f"{when:%Y-%m-%d %H:%M:%S} {what}", markup=False, highlight=False, soft_wrap=True)


COMMANDS: tuple[Callable[..., None], ...] = (tasks, process, cancel, approve, retry, delete, download, logs)


def _done(task: Task) -> tuple[str, ...]:
    states = task.language_status.items()
    return tuple(code for code, state in states if code != BASE and state.status is Status.COMPLETED)


def _tell(task: Task, as_json: bool) -> None:
    if as_json:
        print_json(task)
    else:
        console.print(f"{task.task_id}: {task.status}", markup=False)
