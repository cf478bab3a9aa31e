"""What workers report to the gateway: one message per job, completed or failed."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.messaging._jobs import EngineUsed, Job, Message
from shared.pipeline import ErrorCode, Stage
from shared.transcript import MediaFacts


class JobResult(Message):
    """The end of one job, addressed like the job itself."""

    task_id: str
    language: str
    stage: Stage
    shard: str
    attempt: int

    def key(self) -> str:
        """The job's key."""
        return f"{self.task_id}:{self.language}:{self.stage}:{self.shard}:{self.attempt}"


class TranscriptReady(JobResult):
    """Speakers and segments are in the transcript at `transcript_key`."""

    kind: Literal["transcript_ready"] = "transcript_ready"
    transcript_key: str
    media: MediaFacts
    segments: int
    speakers: int
    note: str | None = Field(default=None, description="why there is nothing to dub, if so")
    engines: tuple[EngineUsed, ...] = ()


class TranslatedLine(Message):
    """A translation, or why there is none."""

    segment_id: str
    text: str | None
    provided: bool = False
    error_code: ErrorCode | None = None
    error_message: str | None = None


class LinesTranslated(JobResult):
    """Every line of a translation shard."""

    kind: Literal["lines_translated"] = "lines_translated"
    lines: tuple[TranslatedLine, ...]
    engines: tuple[EngineUsed, ...] = ()


class LineTake(Message):
    """A take and where it is placed, or why there is none."""

    segment_id: str
    revision: int = 0
    take_key: str | None = None
    start_s: float | None = None
    duration_s: float | None = Field(default=None, description="length as placed, after fitting")
    natural_s: float | None = Field(default=None, description="length at natural speed, silence trimmed")
    speed: float | None = None
    fit: Literal["natural", "tight", "overflow"] | None = None
    decision: str | None = Field(default=None, description="how the fit was reached, for people")
    error_code: ErrorCode | None = None
    error_message: str | None = None


class LinesDubbed(JobResult):
    """Every line of a voice shard."""

    kind: Literal["lines_dubbed"] = "lines_dubbed"
    lines: tuple[LineTake, ...]
    engines: tuple[EngineUsed, ...] = ()


class ExportedFile(Message):
    """One file of an export: `name` is what a person downloads."""

    name: str
    key: str
    size: int
    media_type: str


class LanguageExported(JobResult):
    """The files of an export and its measured report."""

    kind: Literal["language_exported"] = "language_exported"
    files: tuple[ExportedFile, ...]
    report: dict[str, object]


class JobFailed(JobResult):
    """The job ended without a product."""

    kind: Literal["job_failed"] = "job_failed"
    code: ErrorCode
    message: str
    canceled: bool = False


Result = Annotated[
    TranscriptReady | LinesTranslated | LinesDubbed | LanguageExported | JobFailed, Field(discriminator="kind")
]
RESULT: TypeAdapter[Result] = TypeAdapter(Result)


def failed(job: Job, code: ErrorCode, message: str, *, canceled: bool = False) -> JobFailed:
    """The failed result of `job`."""
    return JobFailed(
        task_id=job.task_id,
        language=job.language,
        stage=job.stage(),
        shard=job.shard,
        attempt=job.attempt,
        code=code,
        message=message[:2000],
        canceled=canceled,
    )
