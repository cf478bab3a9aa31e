"""Many videos from the command line: paired by name, told before, continued by the same command."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localclip.batching import Ended, Outcome, reasons_of
from localclip.errors import LocalClipError
from localclip.pairing import file_name, from_files, read_manifest, stems
from localclip_client import BatchItem, Client
from shared.testing import wait_until
from tests.localclip.conftest import needs_broker
from tests.services.gateway.conftest import VIDEO, World
from tests.support.forked import command_line


def touch(folder: Path, *names: str, data: bytes = b"x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_subtitles_are_paired_by_their_names(tmp_path: Path) -> None:
    """The one of a target is its translation, the other what is spoken; nothing hidden, and nothing of the results."""
    touch(tmp_path, "talk.mp4", "talk.en.srt", "talk.es.srt", "talk.es.txt", "s1/b.MKV", "s1/b.vtt", "notes.txt")
    touch(tmp_path, ".hidden/c.mp4", "out/d.mp4", "talkative.en.srt")
    rows = {row["source"]: row for row in from_files([tmp_path], ["es", "fr"], None, tmp_path / "out").rows}
    assert rows == {
        "s1/b.MKV": {"source": "s1/b.MKV"},
        "talk.mp4": {
            "source": "talk.mp4",
            "subtitles": "talk.en.srt",
            "source_language": "en",
            "translations": {"es": "talk.es.srt"},
        },
    }
    named = {row["source"]: row for row in from_files([tmp_path], ["es"], "en", tmp_path / "out").rows}
    assert named["s1/b.MKV"]["subtitles"] == "s1/b.vtt"
    touch(tmp_path, "talk.ja.srt")
    with pytest.raises(LocalClipError, match="--from"):
        from_files([tmp_path], ["es"], None, tmp_path / "out")
    with pytest.raises(LocalClipError, match="no video"):
        from_files([_empty(tmp_path)], ["es"], None, tmp_path / "out")


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def test_results_are_found_under_names_that_differ(tmp_path: Path) -> None:
    """Of two videos that differ in their ending alone each keeps it."""
    where = stems(["a/t.mp4", "a/t.mov", "b/t.mp4"])
    assert {source: path.as_posix() for source, path in where.items()} == {
        "a/t.mp4": "a/t.mp4",
        "a/t.mov": "a/t.mov",
        "b/t.mp4": "b/t",
    }
    names = ("export_es.mp4", "subtitles_es.srt", "report_es.json")
    assert [file_name("t", name, "es") for name in names] == ["t.es.mp4", "t.es.srt", "t.es.report.json"]


def test_a_manifest_is_read_or_said_to_be_none(tmp_path: Path) -> None:
    """A list of rows, a whole batch, a spreadsheet."""
    (tmp_path / "a.json").write_text('[{"source": "a.mp4"}]')
    (tmp_path / "b.json").write_text('{"name": "B", "rows": [{"source": "a.mp4"}]}')
    (tmp_path / "c.csv").write_text("source,languages\na.mp4,es fr\n")
    assert read_manifest(tmp_path / "a.json").rows == [{"source": "a.mp4"}]
    assert read_manifest(tmp_path / "b.json").body["name"] == "B"
    assert read_manifest(tmp_path / "c.csv").rows == [{"source": "a.mp4", "languages": ["es", "fr"]}]
    for name, text in (("d.json", "{"), ("e.json", '{"a": 1}'), ("f.csv", "name\nx\n")):
        (tmp_path / name).write_text(text)
        with pytest.raises(LocalClipError):
            read_manifest(tmp_path / name)


@pytest.mark.parametrize(
    ("outcome", "status", "gate", "code"),
    [
        ("completed", "completed", "passed", 0),
        ("completed", "completed", "failed", 3),
        ("pending", "pending", None, 3),
        ("failed", "failed", None, 1),
        ("deleted", "completed", "passed", 1),
    ],
)
def test_the_end_is_told_by_the_exit_code(outcome: str, status: str, gate: str | None, code: int) -> None:
    """0 only when every gate passed; a person who is waited for is 3, what cannot be made is 1."""
    item = BatchItem.model_validate(
        {"row": 1, "source": "a.mp4", "outcome": outcome, "languages": {"es": {"status": status, "gate": gate}}}
    )
    reasons, failed = reasons_of(item)
    assert Ended([], [Outcome(item, [], reasons, failed)]).exit_code == code
    assert bool(reasons) == bool(code)


@pytest.fixture
def world(tmp_path: Path, nats: object) -> Iterator[World]:
    """A broker and stub workers, which are done at once."""
    made = World(tmp_path, nats, f"sqlite:///{tmp_path}/localclip.db")  # type: ignore[arg-type]
    yield made
    made.close()


def batch(url: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "localclip", "batch", *arguments, "--server", url]


@needs_broker
def test_a_folder_is_dubbed_and_the_same_command_goes_on(world: World, tmp_path: Path) -> None:
    """A dry run makes nothing; killed in the middle, with the gateway killed too, the same command does the rest.

    What is new in the folder since is added; nothing is done twice.
    """
    gateway = world.gateway()
    url = str(gateway.http.base_url).rstrip("/")
    videos, out = tmp_path / "videos", tmp_path / "out"
    touch(videos, "a.mp4", "s1/b.mp4", "s1/c.mp4", data=VIDEO)
    (videos / "a.es.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nuno\n")
    arguments = (str(videos), "--to", "es,fr", "--from", "en", "--out", str(out), "--json")
    dry = command_line("batch", *arguments, "--dry-run", "--server", url)
    assert dry.returncode == 0, dry.stderr
    assert json.loads(dry.stdout)["rows"][0]["files"] == {"translation_es": "a.es.srt"}
    assert gateway.http.get("/api/batches").json() == []
    with subprocess.Popen(batch(url, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
        wait_until(lambda: len(gateway.http.get("/api/tasks").json()) >= 2, 60, "nothing is sent")
        first.kill()
    gateway.service.end(signal.SIGKILL)
    touch(videos, "s1/d.mp4", data=VIDEO)
    with subprocess.Popen(batch(url, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as again:
        gateway.service.start()
        gateway.wait_ready()
        world.workers()
        stdout, stderr = again.communicate(timeout=120)
    told = json.loads(stdout)
    found = {row["source"]: row["outcome"] for row in told["rows"]}
    assert found == dict.fromkeys(("a.mp4", "s1/b.mp4", "s1/c.mp4", "s1/d.mp4"), "completed"), stderr
    assert gateway.http.get("/api/tasks").headers["X-Total-Count"] == "4"
    assert (out / "s1/d.fr.mp4").read_text().startswith("[fr] line 0")
    assert again.returncode == told["exit"]
    before = (out / "a.es.mp4").stat().st_mtime_ns
    third = command_line("batch", *arguments, "--server", url)
    assert (third.returncode, json.loads(third.stdout)["batches"]) == (told["exit"], told["batches"]), third.stderr
    assert gateway.http.get("/api/tasks").headers["X-Total-Count"] == "4"
    assert (out / "a.es.mp4").stat().st_mtime_ns == before


@needs_broker
def test_refused_rows_are_told_and_nothing_is_made(world: World, tmp_path: Path) -> None:
    """Unless the rest is asked for; a file that is not there is a reason of its row alone."""
    gateway = world.gateway()
    world.workers()
    url = str(gateway.http.base_url).rstrip("/")
    touch(tmp_path, "a.mp4", data=VIDEO)
    (tmp_path / "list.csv").write_text("source,languages\na.mp4,es\nnotes.txt,es\ngone.mp4,es\n")
    arguments = (str(tmp_path / "list.csv"), "--out", str(tmp_path / "out"))
    done = command_line("batch", *arguments, "--server", url)
    assert done.returncode == 1
    assert "row 2 notes.txt: " in done.stdout
    assert "1 rows are refused; nothing was made" in done.stderr
    with Client(url) as client:
        assert client.tasks().total == 0
    done = command_line("batch", *arguments, "--skip-refused", "--server", url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "not here" in done.stdout
    assert (tmp_path / "out/a.es.mp4").is_file()
    (batch_read,) = gateway.http.get("/api/batches").json()
    wait_until(lambda: gateway.http.get("/api/batches").json()[0]["state"] == "completed", 60, "the batch stays open")
    touch(tmp_path, "gone.mp4", data=VIDEO)  # it was given up, and is tried again once it is there
    done = command_line("batch", *arguments, "--skip-refused", "--server", url)
    assert (tmp_path / "out/gone.es.mp4").is_file(), done.stdout + done.stderr
    rows = gateway.http.get(f"/api/batches/{batch_read['batch_id']}").json()["rows"]
    assert (rows["completed"], rows["canceled"]) == (2, 0)
