"""Commands for what an account keeps, glossary and cast, and for the review list."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from localclip.terminal import AsJson, Key, Server, connect, console, print_json
from localclip_client.models import ReviewLine

glossary = typer.Typer(help="Terms with a fixed translation.", no_args_is_help=True)
cast = typer.Typer(help="People known from earlier videos.", no_args_is_help=True)


@glossary.command("list")
def list_terms(
    source: Annotated[str | None, typer.Option("--from", help="source language")] = None,
    target: Annotated[str | None, typer.Option("--to", help="target language")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Show the terms."""
    with connect(server, api_key) as client:
        terms = client.terms(source, target)
    if as_json:
        print_json(terms)
        return
    grid = _grid(f"{len(terms)} terms", "id", "from", "to", "term", "translation", "spoken")
    for term in terms:
        grid.add_row(
            term.term_id,
            term.source_language,
            term.target_language or "all",
            term.source,
            term.target or "(stays as it is)",
            term.pronunciation or "",
        )
    console.print(grid)


@glossary.command("add")
def add_term(
    term: Annotated[str, typer.Argument(help="the source text")],
    translation: Annotated[str | None, typer.Argument(help="its translation [default: unchanged]")] = None,
    source: Annotated[str, typer.Option("--from", help="source language")] = "en",
    target: Annotated[str | None, typer.Option("--to", help="target language [default: all]")] = None,
    spoken: Annotated[str | None, typer.Option(help="how voices pronounce it")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Add a term; translations made from now on use it."""
    with connect(server, api_key) as client:
        made = client.add_term(source, target, term, translation, spoken)
    if as_json:
        print_json(made)
        return
    console.print(f"{made.term_id}: {made.source} → {made.target or made.source}", markup=False, highlight=False)


@glossary.command("remove")
def remove_term(term_id: str, as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """Remove a term by its id."""
    with connect(server, api_key) as client:
        client.remove_term(term_id)
    if as_json:
        print_json({"removed": term_id})


@glossary.command("import")
def import_terms(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV: source_language,target_language,source,target,pronunciation"
        ),
    ],
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Import a CSV file, all of it or nothing."""
    with connect(server, api_key) as client:
        done = client.import_terms(file)
    if as_json:
        print_json(done)
        return
    console.print(", ".join(f"{count} {word}" for word, count in done.items()), markup=False, highlight=False)


_YES_NO = {True: "yes", False: "no"}


@cast.command("list")
def list_cast(as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """List the people known."""
    with connect(server, api_key) as client:
        members = client.cast()
    if as_json:
        print_json(members)
        return
    grid = _grid(f"{len(members)} people", "id", "name", "voice", "episodes", "known again")
    for member in members:
        voice = f"{member.voice['kind']} {member.voice['id']}" if member.voice else "their own"
        known = "once a new speaker is said to be them" if member.outdated else _YES_NO[member.recognizable]
        grid.add_row(member.cast_id, member.name, voice, str(member.episodes), known)
    console.print(grid)


@cast.command("keep")
def keep_speaker(
    task_id: str,
    speaker_id: Annotated[str, typer.Argument(help="such as spk_1")],
    name: Annotated[str | None, typer.Option(help="the person's name [default: the speaker's]")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Keep a speaker of a task, so that later tasks know the voice."""
    with connect(server, api_key) as client:
        member = client.keep_speaker(task_id, speaker_id, name)
    if as_json:
        print_json(member)
        return
    console.print(f"{member.cast_id}: {member.name}", markup=False, highlight=False)


def review(
    task_id: str,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many lines at most")] = 30,
    minor: Annotated[bool, typer.Option("--minor", help="also lines that are only sped up or doubtful")] = False,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """List the lines of a task worth a look, worst first over all languages."""
    with connect(server, api_key) as client:
        lines, total = client.review(task_id, limit, minor=minor)
    if as_json:
        print_json({"lines": lines, "total": total})
        return
    if not lines:
        console.print("no line needs a look")
        return
    grid = _grid(f"{len(lines)} of {total} lines", "score", "language", "at", "line", "text", "why")
    for line in lines:
        grid.add_row(
            f"{line.score:.0f}", line.language, _clock(line.start_s), line.segment_id, line.text or "", _why(line)
        )
    console.print(grid)


def _why(line: ReviewLine) -> str:
    return "; ".join(reason.text for reason in line.reasons)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _grid(title: str, *headings: str) -> Table:
    grid = Table(title=title, title_justify="left")
    for heading in headings:
        grid.add_column(heading, overflow="fold")
    return grid
