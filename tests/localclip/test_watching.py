"""A watched folder: what is whole is dubbed once, whatever is killed, restarted or away meanwhile."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localclip.errors import ApiError
from localclip.watching import STATE, Watching, What
from localclip_client import Client
from shared.testing import wait_until
from tests.localclip.conftest import needs_broker
from tests.localclip.test_batches import touch
from tests.services.gateway.batches.test_batches import BROKEN
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.support.forked import command_line

pytestmark = needs_broker


@pytest.fixture
def world(tmp_path: Path, nats: object) -> Iterator[World]:
    """A broker and stub workers, which are done at once."""
    made = World(tmp_path, nats, f"sqlite:///{tmp_path}/localclip.db")  # type: ignore[arg-type]
    yield made
    made.close()


class Folder:
    """A folder that is watched, by a clock that the test moves."""

    def __init__(self, gateway: Gateway, root: Path) -> None:
        self.gateway, self.now_s, self.told = gateway, 1000.0, list[tuple[str, str, str]]()
        self.videos, self.out = root / "videos", root / "videos" / "dubbed"
        self.videos.mkdir(exist_ok=True)
        self.client = Client(str(gateway.http.base_url))
        self.watching = self.restarted()

    def restarted(self) -> Watching:
        what = What(self.videos, self.out, ("es", "fr"), "en", still_s=10.0)
        tell = lambda *one: self.told.append(one)  # noqa: E731
        self.watching = Watching(self.client, what, tell, "here", clock=lambda: self.now_s)
        return self.watching

    def look(self, after_s: float = 0.0) -> None:
        self.now_s += after_s
        self.watching.turn()

    def states(self, name: str) -> list[str]:
        return [state for video, state, _ in self.told if video == name]

    def tasks(self) -> int:
        return self.client.tasks().total

    def wait_idle(self) -> None:
        def idle() -> bool:
            self.look()
            return self.watching.is_idle

        wait_until(idle, 60, "not everything comes to its end")


def test_files_that_grow_are_left_alone_and_dubbed_once(world: World, tmp_path: Path) -> None:
    """Only what stands still for ten seconds, its subtitles too; restarted, and moved on, nothing is done again."""
    world.workers()
    folder = Folder(world.gateway(), tmp_path)
    touch(folder.videos, "s1/a.mp4", data=VIDEO)
    touch(folder.videos, "empty.mp4", data=b"")
    folder.look()
    for _ in range(3):
        with (folder.videos / "s1/a.mp4").open("ab") as file:
            file.write(b"more")
        folder.look(after_s=9)
        folder.look(after_s=0.5)
    touch(folder.videos, "s1/a.es.srt", data=b"1\n00:00:00,000 --> 00:00:01,000\nuno\n")
    folder.look(after_s=9)
    folder.look(after_s=9.9)
    assert (folder.tasks(), folder.told) == (0, [])
    folder.look(after_s=0.2)
    assert folder.tasks() == 1
    (task,) = folder.client.tasks().tasks
    assert task.video_original_name == "a.mp4"
    assert folder.gateway.task(task.task_id)["language_status"]["es"]["brought"]
    (folder.videos / "empty.mp4").unlink()
    folder.wait_idle()
    assert (folder.out / "s1/a.fr.mp4").read_text().startswith("[fr] line 0")
    assert (folder.out / "s1/a.es.mp4").is_file()
    folder.restarted()
    for _ in range(3):
        folder.look(after_s=20)
    assert folder.tasks() == 1
    assert folder.watching.is_idle
    touch(folder.videos, "s1/a.mp4", data=VIDEO + b"another cut")
    folder.look()
    folder.look(after_s=11)
    folder.wait_idle()
    assert folder.tasks() == 2


def test_what_fails_is_told_and_not_tried_for_ever(world: World, tmp_path: Path) -> None:
    """The others go on; it is taken up once it is another file, or that is asked for."""
    world.workers()
    folder = Folder(world.gateway(), tmp_path)
    touch(folder.videos, "bad.mp4", data=BROKEN)
    touch(folder.videos, "text.mp4", data=b"no video at all")
    touch(folder.videos, "good.mp4", data=VIDEO)
    folder.look()
    folder.look(after_s=11)
    folder.wait_idle()
    assert [folder.states(name)[-1] for name in ("bad.mp4", "text.mp4", "good.mp4")] == ["failed", "failed", "done"]
    reasons = {video: text for video, state, text in folder.told if state == "failed"}
    assert "media_unreadable" in reasons["bad.mp4"]
    assert "media_unsupported" in reasons["text.mp4"]
    folder.restarted()
    for _ in range(3):
        folder.look(after_s=20)
    assert folder.tasks() == 2
    touch(folder.videos, "text.mp4", data=VIDEO)
    folder.watching.retry_failed()
    folder.look()
    folder.look(after_s=11)
    folder.wait_idle()
    assert (folder.states("text.mp4")[-1], folder.states("bad.mp4")[-1], folder.tasks()) == ("done", "failed", 4)


def test_a_gateway_that_is_away_is_waited_for(world: World, tmp_path: Path) -> None:
    """Told once; nothing is given up. What was sent and not remembered is the same task."""
    folder = Folder(world.gateway(), tmp_path)
    touch(folder.videos, "a.mp4", data=VIDEO)
    folder.look()
    folder.gateway.service.end(signal.SIGKILL)
    for _ in range(3):
        folder.look(after_s=11)
    assert [state for _, state, _ in folder.told if state == "waits"] == ["waits"]
    folder.gateway.service.start()
    folder.gateway.wait_ready()
    folder.look()
    assert folder.tasks() == 1
    (folder.out / STATE).unlink()  # as when it was killed before it wrote that down
    folder.restarted()
    folder.look()
    folder.look(after_s=11)
    assert folder.tasks() == 1
    world.workers()
    folder.wait_idle()
    assert (folder.out / "a.es.mp4").is_file()


def test_a_video_that_is_moved_away_while_it_is_looked_at_is_none(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list of the folder and the look at the file."""
    folder = Folder(world.gateway(), tmp_path)
    monkeypatch.setattr(folder.watching, "_videos", lambda: {"gone.mp4": folder.videos / "gone.mp4"})
    assert folder.watching.is_idle
    folder.look()
    assert folder.states("gone.mp4") == []


def test_a_wrong_key_is_no_fault_of_the_videos(world: World, tmp_path: Path) -> None:
    """It ends the command, and nothing is remembered as failed."""
    folder = Folder(world.gateway(LOCALCLIP_API_KEYS="ann:aaaaaaaaaaaaaaaa"), tmp_path)
    touch(folder.videos, "a.mp4", data=VIDEO)
    folder.look()
    with pytest.raises(ApiError):
        folder.look(after_s=11)
    assert folder.states("a.mp4") == ["sending"]


def test_the_command_is_killed_and_goes_on(world: World, tmp_path: Path) -> None:
    """`--once` ends when everything is done; the second command does the rest and nothing twice."""
    gateway = world.gateway()
    touch(tmp_path / "in", "a.mp4", "b.mp4", data=VIDEO)
    arguments = ["watch", str(tmp_path / "in"), "--to", "es", "--from", "en"]
    arguments += ["--out", str(tmp_path / "out"), "--still", "0.2", "--poll", "0.1", "--once", "--json"]
    arguments += ["--server", str(gateway.http.base_url)]
    with subprocess.Popen(
        [sys.executable, "-m", "localclip", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as first:
        wait_until(lambda: gateway.http.get("/api/tasks").json(), 60, "nothing is sent")
        first.kill()
    world.workers()
    done = command_line(*arguments)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["video"] for one in told if one["state"] == "done"} == {"a.mp4", "b.mp4"}
    assert gateway.http.get("/api/tasks").headers["X-Total-Count"] == "2"
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"a.es.mp4", "b.es.mp4"}
    again = command_line(*arguments)
    assert (again.returncode, again.stdout) == (0, "")
