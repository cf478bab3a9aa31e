"""What clients send and get of batches."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, model_validator

from services.gateway.db.tables import BatchState
from services.gateway.pipeline.schemas import (
    LanguageOutcome,
    Metadata,
    SourceLanguage,
    StopAfter,
    TargetLanguage,
    TaskConfig,
    with_script,
)
from services.gateway.web.bodies import Written
from shared import manifest
from shared.messaging import Brief, GlossaryTerm
from shared.pipeline import TARGET_LANGUAGES, ChineseScript, Status

MOST_ROWS = manifest.MOST_ROWS
FileName = Annotated[str, Field(min_length=1, max_length=500)]
FileOrAddress = Annotated[str, Field(min_length=1, max_length=2000)]


class ManifestRow(Written):
    """A video of a batch; whatever is left out is taken from the batch's `config`."""

    model_config = ConfigDict(str_strip_whitespace=True)

    source: FileName = Field(
        description="name of the file that is going to be uploaded; may have folders before it. Of one that is fetched "
        "what it is called, by default as its address ends"
    )
    source_url: str | None = Field(
        default=None, min_length=1, max_length=2000, description="the gateway fetches it from there (https)"
    )
    source_key: str | None = Field(
        default=None, min_length=1, max_length=700, description="or by this key below LOCALCLIP_SOURCE_PREFIX"
    )
    source_page: str | None = Field(
        default=None, min_length=1, max_length=2000, description="or from this page, with yt-dlp (LOCALCLIP_YTDLP)"
    )
    languages: list[TargetLanguage] | None = Field(default=None, min_length=1, max_length=len(TARGET_LANGUAGES))
    source_language: SourceLanguage | None = None
    subtitles: FileOrAddress | None = Field(
        default=None,
        description="file that is sent with the video; with one that is fetched an address, or `s3:` and a key",
    )
    translations: dict[TargetLanguage, FileOrAddress] = Field(
        default={}, max_length=len(TARGET_LANGUAGES), description="the same by target language"
    )
    chinese: ChineseScript | None = None
    glossary: list[GlossaryTerm] | None = Field(default=None, max_length=500)
    brief: Brief | None = None
    stop_after: StopAfter | None = None
    metadata: Metadata = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _named(cls, sent: Any) -> Any:
        """A file that is fetched is called as its address ends, unless the row says otherwise; scripts are read."""
        return with_script(manifest.named(sent))


class BatchWrite(Written):
    """A batch to make. Rows are checked one by one, so that each has its own reasons."""

    model_config = ConfigDict(str_strip_whitespace=True)

    name: str = Field(default="", max_length=200)
    metadata: Metadata = Field(default={})
    config: TaskConfig = Field(default=TaskConfig(), description="of every task, where its row says nothing else")
    start: bool = Field(default=True, description="begin with each video as soon as it has come")
    rows: list[SkipValidation[ManifestRow]] = Field(default=[], max_length=MOST_ROWS)
    source_prefix: str | None = Field(
        default=None,
        max_length=700,
        description="instead of rows: every video below this prefix of LOCALCLIP_SOURCE_PREFIX, with the subtitles "
        "beside it by their names; empty: all of it",
    )
    without: list[FileName] = Field(
        default=[], max_length=10 * MOST_ROWS, description="of a prefix: names (`source`) that are left out"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.source_prefix is not None and self.rows:
            raise ValueError("name either rows or source_prefix")
        return self


class Refusal(BaseModel):
    """Why a row, or a language of it, is not made."""

    code: str
    detail: str
    field: str = Field(description="of the row")
    language: str | None = None


class PlannedRow(BaseModel):
    """What is done with a row of the manifest."""

    row: int = Field(description="from 1 on, as in the manifest")
    source: str
    languages: list[str] = Field(description="that are going to be dubbed")
    files: dict[str, str] = Field(description="what is sent with the video: `subtitles`, `translation_<language>`")
    stop_after: str | None = None
    notes: list[str] = []
    refused: list[Refusal] = []


class LanguageCounts(BaseModel):
    """Languages of all tasks by state; `passed` and `not_passed` are those whose gate judged them."""

    pending: int = 0
    processing: int = 0
    completed: int = 0
    stale: int = 0
    failed: int = 0
    canceled: int = 0
    passed: int = 0
    not_passed: int = 0
    waiting_for_approval: int = Field(default=0, description="of the pending ones those at their stop")


class RowCounts(BaseModel):
    """Rows by state."""

    waiting: int = Field(default=0, description="for their files")
    pending: int = Field(default=0, description="not begun, or waiting for a person")
    processing: int = 0
    completed: int = 0
    failed: int = 0
    canceled: int = 0
    deleted: int = Field(default=0, description="somebody deleted the task")


class BatchRead(BaseModel):
    """A batch and how far it is."""

    batch_id: str
    name: str
    state: BatchState
    metadata: dict[str, Any]
    rows_total: int
    rows: RowCounts
    languages: LanguageCounts
    progress: int = Field(ge=0, le=100)
    eta_seconds: float | None = Field(description="None where it cannot be told")
    round: int = Field(description="how often it was started: a retry of what failed starts it again")
    created_at: datetime
    ended_at: datetime | None
    delivers_to: str | None = Field(
        description="bucket and folder below which its files can be copied (`dubbed/ready/`); None: none is opened here"
    )


class BatchPlan(BaseModel):
    """What was made of a manifest, or would be."""

    batch: BatchRead | None = Field(description="None where nothing was made")
    rows: list[PlannedRow]
    refused: int = Field(description="rows that are refused, wholly or in some languages")


class ItemRead(BaseModel):
    """A row of a batch."""

    row: int
    source: str
    files: dict[str, str]
    fetched: bool = Field(default=False, description="the gateway fetches it: nobody sends it")
    outcome: str = Field(description="one of the names of `rows` of the batch")
    task_id: str | None
    languages: dict[str, LanguageOutcome]
    error_code: str | None = None
    error_message: str | None = None
    status: Status | None = Field(default=None, description="of the task")
