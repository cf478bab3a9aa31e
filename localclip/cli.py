"""The command line."""

import json
import signal
import sys
from contextlib import AbstractContextManager
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal, NoReturn

import typer
from dotenv import load_dotenv
from rich.console import Console
from rich.table import Table

from localclip import (
    account_commands,
    backup_commands,
    batch_commands,
    checks,
    doctor,
    editing,
    model_commands,
    task_commands,
    watch_commands,
    webhook_commands,
)
from localclip.answering import answer, is_interactive
from localclip.briefs import brief_command, read_brief
from localclip.dub import Dubbed, dub, script_named, split_languages, split_translations
from localclip.engines import engines
from localclip.errors import LocalClipError
from localclip.exports import choose_recipe, export, named_recipe, speak_changed
from localclip.local import temporary_stack
from localclip.logview import shown
from localclip.mcp_command import mcp
from localclip.sample import make_sample
from localclip.stack import WORKERS, Stack, StackOptions
from localclip.starter import ensure_starter
from localclip.terminal import AsJson, Key, Server, connect, console, print_json, screen
from localclip_client import Client, NewTask
from shared.pipeline import PipelineError
from shared.transcript import CoverWay, PictureMode, SourceText

app = typer.Typer(
    name="localclip",
    help="Dub videos in batches.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class OnDoubt(StrEnum):
    """What to do about a transcript that is doubtful as a whole."""

    ASK = "ask"
    CONTINUE = "continue"
    FAIL = "fail"


class StopAfter(StrEnum):
    """Where languages wait for approval."""

    SPEAKER_DIARIZATION = "speaker_diarization"
    TRANSLATION = "translation"
    VOICE_CLONING = "voice_cloning"


def _tell_version(wanted: bool) -> None:
    if wanted:
        console.print(f"localclip {version('localclip')}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="show the version and exit")
    ] = False,
) -> None:
    """Dub videos in batches."""


app.add_typer(account_commands.glossary, name="glossary")
app.add_typer(account_commands.cast, name="cast")
app.add_typer(model_commands.models, name="models")
app.add_typer(webhook_commands.webhooks, name="webhooks")
app.command()(account_commands.review)
app.command()(answer)
app.command()(batch_commands.batch)
app.command()(watch_commands.watch)
app.command("backup")(backup_commands.save)
app.command("restore")(backup_commands.restore)
app.command()(mcp)


@app.command()
def up(
    host: Annotated[str, typer.Option(envvar="LOCALCLIP_HOST", help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="LOCALCLIP_PORT", min=1, max=65535, help="port to listen on")] = 8080,
    data: Annotated[Path, typer.Option(help="folder for everything that is kept")] = Path("data"),
    only: Annotated[
        str | None, typer.Option(help="workers to run, of " + ",".join(WORKERS) + "; 'none' for none")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="show every line of the logs")] = False,
) -> None:
    """Run the whole product until Ctrl-C; what it holds stays in the data folder."""
    workers = _workers(only)
    if {"diarizer", "cloner"} & set(workers):
        ensure_starter(_tell, _warn)
    options = StackOptions(data, host, port, workers)
    stack = Stack(options, tell=_warn, on_line=_show_all if verbose else _show)
    try:
        with stack:
            console.print(
                f"LocalClip is ready at {stack.url} (broker: {stack.broker_url}, data: {data}, logs: {data / 'logs'}); "
                "Ctrl-C stops it",
                highlight=False,
                soft_wrap=True,
            )
            if stack.reader_file:
                console.print(
                    f"your own programs read events with the login in {data / 'broker' / stack.reader_file.name}, "
                    "and send commands with the one in operator.env beside it",
                    highlight=False,
                    soft_wrap=True,
                )
            stack.wait()
    except KeyboardInterrupt:
        console.print("stopped")


@app.command("dub")
def dub_command(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", exists=True, help="video files and folders")],
    to: Annotated[str, typer.Option("--to", help="target languages, such as es,fr")],
    source: Annotated[str | None, typer.Option("--from", help="language spoken in the video")] = None,
    speakers: Annotated[int | None, typer.Option(min=1, max=20, help="number of speakers, if known")] = None,
    audio_track: Annotated[
        str | None, typer.Option(help="audio track to use, counted from 1; 1+2 mixes two [default: chosen for you]")
    ] = None,
    text_track: Annotated[
        int | None, typer.Option(min=1, help="subtitle track of the file to use instead of recognition, counted from 1")
    ] = None,
    source_text: Annotated[
        SourceText | None,
        typer.Option(help="where the source text comes from [default: the subtitles you give, else the best there is]"),
    ] = None,
    picture: Annotated[
        PictureMode | None,
        typer.Option(help="subtitles burned into the video: left, covered, or covered and set anew [default: left]"),
    ] = None,
    cover: Annotated[CoverWay | None, typer.Option(help="how they are covered [default: blur]")] = None,
    on_doubt: Annotated[
        OnDoubt | None,
        typer.Option(help="if the whole transcript is doubtful: ask, continue and say so, or fail"),
    ] = None,
    chinese: Annotated[
        Literal["zh-Hans", "zh-Hant"] | None,
        typer.Option(help="script of Chinese transcripts and translations; `--to zh-Hant` sets it too"),
    ] = None,
    other_languages: Annotated[
        Literal["translate", "keep"] | None,
        typer.Option(help="what to do with lines in other languages than the video's [default: translate]"),
    ] = None,
    brief: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="brief for the translator: a .toml or .json file"),
    ] = None,
    stop_after: Annotated[
        StopAfter | None, typer.Option(help="wait after this stage until `localclip approve` (needs --server)")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: ./<video>-dub]")] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="subtitles in the spoken language, instead of recognition (needs --from)"
        ),
    ] = None,
    translation: Annotated[
        list[str] | None, typer.Option(help="your own translation: es=FILE.srt; may be repeated")
    ] = None,
    server: Server = None,
    api_key: Key = None,
    keep: Annotated[bool, typer.Option("--keep", help="keep the folder of the temporary stack")] = False,
    master: Annotated[bool, typer.Option("--master", help="also make one video with all languages as tracks")] = False,
    as_json: AsJson = False,
) -> None:
    """Dub a video, or several as a batch, on a running gateway or a temporary one.

    Several files, or a folder, become a batch, with subtitles matched by name (see `localclip batch`); the same
    command continues it where it stopped.

    Exit code 0: every language passed its gate. 3: one did not, or nothing was dubbed in it (the files are there, the
    reasons are printed), or it waits for approval. 1: a language could not be made.
    """
    languages = split_languages(to)
    if subtitles and not source:
        raise LocalClipError("--subtitles needs --from: name the language the subtitles are in")
    shown_on = screen(as_json)
    if on_doubt is OnDoubt.ASK and not (server or is_interactive(shown_on)):
        raise LocalClipError(
            "--on-doubt ask: nobody can answer here; use a terminal, or a --server that others can reach"
        )
    if stop_after and not server:
        raise LocalClipError("--stop-after needs --server: a temporary gateway ends with this command")
    video = videos[0]
    new = NewTask(
        video=video,
        target_languages=languages,
        source_language=source,
        num_speakers=speakers,
        audio_track=audio_track,
        text_track=text_track,
        source_text=source_text,
        export_settings={name: value for name, value in (("picture", picture), ("cover", cover)) if value},
        on_doubt=on_doubt,
        chinese=script_named(to, chinese),
        other_languages=other_languages,
        brief=read_brief(brief) if brief else None,
        subtitles=subtitles,
        translations=split_translations(translation or [], languages),
        stop_after=stop_after,
    )
    folder = out or Path(f"{video.resolve().stem}-dub")
    if len(videos) > 1 or video.is_dir():
        if subtitles or translation or master:
            raise LocalClipError(
                "with several videos, subtitles are found by name (talk.mp4, talk.es.srt) and there is no --master"
            )
        manifest = batch_commands.several(videos, languages, source, folder)
        config = batch_commands.with_config(manifest, new.config(), video.resolve().stem)
        batch_commands.run(config, folder, server, api_key, as_json=as_json)
        return
    made: tuple[Path, ...] = ()
    with _gateway(server, api_key, shown_on, keep=keep) as client:
        dubbed = dub(client, new, folder, shown_on)
        if master and dubbed.complete:
            recipe = choose_recipe(client, "master", languages, [f"name={video.stem[:50]}.master"])
            made = export(client, dubbed.task.task_id, recipe, folder, shown_on)
    if as_json:
        told = [result.as_json() for result in dubbed.results]
        print_json({"task_id": dubbed.task.task_id, "languages": told, "master": made, "note": dubbed.task.note})
    if dubbed.at_stop:
        raise typer.Exit(task_commands.NOT_GOOD)
    _fail_unless_complete(dubbed)
    if not dubbed.good:
        raise typer.Exit(task_commands.NOT_GOOD)


@app.command()
def demo(
    video: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="a video [default: a sample is made]")
    ] = None,
    to: Annotated[str, typer.Option("--to", help="target languages")] = "es,fr",
    source: Annotated[str | None, typer.Option("--from", help="language spoken in the video")] = None,
    out: Annotated[Path, typer.Option(help="folder for the results")] = Path("demo-output"),
) -> None:
    """Dub a sample video (or yours) on a temporary gateway, and check the exported files."""
    languages = split_languages(to)
    ensure_starter(_tell, _warn)
    if video is None:
        with console.status("making a sample video ..."):
            video = make_sample(out / "sample.mp4")
        console.print(f"sample video: {video}", markup=False)
        source = source or "en"
    with _gateway(None, None, console) as client:
        dubbed = dub(client, NewTask(video, languages, source, chinese=script_named(to)), out, console)
    with console.status("checking the exported files ..."):
        found = tuple(
            check for result in dubbed.results for check in checks.check_export(result, video, dubbed.task.note)
        )
    console.print(checks.table(found))
    _fail_unless_complete(dubbed)
    if not all(check.passed for check in found):
        raise LocalClipError("an export did not pass its checks")


@app.command("export")
def export_command(
    task_id: Annotated[str, typer.Argument(help="a dubbed task")],
    recipe: Annotated[str, typer.Option(help="name of a recipe (see `localclip recipes`), or a .json file")] = "master",
    to: Annotated[str | None, typer.Option("--to", help="languages, such as es,fr [default: all finished]")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="change the recipe, as in container=mkv; may be repeated")
    ] = None,
    dub_changed: Annotated[
        bool, typer.Option("--dub-changed", help="first speak the lines edited since they were last spoken")
    ] = False,
    out: Annotated[Path, typer.Option(help="folder for the files")] = Path("export"),
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Make files of a dubbed task by a recipe; nothing is dubbed again, unless changed lines are asked for."""
    with connect(server, api_key) as client:
        languages = split_languages(to) if to else ()
        if dub_changed:
            speak_changed(client, task_id, languages, screen(as_json))
        chosen = named_recipe(client, task_id, recipe, languages, settings or ())
        files = export(client, task_id, chosen, out, screen(as_json))
    if as_json:
        print_json({"task_id": task_id, "files": files})


@app.command()
def recipes(as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """List the recipes that `export` knows by name."""
    with connect(server, api_key) as client:
        presets = client.presets()
    if as_json:
        print_json(presets)
        return
    grid = Table(title="recipes", title_justify="left")
    for heading in ("name", "makes", "in detail"):
        grid.add_column(heading, overflow="fold")
    for preset in presets:
        grid.add_row(preset.name, preset.title, preset.description)
    console.print(grid)


@app.command()
def sample(target: Annotated[Path, typer.Argument(help="where to write it, such as sample.mp4")]) -> None:
    """Make the sample video."""
    console.print(str(make_sample(target)), markup=False, highlight=False)


@app.command("doctor")
def doctor_command(
    as_json: AsJson = False,
    data: Annotated[Path, typer.Option(help="data folder to look at")] = Path("data"),
) -> None:
    """Show what is installed, and how to install what is missing."""
    findings = doctor.examine(data)
    if as_json:
        print_json(doctor.as_json(findings))
    else:
        console.print(doctor.table(findings))
        console.print(doctor.languages())
        for line in doctor.advice(findings):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if doctor.missing(findings):
        raise typer.Exit(1)


app.command()(engines)
app.command("brief")(brief_command)
for command in (*task_commands.COMMANDS, *editing.COMMANDS):
    app.command()(command)


@app.command()
def events(
    task_id: Annotated[str | None, typer.Argument(help="one task [default: all]")] = None,
    since: Annotated[
        str | None, typer.Option(help="id of the last event seen; the events after it are printed first")
    ] = None,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Print facts as JSON lines until Ctrl-C."""
    with connect(server, api_key) as client:
        for event in client.events(task_id, since):
            if event.is_fact:
                print(json.dumps({"id": event.id, "event": event.event, "data": event.data}), flush=True)


def _workers(only: str | None) -> tuple[str, ...]:
    if only is None:
        return tuple(WORKERS)
    wanted = tuple(filter(None, (name.strip() for name in only.split(",") if name.strip() != "none")))
    unknown = [name for name in wanted if name not in WORKERS]
    if unknown:
        raise LocalClipError(f"--only: no worker '{unknown[0]}'; choose from {', '.join(WORKERS)}, or none")
    return wanted


def _gateway(
    server: str | None, api_key: str | None, shown_on: Console, *, keep: bool = False
) -> AbstractContextManager[Client]:
    return connect(server, api_key) if server else temporary_stack(shown_on, keep=keep)


def _fail_unless_complete(dubbed: Dubbed) -> None:
    if not dubbed.complete:
        reasons = "; ".join(f"{result.language}: {result.reason}" for result in dubbed.results if result.reason)
        raise LocalClipError(reasons or "no video was exported")


def _tell(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _warn(text: str) -> None:
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _show(service: str, line: str) -> None:
    short = shown(service, line)
    if short:
        console.print(short[0], style=short[1], markup=False, highlight=False, soft_wrap=True)


def _show_all(service: str, line: str) -> None:
    console.print(f"{service:<11} {line}", markup=False, highlight=False, soft_wrap=True)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run a command; what a person can do something about is one line, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    load_dotenv(Path(".env"))
    try:
        app(prog_name="localclip")  # ends the process: 0, 2 for wrong usage, 130 after an interrupt
    except (LocalClipError, PipelineError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
