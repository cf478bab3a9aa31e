"""What happened, told to everyone: CloudEvents 1.0 on the EVENTS stream, and the progress of workers."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from shared.messaging._jobs import Message
from shared.messaging._subjects import event
from shared.pipeline import BASE, Stage


class Fact(Message):
    """A CloudEvent in structured JSON mode; `type` repeats the last two tokens of its subject."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = "localclip"
    type: str = Field(description="e.g. `localclip.translation.completed`")
    subject: str = Field(description="the NATS subject it is stored under")
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]


def fact(id_: str, task_id: str, language: str, subject: str, name: str, data: dict[str, Any]) -> Fact:
    """Build the fact `subject`.`name` of a task; task id and language are added to its data."""
    return Fact(
        id=id_,
        type=f"localclip.{subject}.{name}",
        subject=event(task_id, language, subject, name),
        time=datetime.now(UTC),
        data={"task_id": task_id, "language": language, **data},
    )


def batch_fact(id_: str, batch_id: str, name: str, data: dict[str, Any]) -> Fact:
    """Build the fact `batch`.`name`; its subject has the id of the batch where those of tasks have the task's."""
    return Fact(
        id=id_,
        type=f"localclip.batch.{name}",
        subject=event(batch_id, BASE, "batch", name),
        time=datetime.now(UTC),
        data={"batch_id": batch_id, **data},
    )


class RawProgress(Message):
    """One worker's word on one job, many times a second, on core NATS; any of them may get lost."""

    task_id: str
    language: str
    stage: Stage
    attempt: int
    shard: str
    weight: float
    total_weight: float
    fraction: float = Field(ge=0, le=1)
    message: str = ""


class Progress(Message):
    """Folded progress of a stage, in the shape the first version promised."""

    type: Literal["progress"] = "progress"
    task_id: str
    language: str
    stage: Stage
    attempt: int = 1
    progress: int = Field(ge=0, le=100)
    message: str = ""
    eta_seconds: float | None = None
