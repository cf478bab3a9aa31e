"""What happened, told to everyone: CloudEvents 1.0 on the EVENTS stream, and the progress of workers."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

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


class ToldFile(Message):
    """A file that a fact names."""

    name: str = Field(description="as a person finds it: `talk.es.mp4`")
    artifact: str = Field(description="its name below `/api/tasks/{task_id}/artifacts/{language}/`")
    media_type: str
    size: int
    url: str = Field(
        description="gives the file without a key, for as many hours as LOCALCLIP_FILE_ADDRESS_HOURS says: from its "
        "publication on, in a webhook from each attempt on"
    )


class ToldReason(Message):
    """Why a gate did not pass."""

    code: str
    text: str
    mend: str = Field(description="what would mend it")


class ToldLanguage(Message):
    """A language of a task, at the end of all."""

    status: str
    gate: Literal["passed", "failed"] | None = Field(description="None where it was not judged")
    gate_reasons: tuple[ToldReason, ...]
    figures: dict[str, Any] = Field(default={}, description="of its report, without the lists of single lines")
    files: tuple[ToldFile, ...]
    error_code: str | None
    error_message: str | None


class _AboutTask(Message):
    task_id: str
    language: str
    video_original_name: str
    metadata: dict[str, Any] = Field(description="the caller's own")
    batch_id: str | None = None
    batch_row: int | None = None
    error_code: str | None
    error_message: str | None


class LanguageEnded(_AboutTask):
    """`data` of `language.completed`, `.failed`, `.canceled` and `.stale`."""

    issues: int = Field(description="lines that a person should look at")
    gate: dict[str, Any] | None = Field(description="the whole verdict: `passed`, `misses`, `reasons`, ...")
    figures: dict[str, Any]
    files: tuple[ToldFile, ...]


class TaskEnded(_AboutTask):
    """`data` of `task.completed`, `.failed` and `.canceled`."""

    languages: dict[str, ToldLanguage]


class ToldTask(Message):
    """A row of a batch, at the end of all; `task_id` None: its video never came, or its task was deleted."""

    row: int
    source: str
    outcome: str
    task_id: str | None
    metadata: dict[str, Any]
    languages: dict[str, ToldLanguage] = Field(description="without `figures`")
    error_code: str | None
    error_message: str | None


class BatchEnded(Message):
    """`data` of `batch.completed` and `.canceled`."""

    batch_id: str
    name: str
    metadata: dict[str, Any]
    round: int
    rows: dict[str, int] = Field(description="how many ended how")
    languages: dict[str, int] = Field(description="the same of languages, and how many passed their gate")
    files_url: str = Field(description="all files as one ZIP, without a key, as the `url` of a file")
    tasks: tuple[ToldTask, ...] = Field(description="as many as one message carries, from the first row on")
    tasks_left_out: int = Field(description="the others, which `rows_url` lists")
    rows_url: str


class BatchDelivered(Message):
    """`data` of `batch.delivered` and `.delivery_failed`."""

    batch_id: str
    name: str
    metadata: dict[str, Any]
    delivery_id: str
    bucket: str
    prefix: str = Field(description="before the names of the files, which are those of the ZIP")
    languages: tuple[str, ...] = Field(description="that were asked for; none: all")
    files: int
    done: int = Field(description="how many lie there")
    missing: tuple[str, ...] = Field(description="names of files that went meanwhile, 100 at most")
    error_code: str | None
    error_message: str | None


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


class AnyFact(Fact):
    """A CloudEvent in structured JSON mode; `type` repeats the last two tokens of its subject.

    `type` decides what its `data` is: `Progress` for `localclip.<stage>.progress`, and `LanguageEnded`, `TaskEnded` or
    `BatchEnded` for the end of one, `BatchDelivered` for files that were copied; others have an object of their own.
    """

    model_config = ConfigDict(title="Fact")

    data: Progress | LanguageEnded | TaskEnded | BatchEnded | BatchDelivered | dict[str, Any]  # type: ignore[assignment]
