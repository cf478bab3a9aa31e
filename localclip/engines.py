"""The command that tells what a task keeps to, and changes it to what is better."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from localclip.terminal import AsJson, Key, Server, connect, console, print_json
from localclip_client.models import TaskEngine


class Port(StrEnum):
    """A kind of engine; typer takes no list of literals."""

    RECOGNIZER = "recognizer"
    TRANSLATOR = "translator"
    VOICE = "voice"


def engines(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="id of the task, see `localclip tasks`")],
    upgrade: Annotated[
        str | None,
        typer.Option(
            metavar="LANGS",
            help="change these languages, such as es,fr, to what is better: 'all' for every target language, 'base' "
            "for what listened to the video",
        ),
    ] = None,
    port: Annotated[list[Port] | None, typer.Option(help="only this kind of engine; may be repeated")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Show the engines a task began with and keeps to, what would be better, and change to it.

    An upgrade outdates what others made and does nothing again by itself: `localclip redub` does, `localclip undo`
    takes it back.
    """
    with connect(server, api_key) as client:
        if upgrade is None:
            found = client.task_engines(task_id)
        else:
            languages = None if upgrade == "all" else [code.strip() for code in upgrade.split(",") if code.strip()]
            found = client.upgrade_engines(task_id, languages, port or None)
    if as_json:
        print_json(found)
        return
    console.print(engines_table(found))
    for line in advice(found, task_id):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def engines_table(found: tuple[TaskEngine, ...]) -> Table:
    """Language by language."""
    grid = Table(title=f"{len(found)} engines", title_justify="left")
    for heading in ("language", "for", "engine", "wrong", "better", "wrong then", "does again"):
        grid.add_column(heading, overflow="fold")
    for one in found:
        named = one.named if one.here is not False else f"{one.named} [red](not here any more)[/red]"
        offer = one.offer
        better = (offer.named, _percent(offer.error_percent), offer.does_again) if offer else ()
        grid.add_row(one.language, one.port, named, _percent(one.error_percent), *better)
    return grid


def advice(found: tuple[TaskEngine, ...], task_id: str) -> list[str]:
    """The commands that change something."""
    languages = sorted({one.language for one in found if one.offer})
    if not languages:
        return []
    return [f"to change: localclip engines {task_id} --upgrade {','.join(languages)}"]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:g} %"
