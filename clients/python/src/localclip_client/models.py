"""What the gateway answers, as far as the client needs it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Stage(StrEnum):
    """A step of a dub."""

    DIARIZATION = "speaker_diarization"
    TRANSLATION = "translation"
    CLONING = "voice_cloning"
    EXPORT = "export"


class Status(StrEnum):
    """State of a task, a language or a stage. `STALE`: an edit outdated the export of a language."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    STALE = "stale"


class LineState(StrEnum):
    """State of a line: what it still needs. `FAILED` and `OMITTED` keep the original sound."""

    PENDING = "pending"
    TRANSLATED = "translated"
    DUBBED = "dubbed"
    STALE = "stale"
    FAILED = "failed"
    OMITTED = "omitted"


_ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELED)


class _Answer(BaseModel):
    """Immutable, and tolerant of what a newer gateway adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StageStatus(_Answer):
    """How far one stage of one language is."""

    status: Status
    progress: float = 0.0


class GateReason(_Answer):
    """Why a language is not good enough, and what would mend it."""

    code: str
    text: str = ""
    mend: str = ""
    lines: tuple[str, ...] = ()
    lines_total: int = 0


class LanguageStatus(_Answer):
    """How far one language is; `base` stands for the work done once per task."""

    status: Status
    progress: float = 0.0
    stage: str | None = None
    message: str = ""
    eta_seconds: float | None = None
    issues: int = 0
    gate_passed: bool | None = None
    gate: str | None = None
    gate_reasons: tuple[GateReason, ...] = ()
    waiting_for: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    stages: dict[str, StageStatus] = {}


class Media(_Answer):
    """What a video is; a codec is None where there is no such stream."""

    container: str = ""
    duration_s: float = 0.0
    video_codec: str | None = None
    audio_codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    hdr: str | None = None


class Remark(_Answer):
    """What was repaired, merged or left out of a subtitle file, and in which of its rows."""

    kind: str = ""
    action: str
    text: str
    count: int = 1
    rows: tuple[int, ...] = ()


class Timing(_Answer):
    """How far the source subtitles lie beside the speech."""

    shift_s: float
    rate: float = 1.0
    overlap: float
    overlap_shifted: float


class EngineOffer(_Answer):
    """What a task would begin with today."""

    engine: str
    model: str = ""
    error_percent: float | None = None
    does_again: str = ""
    lines: int = 0

    @property
    def named(self) -> str:
        """The engine with its weights."""
        return self.engine if self.model in ("", self.engine) else f"{self.engine} ({self.model})"


class TaskEngine(_Answer):
    """What a language of a task keeps to."""

    language: str
    port: str
    engine: str
    model: str = ""
    digest: str = ""
    here: bool | None = None
    error_percent: float | None = None
    offer: EngineOffer | None = None

    @property
    def named(self) -> str:
        """The engine with its weights."""
        return self.engine if self.model in ("", self.engine) else f"{self.engine} ({self.model})"


class Doubt(_Answer):
    """Something about a transcript that a person should know."""

    code: str
    text: str
    mend: str = ""


class Question(_Answer):
    """What a task waits for a person to say."""

    question_id: str
    reasons: tuple[Doubt, ...] = ()
    language: str = ""
    sounds_like: str | None = None


class TaskConfig(_Answer):
    """What a task is to become."""

    target_languages: list[str] = []
    source_language: str | None = None
    num_speakers: int | None = None
    stop_after: str | None = None
    metadata: dict[str, Any] = {}


class Source(_Answer):
    """Where the gateway fetches a video from, and how much of it has come."""

    address: str
    state: str
    received: int = 0
    size: int | None = None
    error_code: str | None = None
    error_message: str | None = None


class Task(_Answer):
    """One uploaded video and everything made from it."""

    task_id: str
    video_original_name: str = ""
    status: Status
    language_status: dict[str, LanguageStatus] = {}
    config: TaskConfig = TaskConfig()
    media: Media | None = None
    waiting_for: Question | None = None
    note: str | None = None
    subtitle_remarks: dict[str, tuple[Remark, ...]] = {}
    subtitle_timing: Timing | None = None
    source: Source | None = None
    batch_id: str | None = None
    batch_row: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in _ENDED

    @property
    def at_stop(self) -> tuple[str, ...]:
        """The languages that wait for approval, once nothing else of the task is under way."""
        waiting = tuple(code for code, state in self.language_status.items() if state.waiting_for == "approval")
        return waiting if self.status is Status.PENDING else ()


class Refusal(_Answer):
    """Why a row of a manifest, or a language of it, is not made."""

    code: str
    detail: str
    field: str = ""
    language: str | None = None


class PlannedRow(_Answer):
    """What is done with a row of a manifest."""

    row: int
    source: str
    languages: tuple[str, ...] = ()
    files: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


class Batch(_Answer):
    """Many videos that are followed as one."""

    batch_id: str
    name: str = ""
    state: str
    rows_total: int = 0
    rows: dict[str, int] = {}
    languages: dict[str, int] = {}
    progress: int = 0
    eta_seconds: float | None = None
    metadata: dict[str, Any] = {}
    round: int = 1
    created_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether every row came to its end; one whose video has not come, or that waits for somebody, has not."""
        return self.ended_at is not None


class BatchPlan(_Answer):
    """What was made of a manifest, or would be."""

    batch: Batch | None = None
    rows: tuple[PlannedRow, ...] = ()
    refused: int = 0


class BatchDelivery(_Answer):
    """Files of a batch on their way into a bucket."""

    delivery_id: str
    bucket: str
    prefix: str
    state: str
    files: int = 0
    done: int = 0
    size: int = 0
    size_done: int = 0
    missing: tuple[str, ...] = ()
    error_message: str | None = None


class LanguageOutcome(_Answer):
    """What became of a language of a row."""

    status: Status
    gate: str | None = None
    gate_reasons: tuple[str, ...] = ()
    error_code: str | None = None
    error_message: str | None = None


class BatchItem(_Answer):
    """A row of a batch."""

    row: int
    source: str
    files: dict[str, str] = {}
    fetched: bool = False
    outcome: str
    task_id: str | None = None
    languages: dict[str, LanguageOutcome] = {}
    error_code: str | None = None
    error_message: str | None = None


class Webhook(_Answer):
    """An address that is told of events; its secret is known when it is made, and never again."""

    webhook_id: str
    url: str
    types: tuple[str, ...] = ()
    description: str = ""
    enabled: bool = True
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    waiting: int = 0
    secret: str | None = None


class Tested(_Answer):
    """What became of a test event."""

    delivered: bool
    status: int | None = None
    error: str | None = None


class Replayed(_Answer):
    """How many events are on their way again; `more_since`: there are more, from this time on."""

    events: int
    more_since: datetime | None = None


class Try(_Answer):
    """An attempt to deliver an event."""

    at: datetime
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0


class Delivery(_Answer):
    """An event on its way to a webhook."""

    delivery_id: int
    task_id: str = ""
    type: str
    state: str
    attempts: int = 0
    tries: tuple[Try, ...] = ()
    next_at: datetime | None = None


class UploadPart(_Answer):
    """A part of an upload that has arrived."""

    part_number: int
    size: int


class Upload(_Answer):
    """A video on its way, in parts of `part_size` bytes."""

    upload_id: str
    size: int
    part_size: int
    parts: int
    arrived: tuple[UploadPart, ...] = ()


class PartAddress(_Answer):
    """Where a part is put."""

    part_number: int
    url: str
    size: int


class Artifact(_Answer):
    """A file of a task."""

    language: str
    name: str
    size: int
    media_type: str = ""
    etag: str = ""
    url: str = ""


class ExportedFile(_Answer):
    """A file of an export by recipe."""

    name: str
    size: int
    media_type: str = ""
    url: str


class Export(_Answer):
    """An export by recipe."""

    export_id: str
    status: Status
    progress: int = 0
    message: str = ""
    files: list[ExportedFile] = []
    report: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None


class Preset(_Answer):
    """A recipe to begin with."""

    name: str
    title: str = ""
    description: str = ""
    recipe: dict[str, Any]


class Speeds(_Answer):
    """How the lines of a language fit their slots."""

    natural_share: float | None = None
    tight_share: float | None = None
    overflow_share: float | None = None


class Loudness(_Answer):
    """The measured level of a dub."""

    integrated_lufs: float | None = None
    true_peak_dbtp: float | None = None
    spread_lu: float | None = None


class SpeechLost(_Answer):
    """Speech of the original that no line stands for."""

    seconds: float
    share: float


class Miss(_Answer):
    """A figure beyond its limit."""

    figure: str
    value: float | bool
    limit: float | bool


class Gate(_Answer):
    """The verdict on a language."""

    passed: bool
    lines_heard: int = 0
    lines_spoken: int = 0
    misses: tuple[Miss, ...] = ()
    accepted: tuple[Miss, ...] = ()
    reasons: tuple[GateReason, ...] = ()


class Report(_Answer):
    """The exporter's report on one language, as far as it is shown."""

    lines_total: int = 0
    lines_dubbed: int = 0
    lines_failed: int = 0
    lines_edited: int = 0
    note: str | None = None
    speed: Speeds = Speeds()
    overlap: float | None = None
    speech_lost: SpeechLost | None = None
    drift_s: float | None = None
    wer: dict[str, float] | None = None
    cer: dict[str, float] | None = None
    nonspeech_residual_db: float | None = None
    loudness: Loudness = Loudness()
    length_difference_s: float | None = None
    checks: dict[str, Any] = {}
    passed: bool | None = None
    gate: Gate | None = None


class Term(_Answer):
    """A glossary term; no target language: for all, no target: it stays as it is."""

    term_id: str
    source_language: str
    target_language: str | None = None
    source: str
    target: str | None = None
    pronunciation: str | None = None


class CastMember(_Answer):
    """A person known from earlier tasks."""

    cast_id: str
    name: str
    voice: dict[str, str] | None = None
    episodes: int = 1
    recognizable: bool = True
    outdated: bool = False


class ReviewReason(_Answer):
    """Why a line is worth a look."""

    code: str
    text: str


class ReviewLine(_Answer):
    """A line worth a look."""

    language: str
    segment_id: str
    start_s: float
    end_s: float = 0.0
    source_text: str = ""
    text: str | None = None
    alternatives: tuple[str, ...] = ()
    score: float
    reasons: tuple[ReviewReason, ...] = ()


class Line(_Answer):
    """A segment in one target language."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    source_text: str = ""
    text: str | None = None
    state: LineState
    edited: bool = False
    omitted: bool = False
    pinned: bool = False
    source_changed: bool = False
    speed: float | None = None
    fit: str | None = None
    decision: str | None = None
    error_message: str | None = None
    version: int = 1


class Voice(_Answer):
    """A voice to choose from."""

    kind: str
    id: str
    name: str
    title: str = ""
    engine: str | None = None
    f0_hz: float | None = None

    @property
    def choice(self) -> str:
        """How it is named where one is chosen."""
        return f"{self.kind}:{self.id}"


class LogEntry(_Answer):
    """Something that happened to a task."""

    created_at: datetime
    language: str
    stage: str
    status: str
    progress: int = 0
    message: str | None = None


class Take(_Answer):
    """A take a line has had."""

    take_id: str
    text: str
    duration_s: float
    speed: float | None = None
    fit: str | None = None
    created_at: datetime
    current: bool = False
    url: str = ""


class Edit(_Answer):
    """An edit of a task."""

    number: int
    kind: str
    summary: str
    undone: bool = False


class Edited(_Answer):
    """What an edit, or taking it back, has done."""

    edit: Edit


class LinesBegun(_Answer):
    """How many lines are worked on."""

    lines: int


class BatchPage(_Answer):
    """A page of batches, newest first, and how many there are in all."""

    batches: tuple[Batch, ...]
    total: int


class TaskPage(_Answer):
    """A page of tasks, newest first, and how many there are in all."""

    tasks: tuple[Task, ...]
    total: int


class Health(_Answer):
    """Whether the gateway can work; `workers` counts those waiting for a job, by stage."""

    status: str = ""
    checks: dict[str, bool] = {}
    workers: dict[str, int] = Field(default={})
