"""Commands that read and edit lines, do them again, and undo."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from localclip.errors import LocalClipError
from localclip.terminal import AsJson, Key, Server, connect, console, print_json
from localclip_client import Client, Line, LineState
from localclip_client.models import Take

TaskId = Annotated[str, typer.Argument(metavar="TASK", help="id of the task, see `localclip tasks`")]
Language = Annotated[str, typer.Argument(metavar="LANG", help="target language, such as es")]
LineId = Annotated[str, typer.Argument(metavar="LINE", help="id of the line, see `localclip lines`")]

_COLOURS = {LineState.DUBBED: "green", LineState.FAILED: "red", LineState.STALE: "yellow"}
_ENDED = (LineState.DUBBED, LineState.FAILED)
_VOICE_KINDS = ("stock", "speaker", "clip")
_POLL_S = 0.2


def lines(
    task_id: TaskId,
    language: Language,
    state: Annotated[LineState | None, typer.Option(help="only lines in this state")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """List the lines of a language."""
    with connect(server, api_key) as client:
        found = [line for line in client.lines(task_id, language) if state in (None, line.state)]
    if as_json:
        print_json(found)
    else:
        console.print(lines_table(found, f"{task_id}, {language}: {len(found)} lines"))


def edit(
    task_id: TaskId,
    language: Language,
    line_id: LineId,
    text: Annotated[str | None, typer.Option(help="what the line says")] = None,
    start: Annotated[float | None, typer.Option(min=0, help="when it begins, in seconds")] = None,
    end: Annotated[float | None, typer.Option(min=0, help="when it ends, in seconds")] = None,
    speaker: Annotated[str | None, typer.Option(help="id of the speaker who says it")] = None,
    voice: Annotated[
        str | None,
        typer.Option(help="stock:NAME, speaker:ID or clip:ID to speak like; 'own' for the speaker's own voice"),
    ] = None,
    omit: Annotated[bool | None, typer.Option("--omit/--no-omit", help="keep the original audio")] = None,
    pin: Annotated[bool | None, typer.Option("--pin/--no-pin", help="keep this take")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Edit a line; `localclip redub` speaks it again."""
    given = {"text": text, "start_s": start, "end_s": end, "speaker_id": speaker, "omitted": omit, "pinned": pin}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if voice is not None:
        changes["voice"] = voice_choice(voice)
    if not changes:
        raise LocalClipError("nothing to change: give --text, --voice or another option (see --help)")
    with connect(server, api_key) as client:
        changed = client.edit_line(task_id, client.line(task_id, language, line_id), language, **changes)
    _show([changed], as_json)


def redub(
    task_id: TaskId,
    language: Language,
    line_ids: Annotated[list[str] | None, typer.Argument(metavar="[LINE]...", help="[default: all outdated]")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="wait until they are spoken")] = True,
    timeout: Annotated[float, typer.Option(min=1, help="how many seconds to wait at most")] = 600.0,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Speak lines again: those named, or all that edits have outdated. The next export has them."""
    with connect(server, api_key) as client:
        now = client.lines(task_id, language)
        before = {line.segment_id: line.version for line in now}
        count = client.redub(task_id, language, line_ids or ())
        if not as_json:
            console.print(f"{count} {'line is' if count == 1 else 'lines are'} spoken again", markup=False)
        if wait:
            wanted = list(line_ids or (line.segment_id for line in now if outdated(line)))
            _show(_wait(client, task_id, language, wanted, before, timeout), as_json)


def listen(
    task_id: TaskId,
    language: Language,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Check all takes that were not checked yet: on its own LocalClip recognizes only some, the doubtful ones first."""
    with connect(server, api_key) as client:
        count = client.listen(task_id, language)
    if as_json:
        print_json({"lines": count})
        return
    console.print(f"{count} {'line is' if count == 1 else 'lines are'} heard; the gate follows", markup=False)


def takes(
    task_id: TaskId,
    language: Language,
    line_id: LineId,
    choose: Annotated[str | None, typer.Option(metavar="TAKE", help="use this take again, and pin it")] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """List the takes a line has had, or choose one."""
    with connect(server, api_key) as client:
        if choose:
            client.choose_take(task_id, language, client.line(task_id, language, line_id), choose)
        found = client.takes(task_id, language, line_id)
        address = client.server
    if as_json:
        print_json(found)
    else:
        console.print(takes_table(found, address))


def undo(task_id: TaskId, as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """Revert the newest edit of a task."""
    with connect(server, api_key) as client:
        edit = client.undo(task_id)
    print_json([edit]) if as_json else console.print(f"undone: {edit.summary}", markup=False, highlight=False)


def redo(task_id: TaskId, as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """Redo the edit that was undone last."""
    with connect(server, api_key) as client:
        edit = client.redo(task_id)
    print_json([edit]) if as_json else console.print(f"done again: {edit.summary}", markup=False, highlight=False)


COMMANDS: tuple[Callable[..., None], ...] = (lines, edit, redub, listen, takes, undo, redo)


def voice_choice(text: str) -> dict[str, str] | None:
    """Read `kind:id`; None for `own`. Raises: LocalClipError."""
    if text == "own":
        return None
    kind, colon, id_ = text.partition(":")
    if not colon or not id_ or kind not in _VOICE_KINDS:
        raise LocalClipError(f"voice '{text}' is not stock:NAME, speaker:ID, clip:ID or own")
    return {"kind": kind, "id": id_}


def lines_table(found: Sequence[Line], title: str) -> Table:
    """Time, speaker, state, what is said and what it came from."""
    grid = Table(title=title, title_justify="left")
    for heading in ("line", "time", "speaker", "state"):
        grid.add_column(heading, no_wrap=True)
    for heading in ("text", "source", "remark"):
        grid.add_column(heading, overflow="fold")
    for line in found:
        colour = _COLOURS.get(line.state)
        grid.add_row(
            line.segment_id,
            f"{line.start_s:.2f}-{line.end_s:.2f}",
            line.speaker_id,
            f"[{colour}]{line.state}[/{colour}]" if colour else str(line.state),
            _plain(line.text or ""),
            _plain(line.source_text),
            _plain(remark(line)),
        )
    return grid


def remark(line: Line) -> str:
    """What a person should know of a line."""
    marks = [
        "edited" if line.edited else "",
        "keeps the original audio" if line.omitted else "",
        "pinned" if line.pinned else "",
        "source changed" if line.source_changed else "",
        f"{line.fit}, {line.speed:.2f}x" if line.fit and line.fit != "natural" and line.speed else "",
        line.error_message or "",
    ]
    return "; ".join(filter(None, marks))


def takes_table(found: Sequence[Take], server: str) -> Table:
    """Newest first; the one that is heard is marked."""
    grid = Table(title=f"{len(found)} takes", title_justify="left")
    for heading in ("", "take", "made", "length", "fit"):
        grid.add_column(heading, no_wrap=True)
    grid.add_column("text", overflow="fold")
    grid.add_column("listen", overflow="fold")
    for take in found:
        grid.add_row(
            "*" if take.current else "",
            take.take_id,
            f"{take.created_at.astimezone():%H:%M:%S}",
            f"{take.duration_s:.2f} s",
            take.fit or "",
            _plain(take.text),
            f"{server}{take.url}",
        )
    return grid


def outdated(line: Line) -> bool:
    """Whether a line is spoken again where none are named."""
    return line.state not in _ENDED and not (line.omitted or line.pinned)


def is_spoken(line: Line, before: Mapping[str, int]) -> bool:
    """Whether a line was spoken again, or failed, since its versions were those."""
    return line.state in _ENDED and line.version > before.get(line.segment_id, 0)


def _wait(
    client: Client, task_id: str, language: str, wanted: Sequence[str], before: dict[str, int], timeout_s: float
) -> list[Line]:
    """The lines once each of them was spoken or failed. Raises: LocalClipError, when that takes too long."""
    until = time.monotonic() + timeout_s
    while True:
        found = [line for line in client.lines(task_id, language) if line.segment_id in wanted]
        if all(is_spoken(line, before) for line in found):
            return found
        if time.monotonic() > until:
            raise LocalClipError(f"not all lines were spoken within {timeout_s:.0f} s; `localclip lines` shows which")
        time.sleep(_POLL_S)


def _show(found: Sequence[Line], as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        console.print(lines_table(found, ""))


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
