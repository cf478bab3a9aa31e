"""The client against a real gateway."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localclip.errors import ApiError, ServerUnreachable
from localclip_client import Client, InvalidRequestError, NewTask, Status, Task
from shared.testing import free_port


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
    events.close()


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


def test_a_video_may_be_fetched(client: Client) -> None:
    """By its address, which the gateway checks; the error says what would help."""
    with pytest.raises(InvalidRequestError, match="forbidden_address") as refused:
        client.create(NewTask(source_url="https://127.0.0.1/talk.mp4", target_languages=["es"]))
    assert "LOCALCLIP_ALLOWED_NETWORKS" in refused.value.cure


def test_a_batch_is_made_of_a_spreadsheet(client: Client, short_video: Path, tmp_path: Path) -> None:
    """Told before, made once, held and let go, fetched, deleted."""
    sheet = f"source,languages,metadata.episode\n{short_video.name},es,e1\n".encode()
    plan = client.create_batch_of_csv(sheet, source_language="en", dry_run=True)
    assert [(row.source, row.languages) for row in plan.rows] == [(short_video.name, ("es",))]
    with pytest.raises(InvalidRequestError, match="rows_refused"):
        client.create_batch_of_csv(b"source,languages\na.mp4,tlh\n")
    key = str(tmp_path)
    made = client.create_batch_of_csv(sheet, key, name="Sheet", source_language="en").batch
    assert made == client.create_batch_of_csv(sheet, key, name="Sheet", source_language="en").batch
    assert made is not None
    task = client.send_row(made.batch_id, 1, short_video, {})
    assert client.send_row(made.batch_id, 1, short_video, {}).task_id == task.task_id
    assert (task.batch_id, task.batch_row, task.config.metadata) == (made.batch_id, 1, {"episode": "e1"})
    assert client.pause_batch(made.batch_id).state == "paused"
    assert client.resume_batch(made.batch_id).state == "open"
    assert [row.task_id for row in client.batch_rows(made.batch_id, "processing")] == [task.task_id]
    client.cancel_batch(made.batch_id)
    *_, ended = client.follow_batch(made.batch_id, poll_s=0.05)
    assert (ended.ended, ended.rows["canceled"]) == (True, 1)
    assert client.download_batch(made.batch_id, tmp_path / "all.zip").read_bytes()[:2] == b"PK"
    assert client.retry_batch(made.batch_id).round == 2
    client.delete_batch(made.batch_id)


def test_webhooks_are_looked_after(client: Client) -> None:
    """Changed, given a new secret, replayed, removed."""
    hook = client.add_webhook("https://example.org/hook", ["line.*"])  # a task of the test before may still be removed
    changed = client.update_webhook(hook.webhook_id, types=["batch.*"], enabled=False)
    assert (changed.types, changed.enabled, changed.secret) == (("batch.*",), False, None)
    assert client.change_webhook_secret(hook.webhook_id).secret not in (None, hook.secret)
    assert client.deliveries(hook.webhook_id) == ()
    assert client.replay_webhook(hook.webhook_id, datetime.now(UTC)).events == 0
    client.remove_webhook(hook.webhook_id)
    assert client.webhooks() == ()
