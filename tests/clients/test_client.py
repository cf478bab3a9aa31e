"""The client against a real gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localclip.errors import ApiError, ServerUnreachable
from localclip.stack import free_port
from localclip_client import Client, NewTask, Status, Task


@pytest.fixture
def task(client: Client, short_video: Path) -> Iterator[Task]:
    """An uploaded video that nothing was started for."""
    made = client.create(NewTask(short_video, ()), start=False)
    yield made
    client.delete(made.task_id)


def test_an_upload_is_told_while_it_is_sent(client: Client, short_video: Path) -> None:
    """Bytes sent grow to the size of the file, and the name survives."""
    sent: list[int] = []
    task = client.create(NewTask(short_video, ()), start=False, on_sent=sent.append)
    assert sent == sorted(sent)
    assert sent[-1] == short_video.stat().st_size
    assert (task.video_original_name, task.status) == (short_video.name, Status.PENDING)
    client.delete(task.task_id)


def test_tasks_are_listed_newest_first_with_their_number(client: Client, task: Task) -> None:
    """The page is shorter than the whole."""
    page = client.tasks(limit=1)
    assert [found.task_id for found in page.tasks] == [task.task_id]
    assert page.total >= 1
    assert client.task(task.task_id).task_id == task.task_id


def test_the_source_video_can_be_downloaded_again(
    client: Client, task: Task, short_video: Path, tmp_path: Path
) -> None:
    """Byte for byte, and without a trace of the unfinished file."""
    video = next(found for found in client.artifacts(task.task_id) if found.language == "base")
    path = client.download(task.task_id, video, tmp_path / "back.mp4")
    assert path.read_bytes() == short_video.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["back.mp4"]


def test_the_event_stream_begins_with_the_task(client: Client, task: Task) -> None:
    """`hello` carries its state."""
    events = client.events(task.task_id)
    first = next(events)
    assert (first.event, first.data["task"]["task_id"]) == ("hello", task.task_id)
    events.close()  # type: ignore[attr-defined]


def test_a_refusal_carries_code_and_reason(client: Client, tmp_path: Path) -> None:
    """What the gateway says is what a person reads."""
    text = tmp_path / "notes.mp4"
    text.write_text("not a video " * 200)
    with pytest.raises(ApiError) as refused:
        client.create(NewTask(text, ()))
    assert (refused.value.status, refused.value.code) == (415, "media_unsupported")
    assert "neither a video nor a sound file" in str(refused.value)
    with pytest.raises(ApiError, match="not_found"):
        client.task("task_20300101_000000_00000000")


def test_nothing_listening_is_told_with_the_address() -> None:
    """And with what to do."""
    server = f"http://127.0.0.1:{free_port()}"
    with Client(server, retries=0) as client, pytest.raises(ServerUnreachable, match=f"{server}.*localclip up"):
        client.task("any")


@pytest.mark.parametrize("server", ["localhost:8080", "http://[bad"])
def test_an_address_that_is_none_is_told(server: str) -> None:
    """Before or at the first request."""
    with pytest.raises(ServerUnreachable), Client(server, retries=0) as client:
        client.tasks()
