"""What clients get of files and exports."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.db.tables import HandoverState
from services.gateway.pipeline.schemas import TargetLanguage
from services.gateway.web.bodies import Written
from shared.messaging import ExportRecipe
from shared.pipeline import Status


class Artifact(BaseModel):
    """A file of a task."""

    language: str
    name: str
    saved_as: str = Field(description="the name it is downloaded under: the video's, with the language")
    size: int
    media_type: str
    etag: str
    url: str


class ExportFile(BaseModel):
    """A file of an export by recipe."""

    name: str
    size: int
    media_type: str
    url: str


class ExportedLanguage(BaseModel):
    """What a language in an export by recipe was when it was made, and whether its lines are the same now."""

    state: Literal["current", "older"] = Field(description="`older` than its lines, from the start or by now")
    lines_unspoken: int = Field(description="edited or added before the export and not spoken: they are not in it")
    lines_failed: int
    gate: Literal["passed", "failed"] | None


class ExportRead(BaseModel):
    """An export by recipe."""

    export_id: str
    status: Status
    progress: int = Field(ge=0, le=100)
    message: str = ""
    recipe: ExportRecipe
    files: list[ExportFile]
    languages: dict[str, ExportedLanguage] = Field(default={}, description="the state of each language in it")
    report: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None


class DeliveryWrite(Written):
    """Where the files of a batch are to be copied."""

    model_config = ConfigDict(str_strip_whitespace=True)

    prefix: str = Field(
        default="", max_length=500, description="folder below LOCALCLIP_DELIVERY_PREFIX; by default the id of the batch"
    )
    to: list[TargetLanguage] = Field(default=[], max_length=20, description="languages; all where none is named")


class DeliveryRead(BaseModel):
    """Files of a batch on their way into a bucket."""

    delivery_id: str
    batch_id: str
    bucket: str
    prefix: str = Field(description="before the names of the files: `<bucket>/<prefix>/<name>`")
    languages: list[str]
    state: HandoverState
    files: int = Field(description="how many there are; 0 before they were counted")
    done: int = Field(description="how many of them lie there")
    size: int = Field(description="bytes of all files; 0 before they were counted")
    size_done: int = Field(description="bytes of those that lie there")
    missing: list[str] = Field(description="names of files that went while they were copied, 100 at most")
    error_code: str | None = Field(description="why it failed, or why the last attempt broke off")
    error_message: str | None
    next_at: datetime | None = Field(description="when it is tried again, where an attempt broke off")
    created_at: datetime
    ended_at: datetime | None


class PresetRead(BaseModel):
    """A recipe to begin with."""

    name: str
    title: str
    description: str
    recipe: ExportRecipe


class LogRead(BaseModel):
    """A line of the processing log."""

    language: str
    stage: str
    status: str
    progress: int
    message: str | None
    created_at: datetime
