"""The command that dubs a folder of videos, or a manifest, as one batch."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from localclip.batching import Batching, end_table, plan_table
from localclip.briefs import read_brief
from localclip.dub import script_named, split_languages
from localclip.errors import LocalClipError
from localclip.local import kept_stack
from localclip.pairing import Manifest, from_files, read_manifest
from localclip.terminal import AsJson, Key, Server, print_json, screen
from localclip_client import Client
from shared.pipeline import Stage

_OWN = "own"
_S3 = "s3:"
_STOPS = (Stage.DIARIZATION, Stage.TRANSLATION, Stage.CLONING)


def batch(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|MANIFEST|s3:PREFIX", help="a folder, a .csv or .json manifest, or a folder of the bucket"
        ),
    ],
    to: Annotated[str | None, typer.Option("--to", help="target languages, such as es,fr")] = None,
    source: Annotated[str | None, typer.Option("--from", help="language spoken in the videos")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: ./<name>-dub]")] = None,
    stop_after: Annotated[
        str | None, typer.Option(help="wait after this stage until `localclip approve` (needs --server)")
    ] = None,
    brief: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="brief for the translator: .toml or .json")
    ] = None,
    name: Annotated[str | None, typer.Option(help="what the batch is called [default: the folder's name]")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only show what would be done and what is refused")
    ] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="dub the rest where rows or languages are refused")
    ] = False,
    deliver: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="also copy the files into the operator's bucket (needs --server)"),
    ] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Dub every video of a folder, manifest or bucket; the same command again goes on where it was, nothing twice.

    Subtitles beside a video are taken by their names: talk.mp4, talk.en.srt, talk.es.srt. Ends like `dub`: with 0 only
    when every language of every video passed its gate, with 3 when not or when somebody is waited for, with 1 when a
    video could not be made.
    """
    languages = split_languages(to) if to else ()
    called = what.removeprefix(_S3).strip("/").rsplit("/", 1)[-1] or "bucket"
    called = called if what.startswith(_S3) else Path(what).resolve().stem
    folder = out or Path(f"{called}-dub")
    manifest = _manifest(what, languages, source, folder)
    config = {
        "target_languages": list(languages),
        "source_language": source,
        "chinese": script_named(to or ""),
        "stop_after": stop_after,
        "brief": read_brief(brief).model_dump(mode="json") if brief else None,
    }
    named = name or manifest.body.get("name") or called
    run(with_config(manifest, config, named), folder, server, api_key, dry_run, skip_refused, as_json, deliver)


def _manifest(what: str, languages: Sequence[str], source: str | None, folder: Path) -> Manifest:
    """What a command was given. Raises: LocalClipError; BadParameter, where it is not there."""
    if what.startswith(_S3):
        return Manifest(folder, {"source_prefix": what.removeprefix(_S3).strip("/")})
    path = Path(what)
    if not path.exists():
        raise typer.BadParameter(f"{what} is not here: name a folder, a .csv or .json, or s3: and a folder of a bucket")
    if path.is_dir() or path.suffix.lower() not in (".csv", ".json"):
        return from_files([path], languages, source, folder)
    return read_manifest(path)


def with_config(manifest: Manifest, config: dict[str, Any], name: str) -> Manifest:
    """The manifest with the command's options for every row; its own config takes precedence."""
    said = {key: value for key, value in config.items() if value}
    return Manifest(
        manifest.root, {**manifest.body, "name": name, "config": {**said, **manifest.body.get("config", {})}}
    )


def run(
    manifest: Manifest,
    folder: Path,
    server: str | None,
    api_key: str | None,
    dry_run: bool = False,
    skip_refused: bool = False,
    as_json: bool = False,
    deliver: str | None = None,
) -> None:
    """Dub a manifest into a folder. Raises: typer.Exit, with the command's exit code."""
    stop = manifest.body["config"].get("stop_after")
    if stop and stop not in _STOPS:
        raise LocalClipError(f"--stop-after: no stage '{stop}'; choose from {', '.join(_STOPS)}")
    if stop and not server:
        raise LocalClipError("--stop-after needs --server: a temporary gateway ends with this command")
    if deliver is not None and not server:
        raise LocalClipError("--deliver needs --server: a temporary gateway has no bucket")
    told_on = screen(as_json)
    with _gateway(server, api_key, folder, told_on) as client:
        batching = Batching(client, manifest, folder, told_on, server or _OWN)
        if dry_run:
            plan = batching.plan()
            if as_json:
                print_json(plan)
            else:
                told_on.print(plan_table(plan))
            raise typer.Exit(1 if plan.refused else 0)
        try:
            ended = batching.run(skip_refused=skip_refused)
            if deliver is not None:
                batching.deliver(ended, deliver)
        except KeyboardInterrupt:
            told_on.print("stopped watching; the same command continues", style="yellow")
            raise
    if as_json:
        rows = [one.as_json() for one in ended.outcomes]
        told = {"batches": ended.batch_ids, "rows": rows, "exit": ended.exit_code}
        if deliver is not None:
            told["deliveries"] = [one.model_dump(mode="json") for one in ended.deliveries]
        print_json(told)
    else:
        told_on.print(end_table(ended))
    if ended.exit_code:
        raise typer.Exit(ended.exit_code)


def _gateway(server: str | None, api_key: str | None, folder: Path, told_on: Console) -> AbstractContextManager[Client]:
    return Client(server, api_key) if server else kept_stack(told_on, folder / ".localclip")


def several(videos: Sequence[Path], languages: Sequence[str], source: str | None, folder: Path) -> Manifest:
    """The arguments of `dub`, if they are more than one file."""
    return from_files(videos, languages, source, folder)
