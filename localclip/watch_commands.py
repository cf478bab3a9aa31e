"""The command that dubs what comes into a folder."""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from localclip.briefs import read_brief
from localclip.dub import script_named, split_languages
from localclip.local import kept_stack
from localclip.terminal import Key, Server, screen
from localclip.watching import Watching, What, telling
from localclip_client import Client

_OWN = "own"


def watch(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, metavar="DIR", help="folder to watch")],
    to: Annotated[str, typer.Option("--to", help="target languages, such as es,fr")],
    source: Annotated[str | None, typer.Option("--from", help="language spoken in the videos")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: ./<name>-dub]")] = None,
    brief: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="brief for the translator: .toml or .json")
    ] = None,
    still: Annotated[float, typer.Option(min=0, help="seconds a file must stay unchanged before it is taken")] = 10.0,
    poll: Annotated[float, typer.Option(min=0.05, help="seconds between checks")] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="exit when everything in the folder is finished")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="try again what failed before")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print what happens as JSON, one object on a line")] = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Dub every video that comes into a folder, until Ctrl-C.

    Files that are still being written are left alone. What was done is remembered beside the results, also across
    restarts; a file that fails is told, and tried again only when it is changed. Subtitles beside a video are taken by
    their names, as `localclip batch` does.
    """
    languages = split_languages(to)
    results = out or Path(f"{folder.resolve().name}-dub")
    shown_on = screen(as_json)
    new = {"brief": read_brief(brief) if brief else None, "chinese": script_named(to)}
    what = What(folder, results, languages, source, still, new)
    with _gateway(server, api_key, results, shown_on) as client:
        watching = Watching(client, what, telling(shown_on, as_json=as_json), server or _OWN)
        if retry_failed:
            watching.retry_failed()
        shown_on.print(f"watching {folder}; Ctrl-C stops it, the same command continues", markup=False, highlight=False)
        try:
            while True:
                watching.turn()
                if once and watching.is_idle:
                    break
                time.sleep(poll)
        except KeyboardInterrupt:
            shown_on.print("stopped watching; the same command continues", markup=False)


def _gateway(
    server: str | None, api_key: str | None, folder: Path, shown_on: Console
) -> AbstractContextManager[Client]:
    return Client(server, api_key) if server else kept_stack(shown_on, folder / ".localclip")
