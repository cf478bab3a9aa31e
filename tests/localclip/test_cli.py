"""The command line as a person uses it."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from localclip.dub import script_named, split_languages, split_translations
from localclip.errors import LocalClipError
from localclip.stack import Stack
from localclip_client import Client, NewTask, Status
from shared.pipeline import ChineseScript
from tests.support.forked import command_line


def test_the_version_is_told() -> None:
    """The first thing that a report of a fault needs."""
    command = [sys.executable, "-m", "localclip", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert (done.returncode, done.stdout.strip()) == (0, f"localclip {version('localclip')}")


def test_a_command_loads_nothing_for_other_commands() -> None:
    """What takes long to load, and few commands need, is loaded by those."""
    program = "import sys, localclip.cli; print(sys.modules.keys() & {'faststream', 'nats', 'ftfy', 'numpy', 'mcp'})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == "set()"


def test_languages_are_read_as_people_write_them() -> None:
    """Spaces, capitals and repetitions do not matter."""
    assert split_languages("es, FR,es,") == ("es", "fr")


def test_chinese_is_named_with_its_script() -> None:
    """The language is `zh`; the script is what the task is told, once."""
    assert (split_languages("es,zh-hant"), script_named("es,zh-hant")) == (("es", "zh"), "zh-Hant")
    assert (split_languages("zh_CN"), script_named("zh_CN")) == (("zh",), "zh-Hans")
    assert (split_languages("zh,es"), script_named("zh,es", "zh-Hant")) == (("zh", "es"), "zh-Hant")
    assert script_named("zh-Hant", "zh-Hant") == "zh-Hant"
    assert script_named("es") is None
    both: tuple[tuple[str, ChineseScript | None], ...] = (("zh-Hant,zh-Hans", None), ("zh-Hant", "zh-Hans"))
    for text, option in both:
        with pytest.raises(LocalClipError, match="--to: a task has Chinese in one script"):
            script_named(text, option)


@pytest.mark.parametrize(("text", "reason"), [("xx", "'xx' is not offered"), (" ,", "no language named")])
def test_languages_that_are_not_offered_are_refused_with_those_that_are(text: str, reason: str) -> None:
    """Before anything is uploaded."""
    with pytest.raises(LocalClipError, match=rf"{reason}; choose from en, .*es"):
        split_languages(text)


def test_translations_name_a_language_asked_for_and_a_file_that_exists(tmp_path: Path) -> None:
    """Each mistake has its own words."""
    file = tmp_path / "es=1.srt"
    file.touch()
    assert split_translations([f"es={file}"], ("es",)) == {"es": file}
    assert split_translations([f"zh-Hant={file}"], ("zh",)) == {"zh": file}
    with pytest.raises(LocalClipError, match="not among the languages"):
        split_translations([f"fr={file}"], ("es",))
    for entry in ("es", f"es={tmp_path / 'none.srt'}"):
        with pytest.raises(LocalClipError, match="LANGUAGE=FILE"):
            split_translations([entry], ("es",))


def test_mistakes_end_with_one_readable_line(short_video: Path) -> None:
    """No traceback, and an exit code that scripts can tell: 1 for failures, 2 for wrong usage."""
    wrong = command_line("dub", str(short_video), "--to", "klingon")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("error: --to: 'klingon' is not offered")
    assert wrong.stderr.count("\n") == 1
    nothing_there = command_line("dub", str(short_video), "--to", "es", "--server", "http://127.0.0.1:9")
    assert nothing_there.returncode == 1
    assert "no answer from http://127.0.0.1:9" in nothing_there.stderr
    assert command_line("dub", "--to", "es").returncode == 2


def test_tasks_cancel_and_events_speak_to_a_running_gateway(gateway: Stack, client: Client, short_video: Path) -> None:
    """Thin commands over the client."""
    task = client.create(NewTask(short_video, ()), start=False)
    server = ("--server", gateway.url)
    listed = command_line("tasks", *server)
    assert listed.returncode == 0
    assert "pending" in listed.stdout
    assert command_line("cancel", task.task_id, *server).returncode == 0
    refused = command_line("retry", "task_20300101_000000_00000000", *server)
    assert (refused.returncode, refused.stderr.split(":")[1].strip()) == (1, "not_found")
    assert client.task(task.task_id).status in (Status.CANCELED, Status.PENDING)
    with subprocess.Popen(
        [sys.executable, "-m", "localclip", "events", task.task_id, "--since", "0", *server],
        stdout=subprocess.PIPE,
        text=True,
    ) as told:
        assert told.stdout is not None
        first = json.loads(told.stdout.readline())
        told.terminate()
    assert first["event"] == "task.created"
    assert first["data"]["data"]["task_id"] == task.task_id
    client.delete(task.task_id)
