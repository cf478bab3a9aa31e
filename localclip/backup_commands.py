"""Backups on the command line, for a stack on this machine."""

import os
from pathlib import Path
from typing import Annotated

import typer

from localclip import backup
from localclip.terminal import console

Data = Annotated[Path, typer.Option(help="folder for everything that is kept, as `localclip up` has it")]


def save(
    folder: Annotated[Path, typer.Argument(help="where the sets are kept")] = Path("backups"),
    data: Data = Path("data"),
    keep: Annotated[int, typer.Option(min=1, help="how many of the newest sets to keep")] = 7,
    check: Annotated[bool, typer.Option("--check", help="check the newest set instead of making one")] = False,
) -> None:
    """Save database and files as a set named after the time; `localclip up` may be running."""
    if check:
        made = backup.newest(folder) or folder
        with console.status(f"reading {made} ..."):
            count = backup.check(made)
        _say(f"{made} is whole: {count} objects and the database")
        return
    with console.status("saving ..."):
        saved = backup.save(backup.place_of(data, os.environ), folder, keep)
    _say(f"saved {saved.folder}: {saved.objects} objects and the database")
    if saved.lost:
        _say(f"{saved.lost} objects were deleted meanwhile: their tasks may be listed without files")


def restore(
    folder: Annotated[Path, typer.Argument(help="a set, or a folder of sets, of which the newest is taken")],
    data: Data = Path("data"),
) -> None:
    """Restore a backup; what is there is moved aside. Refused while `localclip up` runs on it."""
    with console.status("checking and restoring ..."):
        made, old = backup.restore(backup.place_of(data, os.environ), folder)
    _say(f"restored from {made}; what was there is in {old}, remove it when all is well")


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
