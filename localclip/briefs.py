"""The command that shows and replaces what the translators of a task are told."""

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from localclip.errors import LocalClipError
from localclip.terminal import AsJson, Key, Server, connect, console, print_json

if TYPE_CHECKING:
    from shared.messaging import Brief


def brief_command(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="id of the task, see `localclip tasks`")],
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="the new brief, .toml or .json [default: show it]"),
    ] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Show or replace the brief of a task: what it is about, for whom, tone, words never to write.

    It counts for what is translated from then on; `localclip dub --brief` begins with one.
    """
    new = read_brief(file) if file else None
    with connect(server, api_key) as client:
        if new is not None:
            client.set_brief(task_id, new)
            if as_json:
                print_json(new)
            else:
                console.print("saved; it counts for what is translated from now on", markup=False)
            return
        found = client.brief(task_id)
    print_json(found)


def read_brief(file: Path) -> "Brief":
    """A brief from its file. Raises: LocalClipError, with what is wrong with it."""
    from shared.messaging import Brief  # takes half a second, which other commands do not need

    try:
        text = file.read_text(encoding="utf-8")
        document = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
        return Brief.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise LocalClipError(f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ValueError, OSError) as error:
        raise LocalClipError(f"{file.name} is not a brief in TOML or JSON: {error}") from error
