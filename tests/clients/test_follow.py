"""A task is followed to its end through broken streams and silent gateways."""

from collections.abc import Iterator

import pytest

from localclip.errors import ApiError, ServerUnreachable
from localclip_client import Client, ProgressFrame, ServerEvent, Status, Task, Trouble

RUNNING = {"task_id": "t", "status": "processing"}
GONE = ServerUnreachable("no answer")


class ScriptedGateway(Client):
    """Plays streams and answers in the order given; an exception in them is raised there."""

    def __init__(self, streams: list[list[ServerEvent | Exception]], answers: list[Task | Exception]) -> None:
        super().__init__("http://127.0.0.1:9")
        self._streams, self._answers = streams, answers
        self.asked_after: list[str | None] = []

    def stream(self, task_id: str | None = None, last_event_id: str | None = None) -> Iterator[ServerEvent]:
        self.asked_after.append(last_event_id)
        for event in self._streams.pop(0) if self._streams else [GONE]:
            if isinstance(event, Exception):
                raise event
            yield event

    def task(self, task_id: str) -> Task:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def task(status: Status) -> Task:
    return Task(task_id="t", status=status)


def follow(gateway: ScriptedGateway, patience_s: float = 60.0) -> list[object]:
    return list(gateway.follow_task("t", poll_s=0.0, patience_s=patience_s))


def test_the_stream_alone_is_enough() -> None:
    """Hello, progress, and a fact that makes the task be read again."""
    events: list[ServerEvent | Exception] = [
        ServerEvent("hello", {"task": RUNNING}, "3"),
        ServerEvent("progress", {"language": "es", "stage": "export", "progress": 50, "eta_seconds": 4}),
        ServerEvent("task.completed", {"data": {}}, "4"),
    ]
    gateway = ScriptedGateway([events], [task(Status.COMPLETED)])
    assert follow(gateway) == [
        task(Status.PROCESSING),
        ProgressFrame("es", "export", 50.0, "", 4),
        task(Status.COMPLETED),
    ]


def test_a_broken_stream_is_polled_over_and_resumed_after_the_last_event() -> None:
    """The trouble is told once, and so is its end."""
    first: list[ServerEvent | Exception] = [ServerEvent("hello", {"task": RUNNING}, "3"), GONE]
    second: list[ServerEvent | Exception] = [ServerEvent("hello", {"task": RUNNING}, "3")]
    gateway = ScriptedGateway([first, [GONE], second], [GONE, task(Status.PROCESSING), task(Status.CANCELED)])
    updates = follow(gateway)
    assert gateway.asked_after == [None, "3", "3"]
    assert [update for update in updates if isinstance(update, Trouble)] == [
        Trouble("the gateway does not answer; waiting for it"),
        Trouble(""),
    ]
    assert updates[-1] == task(Status.CANCELED)


def test_without_a_stream_polling_sees_the_end() -> None:
    """A proxy that swallows event streams does not hide the result."""
    gateway = ScriptedGateway([], [task(Status.PROCESSING), task(Status.FAILED)])
    assert follow(gateway)[-1] == task(Status.FAILED)


def test_a_deleted_task_ends_the_wait() -> None:
    """Asking again would not help."""
    gone = ApiError(404, "not_found", "it does not exist")
    with pytest.raises(ApiError, match="not_found"):
        follow(ScriptedGateway([[gone]], []))


def test_patience_is_limited() -> None:
    """A gateway that never comes back is an error, not an endless wait."""
    with pytest.raises(ServerUnreachable):
        follow(ScriptedGateway([], [GONE, GONE, GONE]), patience_s=0.0)
