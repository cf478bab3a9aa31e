"""What clients send and get."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field

from shared.messaging import ExportSettings, GlossaryTerm
from shared.pipeline import SOURCE_LANGUAGES, TARGET_LANGUAGES, LineState, Stage, Status
from shared.transcript import MediaFacts


def _known_target(code: str) -> str:
    if code not in TARGET_LANGUAGES:
        raise ValueError(f"'{code}' is not offered; choose from {', '.join(TARGET_LANGUAGES)}")
    return code


def _known_source(code: str) -> str:
    if code not in SOURCE_LANGUAGES:
        raise ValueError(f"'{code}' is not known; choose from {', '.join(SOURCE_LANGUAGES)}")
    return code


TargetLanguage = Annotated[str, AfterValidator(_known_target)]
SourceLanguage = Annotated[str, AfterValidator(_known_source)]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TaskConfig(_Schema):
    """What a task is to become."""

    target_languages: list[TargetLanguage] = Field(default=[], max_length=len(TARGET_LANGUAGES))
    source_language: SourceLanguage | None = Field(default=None, description="None: recognized or assumed")
    num_speakers: int | None = Field(default=None, ge=1, le=20, description="helps telling speakers apart")
    glossary: list[GlossaryTerm] = Field(default=[], max_length=500)
    export_settings: ExportSettings = ExportSettings()


class LanguageStatus(BaseModel):
    """How far one language is; `base` stands for the work done once per task."""

    status: Status
    progress: int = Field(ge=0, le=100)
    stage: Stage | None = None
    message: str = ""
    eta_seconds: float | None = None
    issues: int = 0
    error_code: str | None = None
    error_message: str | None = None
    stages: dict[str, dict[str, Any]] = Field(default={}, description="status and progress of each stage")


class TaskRead(BaseModel):
    """A task."""

    id: int
    task_id: str
    video_filename: str
    video_original_name: str
    video_size: int
    status: Status
    language_status: dict[str, LanguageStatus]
    config: TaskConfig
    media: MediaFacts | None
    source_language: str | None
    note: str | None = Field(description="why there is nothing to dub, if so")
    error_code: str | None
    error_message: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TaskUpdate(_Schema):
    """Changes to a task's configuration; what is left out stays."""

    target_languages: list[TargetLanguage] | None = Field(default=None, max_length=len(TARGET_LANGUAGES))
    source_language: SourceLanguage | None = None
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    glossary: list[GlossaryTerm] | None = Field(default=None, max_length=500)
    export_settings: ExportSettings | None = None


class UploadCreate(_Schema):
    """A video that is going to arrive in parts."""

    filename: str = Field(min_length=1, max_length=500)
    size: int = Field(gt=0, le=2**53, description="bytes")
    content_type: str | None = Field(default=None, max_length=200, description="not trusted; the content counts")
    head: Base64Bytes | None = Field(
        default=None, max_length=4096, description="the first kilobyte: what is no video is refused before it is sent"
    )


class PartRead(BaseModel):
    """A part that has arrived."""

    part_number: int
    size: int
    etag: str


class UploadRead(BaseModel):
    """An upload in parts, and what of it has arrived."""

    upload_id: str
    filename: str
    size: int
    part_size: int
    parts: int
    arrived: list[PartRead]
    created_at: datetime


class PartsWanted(_Schema):
    """Parts to get addresses for."""

    part_numbers: list[Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=100)


class PartAddress(BaseModel):
    """Where to PUT a part; relative addresses are the gateway's own."""

    part_number: int
    url: str
    size: int
    expires_at: int = Field(description="seconds since 1970")


class UploadComplete(_Schema):
    """What the task is to become; with `start` all its languages are processed at once."""

    config: TaskConfig = TaskConfig()
    start: bool = False


class ProcessRequest(_Schema):
    """Bring a language up to and including `stage`; a stage already done is done again."""

    stage: Stage = Stage.EXPORT


class ProcessTask(ProcessRequest):
    """The same for several languages; None: all target languages of the task."""

    languages: list[TargetLanguage] | None = Field(default=None, min_length=1)


class CancelTask(_Schema):
    """What to stop; None: everything."""

    languages: list[TargetLanguage] | None = Field(default=None, min_length=1)


class Started(BaseModel):
    """Work was accepted."""

    message: str
    task_id: str
    language: str
    stage: Stage


class SegmentRead(BaseModel):
    """A source line."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str
    words: list[dict[str, Any]]
    version: int


class SegmentUpdate(_Schema):
    """An edit of a source line."""

    text: str | None = Field(default=None, min_length=1, max_length=2000)
    start_s: float | None = Field(default=None, ge=0)
    end_s: float | None = Field(default=None, ge=0)
    speaker_id: str | None = Field(default=None, max_length=40)


class LineRead(BaseModel):
    """A line: a segment in one target language, with its take and how it was fitted."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    source_text: str
    text: str | None
    state: LineState
    edited: bool
    source_changed: bool = Field(description="the source line was edited after this was translated")
    take_key: str | None
    take_start_s: float | None
    take_duration_s: float | None
    natural_s: float | None
    speed: float | None
    fit: str | None
    decision: str | None
    error_code: str | None
    error_message: str | None
    version: int


class LineUpdate(_Schema):
    """An edit of a line."""

    text: str = Field(min_length=1, max_length=2000)


class VoiceChoice(_Schema):
    """Whose voice speaks: a stock voice by name, another speaker of the task, or an uploaded clip, by id."""

    kind: Literal["stock", "speaker", "clip"]
    id: str = Field(min_length=1, max_length=80)


class SpeakerRead(BaseModel):
    """A speaker."""

    speaker_id: str
    name: str
    f0_hz: float | None
    speech_s: float
    voice: VoiceChoice | None
    version: int


class SpeakerUpdate(_Schema):
    """An edit of a speaker; `voice` None: like the speaker."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    voice: VoiceChoice | None = None


class Artifact(BaseModel):
    """A file of a task."""

    language: str
    name: str
    size: int
    media_type: str
    etag: str
    url: str


class LogRead(BaseModel):
    """A line of the processing log."""

    language: str
    stage: str
    status: str
    progress: int
    message: str | None
    created_at: datetime


class LanguageRead(BaseModel):
    """A language LocalClip offers."""

    code: str
    name: str
    native_name: str
    is_target: bool
    voices: list[str] = Field(description="voice engines at hand that speak it")
    translated_from: list[str] = Field(description="source languages an engine at hand translates from")


class Health(BaseModel):
    """Whether the gateway can work; `workers` counts those waiting for a job, by stage."""

    status: str
    checks: dict[str, bool]
    workers: dict[str, int] = {}
