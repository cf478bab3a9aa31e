"""What is shown of lines and takes, and the commands against a real gateway."""

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from localclip.editing import lines_table, remark, takes_table, voice_choice
from localclip.errors import LocalClipError
from localclip_client import Client, Line, LineState, NewTask
from localclip_client.models import Take
from tests.support.forked import command_line


def line(**more: object) -> Line:
    return Line.model_validate(
        {"segment_id": "s0001", "start_s": 1, "end_s": 2.5, "speaker_id": "spk_1", "state": "dubbed", **more}
    )


def shown(table: object) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_a_line_is_shown_with_what_a_person_should_know() -> None:
    """Brackets in a text are text; what is as usual needs no word."""
    found = line(text="[es] hola", source_text="hello", state=LineState.STALE)
    text = shown(lines_table([found], "lines"))
    assert all(part in text for part in ("1.00-2.50", "[es] hola", "hello", "stale"))
    assert remark(line()) == ""
    assert remark(line(edited=True, pinned=True, fit="tight", speed=1.25)) == "edited; pinned; tight, 1.25x"
    assert remark(line(state="failed", error_message="no voice")) == "no voice"


def test_the_take_that_is_heard_is_marked() -> None:
    """With an address to listen at."""
    take = Take(take_id="t1", text="hola", duration_s=1.5, created_at=datetime.now(UTC), current=True, url="/api/x")
    text = shown(takes_table([take], "http://host"))
    assert all(part in text for part in ("*", "t1", "1.50 s", "http://host/api/x"))


def test_voices_are_read_as_kind_and_name() -> None:
    """Anything else is refused with what is meant."""
    assert voice_choice("stock:espeak-male-1") == {"kind": "stock", "id": "espeak-male-1"}
    assert voice_choice("own") is None
    for text in ("espeak-male-1", "stock:", "robot:x"):
        with pytest.raises(LocalClipError, match="stock:NAME"):
            voice_choice(text)


def test_commands_tell_what_is_refused(client: Client, short_video: object) -> None:
    """One line, exit code 1; JSON is JSON alone."""
    task = client.create(NewTask(short_video, ("es",)), start=False)  # type: ignore[arg-type]
    where = ("--server", client.server)
    listed = command_line("lines", task.task_id, "es", "--json", *where)
    assert (listed.returncode, json.loads(listed.stdout)) == (0, [])
    for command, reason in (
        (("undo", task.task_id), "nothing_to_undo"),
        (("redo", task.task_id), "nothing_to_redo"),
        (("redub", task.task_id, "es"), "nothing_to_dub"),
        (("takes", task.task_id, "es", "s0001"), "not_found"),
        (("edit", task.task_id, "es", "s0001", "--text", "x"), "not_found"),
        (("edit", task.task_id, "es", "s0001"), "nothing to change"),
    ):
        refused = command_line(*command, *where)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert reason in refused.stderr
        assert refused.stderr.count("\n") == 1
    client.delete(task.task_id)
