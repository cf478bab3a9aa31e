"""Commands that steer tasks, and what every command prints for programs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from localclip.cli import app
from localclip.errors import ApiError, LocalClipError
from localclip.results import already_there, refuse_unfinished
from localclip.task_commands import exit_code
from localclip_client import Client, NewTask, Task


@pytest.fixture
def task(client: Client, short_video: Path) -> Iterator[Task]:
    """An uploaded video that nothing was started for."""
    made = client.create(NewTask(short_video, ("es",), "en"), start=False)
    yield made
    try:
        client.delete(made.task_id)
    except ApiError as error:
        assert error.status == 404  # noqa: PT017 (a test may have removed it)


def told(client: Client, *arguments: str) -> Any:
    """What a command prints for programs; stdout has nothing else."""
    done = CliRunner().invoke(app, [*arguments, "--json", "--server", client.server])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(client: Client, *arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--server", client.server])
    assert isinstance(done.exception, LocalClipError), done.output
    assert done.stdout == ""
    return str(done.exception)


def state(of_task: str, **es: object) -> Task:
    languages = {"base": {"status": "completed"}, "es": {"status": "completed", **es}}
    return Task.model_validate({"task_id": "t", "status": of_task, "language_status": languages})


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (state("completed", gate="passed"), 0),
        (state("completed", gate="failed"), 3),
        (state("completed"), 3),
        (state("completed", status="stale", gate="passed"), 3),
        (state("pending", status="pending", waiting_for="approval"), 3),
        (state("failed", status="failed"), 1),
        (state("canceled", status="canceled"), 1),
    ],
)
def test_processing_ends_like_a_dub(found: Task, code: int) -> None:
    """Another language than the ones that were asked for does not count, nor the gate where nothing was exported."""
    assert exit_code(found, (), judged=True) == code
    assert exit_code(found, ("es",), judged=True) == code
    assert exit_code(state("pending", status="pending"), (), judged=False) == 0
    if found.status != "failed":
        assert exit_code(found, ("fr",), judged=True) == 0


def test_a_task_is_steered_by_programs(client: Client, task: Task) -> None:
    """Each command answers with the task as it is then."""
    assert told(client, "tasks", "--limit", "1")["tasks"][0]["task_id"] == task.task_id
    begun = told(client, "process", task.task_id, "--to", "es", "--stage", "translation", "--no-wait")
    assert (begun["status"], begun["language_status"]["es"]["status"]) == ("processing", "processing")
    assert told(client, "approve", task.task_id)["status"] == "processing"
    assert told(client, "cancel", task.task_id, "--to", "es")["status"] == "canceled"
    ended = CliRunner().invoke(app, ["cancel", task.task_id, "--server", client.server])
    assert ended.stdout == f"{task.task_id}: canceled\n"
    assert told(client, "retry", task.task_id)["status"] == "processing"
    assert told(client, "answer", task.task_id) is None
    happened = told(client, "logs", task.task_id)
    assert "canceled" in [one["status"] for one in happened]
    assert [one["created_at"] for one in happened] == sorted(one["created_at"] for one in happened)
    shown = CliRunner().invoke(app, ["logs", task.task_id, "--limit", "1", "--server", client.server])
    assert len(shown.stdout.splitlines()) == 1


def test_a_task_is_removed_only_when_that_is_said(client: Client, task: Task) -> None:
    """Nobody is there to be asked; what is gone is told as gone."""
    assert "--yes" in refused(client, "delete", task.task_id)
    assert told(client, "delete", task.task_id, "--yes") == {"removed": [task.task_id]}
    assert "not_found" in refused(client, "delete", task.task_id, "--yes")
    for command in (("logs",), ("process",), ("download",), ("cancel",)):
        assert "not_found" in refused(client, *command, task.task_id)


def test_nothing_unfinished_is_downloaded(client: Client, task: Task, tmp_path: Path) -> None:
    """And no file is named that would not be replaced."""
    assert "no language of" in refused(client, "download", task.task_id)
    assert "not finished: es: pending; fr: it is no target" in refused(
        client, "download", task.task_id, "--to", "es,fr"
    )
    assert "process it first" in _reason(state("completed", status="stale"))
    assert already_there(client, task, ("es",), tmp_path) == []


def _reason(found: Task) -> str:
    with pytest.raises(LocalClipError) as refusal:
        refuse_unfinished(found, ("es",))
    return str(refusal.value)


def test_what_an_account_keeps_is_told_to_programs(client: Client, task: Task) -> None:
    """Lists are lists, also where they are empty."""
    made = told(client, "glossary", "add", "cat", "gato", "--to", "es")
    assert [term["term_id"] for term in told(client, "glossary", "list")] == [made["term_id"]]
    assert told(client, "glossary", "remove", made["term_id"]) == {"removed": made["term_id"]}
    assert told(client, "cast", "list") == []
    assert told(client, "review", task.task_id) == {"lines": [], "total": 0}
    assert told(client, "brief", task.task_id)["tone"] == ""
    assert "master" in [recipe["name"] for recipe in told(client, "recipes")]


def test_every_command_that_asks_a_gateway_speaks_to_programs() -> None:
    """`events` always does; what serves has nothing to tell."""
    from typer.main import get_command

    def commands(group: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from commands(command, f"{path}{name} ")
            else:
                yield path + name, {option for field in command.params for option in field.opts}

    silent = {name for name, options in commands(get_command(app)) if "--server" in options and "--json" not in options}
    assert silent <= {"events", "mcp"}
