"""Commands, and what they are answered with."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from services.gateway.editing.schemas import Redub, StartedLines
from services.gateway.exports.schemas import ExportRead
from services.gateway.pipeline.schemas import Approval, CancelTask, ProcessTask, TaskRead
from services.gateway.uploads.schemas import TaskOfSource
from services.gateway.web.bodies import Written
from shared.messaging import ExportRecipe
from shared.pipeline import Lane

TaskId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$", description="of the task")]
LanguageCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$", description="a target language of the task")]


class Command(Written):
    """One request of the API, by message: the same rules hold, and the same is answered."""

    id: str = Field(
        pattern=r"^[!-~]{1,200}$",
        description="chosen by the sender: the same command with the same id is done once, however often it is sent. "
        "It is the `Idempotency-Key` of the request",
    )
    account: str | None = Field(
        default=None,
        max_length=200,
        description="name in LOCALCLIP_API_KEYS on whose behalf it is done; left out where there are none, or only one",
    )
    address: ClassVar[str]
    """Of the request; its fields come from the command."""
    envelope: ClassVar[frozenset[str]] = frozenset({"id", "account", "task_id", "language"})

    def path(self) -> str:
        """Where the request goes."""
        return self.address.format(**self.model_dump(include=set(self.envelope)))

    def body(self) -> dict[str, Any]:
        """What it says: no more than was sent, and in the same order each time."""
        return self.model_dump(mode="json", exclude=set(self.envelope), exclude_unset=True)


class CreateTask(Command, TaskOfSource):
    """Make a task of a video that the gateway fetches: `POST /api/tasks`."""

    address = "/api/tasks"


class ProcessLanguages(Command, ProcessTask):
    """Bring languages up to a stage: `POST /api/tasks/{task_id}/process`."""

    address = "/api/tasks/{task_id}/process"
    task_id: TaskId


class ApproveLanguage(Command, Approval):
    """Let a language go on after its stop: `POST /api/tasks/{task_id}/languages/{language}/approve`."""

    address = "/api/tasks/{task_id}/languages/{language}/approve"
    task_id: TaskId
    language: LanguageCode


class CancelWork(Command, CancelTask):
    """Stop work: `POST /api/tasks/{task_id}/cancel`."""

    address = "/api/tasks/{task_id}/cancel"
    task_id: TaskId


class RedubLines(Command, Redub):
    """Speak lines again: `POST /api/tasks/{task_id}/languages/{language}/dub`."""

    address = "/api/tasks/{task_id}/languages/{language}/dub"
    task_id: TaskId
    language: LanguageCode


class MakeExport(Command):
    """Make files of a dubbed task by a recipe: `POST /api/tasks/{task_id}/exports`."""

    task_id: TaskId
    recipe: ExportRecipe
    lane: Lane = Field(default=Lane.INTERACTIVE, description="`batch` lets what people wait for go first")

    def path(self) -> str:
        """With the lane, which is no part of the recipe."""
        return f"/api/tasks/{self.task_id}/exports?lane={self.lane}"

    def body(self) -> dict[str, Any]:
        """The recipe alone."""
        return self.recipe.model_dump(mode="json", exclude_unset=True)


class CommandError(BaseModel):
    """A field that is not valid."""

    pointer: str
    detail: str
    code: str


class CommandProblem(BaseModel):
    """Why it was not done, as the API says it (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="for people")
    code: str = Field(description="for programs; it does not change")
    instance: str = Field(default="", description="address of the request that the command stands for")
    errors: list[CommandError] = []


class CommandAnswer(BaseModel):
    """What became of a command: its result, or the problem."""

    id: str | None = Field(default=None, description="of the command; None where it could not be read")
    status: int = Field(description="as over HTTP: below 300 it is done, or begun")
    repeated: bool = Field(default=False, description="it was done before; this is what was answered then")
    problem: CommandProblem | None = None


class TaskAnswer(CommandAnswer):
    """The answer to a command about a task."""

    result: TaskRead | None = None


class LinesAnswer(CommandAnswer):
    """The answer to `redub`."""

    result: StartedLines | None = None


class ExportAnswer(CommandAnswer):
    """The answer to `export`."""

    result: ExportRead | None = None
