"""An agent's tools: what they tell, and what they refuse; a whole job is in test_dub.py."""

import shutil
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client as Agent

from localclip import mcp_command
from localclip.errors import LocalClipError
from localclip.mcp_answers import next_offset, next_step, task_told
from localclip.mcp_batches import batch_state
from localclip.mcp_server import create_server
from localclip_client import Batch, Client, NewTask, Task
from shared.testing import free_port


def task(status: str, **more: object) -> Task:
    return Task.model_validate({"task_id": "t", "status": status, **more})


@pytest.mark.parametrize(
    ("state", "tool"),
    [
        (task("processing"), "wait_for_task"),
        (task("processing", waiting_for={"question_id": "q"}), "answer_question"),
        (task("pending", language_status={"es": {"status": "pending", "waiting_for": "approval"}}), "approve"),
        (
            task(
                "failed",
                language_status={
                    "fr": {"status": "failed"},
                    "es": {"status": "pending", "waiting_for": "approval"},
                },
            ),
            "approve",
        ),
        (task("pending"), "process_task"),
        (task("completed", language_status={"es": {"status": "stale", "gate": "passed"}}), "process_task"),
        (task("failed"), "retry_task"),
        (task("canceled"), "retry_task"),
        (task("completed", language_status={"es": {"status": "completed", "gate": "failed"}}), "review_lines"),
        (task("completed", language_status={"es": {"status": "completed", "gate": "passed"}}), "download"),
    ],
)
def test_every_state_tells_what_can_be_done(state: Task, tool: str) -> None:
    """By the name of a tool."""
    assert tool in next_step(state)


@pytest.mark.parametrize(
    ("rows", "ended", "tool"),
    [
        ({"processing": 1, "pending": 1}, None, "wait_for_batch"),
        ({"canceled": 2}, None, "wait_for_batch"),  # the batch ends a moment after its last video
        ({"pending": 1, "completed": 1}, None, "approve"),
        ({"canceled": 2}, "2026-01-01T00:00:00Z", "retry_batch"),
        ({"completed": 2}, "2026-01-01T00:00:00Z", "download_batch"),
    ],
)
def test_every_state_of_a_batch_tells_what_can_be_done(rows: dict[str, int], ended: str | None, tool: str) -> None:
    """Also between the end of its last video and its own."""
    batch = Batch.model_validate({"batch_id": "b", "state": "open", "rows": rows, "ended_at": ended})
    assert tool in batch_state(batch).next


def test_progress_and_pages_go_forward() -> None:
    """The whole dub is told as one; the last page names none after it."""
    languages = {"base": {"status": "completed", "progress": 100}, "es": {"status": "processing", "progress": 40}}
    percent, words = task_told(task("processing", language_status=languages))
    assert (percent, words) == (43.0, "es processing 40%")
    assert [next_offset(0, 2, 3), next_offset(2, 1, 3), next_offset(5, 0, 3)] == [2, None, None]


def test_where_the_sdk_is_missing_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setattr(mcp_command, "find_spec", lambda name: None)
    with pytest.raises(LocalClipError, match=r"pip install 'localclip\[mcp\]'"):
        mcp_command.mcp()


async def refused(agent: Agent, tool: str, **arguments: object) -> str:
    answer = await agent.call_tool(tool, arguments)
    assert answer.is_error, answer
    text: str = answer.content[0].text  # type: ignore[union-attr]
    assert "Traceback" not in text
    return text


async def done(agent: Agent, tool: str, **arguments: object) -> Any:
    answer = await agent.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer.structured_content


async def test_every_tool_and_argument_is_described() -> None:
    """An agent knows nothing else."""
    with Client("http://127.0.0.1:9") as client:
        async with Agent(create_server(client)) as agent:
            tools = (await agent.list_tools()).tools
    named = {
        "dub",
        "wait_for_task",
        "review_lines",
        "edit_line",
        "redub",
        "export",
        "approve",
        "dub_folder",
        "wait_for_batch",
    }
    assert named <= {t.name for t in tools}
    for tool in tools:
        assert tool.description, tool.name
        assert tool.annotations is not None
        assert all("description" in field for field in tool.input_schema["properties"].values()), tool.name


async def test_a_mistake_is_told_with_what_to_do(client: Client, short_video: Path, tmp_path: Path) -> None:
    """Of the agent, of the gateway, and of a gateway that is away."""
    (tmp_path / "file").touch()
    async with Agent(create_server(client)) as agent:
        dub = {"target_languages": ["es"], "video": str(short_video)}
        assert "not an absolute path" in await refused(agent, "dub", **(dub | {"video": "talk.mp4"}))
        assert "no file" in await refused(agent, "dub", **(dub | {"video": str(tmp_path / "none.mp4")}))
        assert "choose from en" in await refused(agent, "dub", **(dub | {"target_languages": ["tlh"]}))
        assert "source_language" in await refused(agent, "dub", **dub, subtitles=str(short_video))
        assert "media_unsupported" in await refused(agent, "dub", **(dub | {"video": str(Path(__file__))}))
        assert "not_found" in await refused(agent, "get_task", task_id="task_20300101_000000_00000000")
        assert "nothing to change" in await refused(agent, "edit_line", task_id="t", language="es", segment_id="s")
        assert "no folder" in await refused(agent, "download", task_id="t", folder=str(tmp_path / "file"))
        assert "needs `language`" in await refused(agent, "answer_question", task_id="t", choice="language")
        assert "limit" in await refused(agent, "list_tasks", limit=100000)
    with Client(f"http://127.0.0.1:{free_port()}", retries=0) as away:
        async with Agent(create_server(away)) as agent:
            assert "localclip up" in await refused(agent, "list_tasks")


async def test_a_wait_ends_in_time_and_lists_are_paged(client: Client, short_video: Path) -> None:
    """Nothing works here: the answer comes all the same, with what to do; what is not made is not downloaded."""
    told: list[tuple[float, float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    others = [client.create(NewTask(short_video, ()), start=False).task_id for _ in range(2)]
    async with Agent(create_server(client)) as agent:
        arguments = {"video": str(short_video), "target_languages": ["es"], "source_language": "en", "wait_s": 0.1}
        answer = await agent.call_tool("dub", arguments, progress_callback=tell)
        made = answer.structured_content
        assert (made["status"], made["languages"][0]["language"]) == ("processing", "es")
        assert "wait_for_task" in made["next"]
        shares = [share for share, _, _ in told]
        assert shares == sorted(shares)
        assert next(words for share, _, words in told if share <= 5).startswith("uploading")
        with anyio.move_on_after(0.5) as patience:
            await agent.call_tool("wait_for_task", {"task_id": made["task_id"], "wait_s": 3600})
        assert patience.cancelled_caught, "who gives up a call goes on with others"
        page = await done(agent, "list_tasks", limit=2)
        assert [row["task_id"] for row in page["tasks"]] == [made["task_id"], others[1]]
        assert page["next_offset"] == 2
        assert others[0] == (await done(agent, "list_tasks", offset=2, limit=2))["tasks"][0]["task_id"]
        refusal = await refused(agent, "download", task_id=made["task_id"], folder="/tmp/none")  # noqa: S108
        assert refusal.startswith("not finished: es: ")
        assert (await done(agent, "cancel_task", task_id=made["task_id"]))["status"] == "canceled"
    for task_id in (*others, made["task_id"]):
        client.delete(task_id)


async def test_a_folder_is_dubbed_as_a_batch(client: Client, short_video: Path, tmp_path: Path) -> None:
    """Planned, sent with the subtitles beside the videos, gone on with, followed, stopped; nothing works here."""
    folder = tmp_path / "season"
    (folder / "s1").mkdir(parents=True)
    for name in ("one.mp4", "s1/two.mp4"):
        shutil.copy(short_video, folder / name)
    (folder / "one.es.srt").write_text("1\n00:00:00,100 --> 00:00:01,500\nHola\n")
    asked = {"folder": str(folder), "target_languages": ["es"], "source_language": "en"}
    async with Agent(create_server(client)) as agent:
        assert "no video" in await refused(agent, "dub_folder", **(asked | {"folder": str(tmp_path / "none")}))
        plan = await done(agent, "plan_folder", **asked)
        assert {row["source"]: row["files"] for row in plan["rows"]} == {
            "one.mp4": {"translation_es": "one.es.srt"},
            "s1/two.mp4": {},
        }
        begun = await done(agent, "dub_folder", **asked, wait_s=0)
        assert (begun["name"], begun["videos"]["waiting"]) == ("season", 2)
        assert "send_batch" in begun["next"]
        where = {"batch_id": begun["batch_id"]}
        assert "not in" in await refused(agent, "send_batch", **where, folder=str(tmp_path))
        sent = await done(agent, "send_batch", **where, folder=str(folder), wait_s=60)
        assert (sent["videos"], "wait_for_batch" in sent["next"]) == ({"processing": 2}, True)
        assert (await done(agent, "wait_for_batch", **where, wait_s=0.1))["videos"] == {"processing": 2}
        rows = (await done(agent, "list_batch_videos", **where, outcome="processing", limit=1))["rows"]
        assert [row["source"] for row in rows] == ["one.mp4"]
        assert "resume_batch" in (await done(agent, "pause_batch", **where))["next"]
        await done(agent, "resume_batch", **where)
        assert (await done(agent, "list_batches", limit=1))["batches"][0]["batch_id"] == begun["batch_id"]
        await done(agent, "cancel_batch", **where)
        ended = await done(agent, "wait_for_batch", **where, wait_s=60)
        assert (ended["videos"], "retry_batch" in ended["next"]) == ({"canceled": 2}, True)
        (tmp_path / "a.zip").touch()
        assert "overwrite" in await refused(agent, "download_batch", **where, file=str(tmp_path / "a.zip"))
    client.delete_batch(begun["batch_id"])
