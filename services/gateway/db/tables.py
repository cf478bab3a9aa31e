"""Every table. Schema changes are Alembic migrations in `migrations/`."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.gateway.db.columns import Row, json_column, partial_index, time_column
from services.gateway.db.columns import now as now  # most code that writes a row needs the time
from shared.pipeline import Lane, LineState, Status

UPLOADING = "uploading"
"""Status of a task whose video is still arriving; it is not visible."""


SHOWN = "tasks.deleted_at IS NULL AND tasks.status <> 'uploading'"
LEAVING = "tasks.deleted_at IS NOT NULL"
UNCUT = "tasks.uncut > 0 AND tasks.deleted_at IS NULL"
WRONG_LINES = (
    "(lines.state IN ('failed', 'stale') OR lines.fit = 'overflow' OR lines.error_rate >= 0.5 "
    "OR lines.segment_revision <> 1)"
)
UNSPOKEN_LINES = "lines.state IN ('pending', 'translated')"
KEPT_MESSAGES = "jobs.payload <> '' AND jobs.state NOT IN ('ready', 'dispatched')"
PAUSABLE_JOBS = "jobs.state IN ('ready', 'held') AND jobs.run_stage IS NOT NULL AND NOT jobs.optional"
COMING_ROWS = "batch_rows.address IS NOT NULL AND batch_rows.task_id IS NULL AND NOT batch_rows.dropped"
FETCHED_SOURCES = "sources.state = 'fetching'"
OPEN_HANDOVERS = "batch_deliveries.state = 'copying'"
KEPT_BATCHES = "(batches.ended_at IS NULL OR batches.wish IS NOT NULL)"
EDITED_SEGMENTS = "segments.revision <> 1"
WAITING_FLAGS = "outbox.kind = 'cancel' AND outbox.set_aside_at IS NULL"
WAITING_FACTS = "outbox.kind = 'fact' AND outbox.set_aside_at IS NULL"
"""Conditions of partial indexes, which are used if a query contains them literally."""


_SEARCHED = ("status", "deleted_at", "video_original_name", "task_id")
"""What a list needs besides its order: it is in the index, so no row of the table is read for it."""


class Task(Row, table=True):
    """One uploaded video. `question` is what a person was asked, and the answer once there is one.

    `uncut`: how many runs may begin whose jobs are still to be made, each in its own transaction.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_created", "created_at"),
        Index("ix_tasks_status", "status", "created_at"),
        partial_index("ix_tasks_shown", "created_at", "id", *_SEARCHED, where=SHOWN),
        partial_index("ix_tasks_shown_owner", "owner", "created_at", "id", *_SEARCHED, where=SHOWN),
        partial_index("ix_tasks_leaving", "id", where=LEAVING),
        partial_index("ix_tasks_uncut", "id", where=UNCUT),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(unique=True, index=True, max_length=64)
    owner: str = Field(default="", index=True, max_length=80)
    video_filename: str
    video_original_name: str
    video_key: str
    video_size: int
    status: str = Field(default=Status.PENDING, max_length=16)
    config: dict[str, Any] = json_column()
    media: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    source_language: str | None = Field(default=None, max_length=8)
    transcript_key: str | None = None
    note: str | None = None
    question: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    epoch: int = 1
    version: int = 1
    uncut: int = 0
    batch_id: str | None = Field(default=None, max_length=40)
    batch_row: int | None = None
    deleted_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()
    updated_at: datetime = time_column()


class BatchState(StrEnum):
    """State of a batch. A paused one hands nothing more out; one that is completed may be taken up again."""

    OPEN = "open"
    PAUSED = "paused"
    CANCELED = "canceled"
    COMPLETED = "completed"


class BatchRow(Row, table=True):
    """Many videos that are followed as one. `about` is the caller's metadata.

    `wish` was requested for all its tasks and is being carried out. `round` counts how often the batch was started: a
    retry starts it again.
    """

    __tablename__ = "batches"
    __table_args__ = (
        Index("ix_batches_owner", "owner", "id"),
        partial_index("ix_batches_kept", "id", where=KEPT_BATCHES),
    )

    id: int | None = Field(default=None, primary_key=True)
    batch_id: str = Field(unique=True, index=True, max_length=40)
    owner: str = Field(default="", max_length=80)
    name: str = Field(max_length=200)
    state: str = Field(default=BatchState.OPEN, max_length=16)
    wish: str | None = Field(default=None, max_length=16)
    starts: bool = True
    about: dict[str, Any] = json_column()
    round: int = 1
    created_at: datetime = time_column()
    ended_at: datetime | None = time_column(nullable=True)
    deleted_at: datetime | None = time_column(nullable=True)


class BatchItem(Row, table=True):
    """A row of the manifest of a batch. `config` is that of its task, which exists once the file has arrived.

    `address` is where the gateway fetches it from; None: somebody sends it. `files` are the names of subtitles and
    translations that are sent with it, or where they are fetched from; a `dropped` row no longer gets a task.
    """

    __tablename__ = "batch_rows"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        Index("ix_batch_rows_task", "task_id"),
        partial_index("ix_batch_rows_coming", "batch_id", "number", where=COMING_ROWS),
    )

    id: int | None = Field(default=None, primary_key=True)
    batch_id: str = Field(max_length=40)
    number: int
    source: str = Field(sa_column=Column(Text, nullable=False))
    config: dict[str, Any] = json_column()
    files: dict[str, str] = json_column()
    languages: int = 0
    address: str | None = Field(default=None, sa_column=Column(Text))
    task_id: str | None = Field(default=None, max_length=64)
    dropped: bool = False


class HandoverState(StrEnum):
    """How far the files of a batch are on their way into a bucket."""

    COPYING = "copying"
    COMPLETED = "completed"
    FAILED = "failed"


class HandoverRow(Row, table=True):
    """The files of a batch that are copied into a bucket, below `prefix`; a repeated request uses the same row.

    `files` is how many there are, `done` how many have been copied, `size` and `size_done` their bytes; `missing`
    names those that disappeared meanwhile.
    `attempts` counts failures since the last file was copied.
    """

    __tablename__ = "batch_deliveries"
    __table_args__ = (
        UniqueConstraint("batch_id", "prefix"),
        partial_index("ix_batch_deliveries_due", "id", where=OPEN_HANDOVERS),
    )

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: str = Field(unique=True, index=True, max_length=40)
    batch_id: str = Field(max_length=40)
    prefix: str = Field(max_length=500)
    languages: list[str] = Field(default_factory=list, sa_type=JSON)
    state: str = Field(default=HandoverState.COPYING, max_length=16)
    files: int = 0
    done: int = 0
    size: int = Field(default=0, sa_type=BigInteger)
    size_done: int = Field(default=0, sa_type=BigInteger)
    missing: list[str] = Field(default_factory=list, sa_type=JSON)
    attempts: int = 0
    next_at: datetime = time_column()
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    created_at: datetime = time_column()
    ended_at: datetime | None = time_column(nullable=True)


class UploadRow(Row, table=True):
    """A video arriving in parts for a task that is not visible yet; `secret` signs the URLs of its parts."""

    __tablename__ = "uploads"

    id: int | None = Field(default=None, primary_key=True)
    upload_id: str = Field(unique=True, index=True, max_length=40)
    task_id: str = Field(index=True, max_length=64)
    owner: str = Field(default="", max_length=80)
    filename: str
    size: int = Field(sa_type=BigInteger)
    part_size: int
    key: str
    write_id: str
    secret: str = Field(max_length=64)
    created_at: datetime = time_column()


class SourceState(StrEnum):
    """How far a video is that the gateway fetches. One that failed, or was stopped, is taken up again by a retry."""

    FETCHING = "fetching"
    ARRIVED = "arrived"
    FAILED = "failed"
    CANCELED = "canceled"


class SourceRow(Row, table=True):
    """Where the video of a task is fetched from, and how far that is; until it ends, the size of the task's video is 0.

    `address` is a URL, or `s3:` and a key below the operator's prefix. `validator` is how the other side identifies its
    file (an ETag or a time); None: an interrupted fetch starts again. `attempts` counts failures since the last piece
    arrived. `files` are the URLs of subtitles and translations that are fetched with it.
    """

    __tablename__ = "sources"
    __table_args__ = (partial_index("ix_sources_due", "owner", "next_at", where=FETCHED_SOURCES),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(unique=True, index=True, max_length=64)
    owner: str = Field(default="", max_length=80)
    address: str = Field(sa_column=Column(Text, nullable=False))
    files: dict[str, str] = json_column()
    state: str = Field(default=SourceState.FETCHING, max_length=16)
    write_id: str = Field(default="", max_length=200)
    part_size: int = 0
    validator: str | None = Field(default=None, sa_column=Column(Text))
    received: int = Field(default=0, sa_type=BigInteger)
    size: int | None = Field(default=None, sa_type=BigInteger)
    attempts: int = 0
    next_at: datetime = time_column()
    started_at: datetime = time_column()
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    created_at: datetime = time_column()


class TaskLanguage(Row, table=True):
    """One target language of a task: what was asked for and how far it is."""

    __tablename__ = "task_languages"
    __table_args__ = (UniqueConstraint("task_id", "language"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    language: str = Field(max_length=8)
    status: str = Field(default=Status.PENDING, max_length=16)
    goal: str | None = Field(default=None, max_length=24)
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    content_version: int = 0
    exported_version: int | None = None
    export_files: list[dict[str, Any]] = json_column(list)
    report: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    gate: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    approved_by: str | None = Field(default=None, max_length=120)
    approved_at: datetime | None = time_column(nullable=True)


class StageRun(Row, table=True):
    """One attempt at one stage."""

    __tablename__ = "stage_runs"
    __table_args__ = (UniqueConstraint("task_id", "language", "stage", "attempt"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    language: str = Field(max_length=8)
    stage: str = Field(max_length=24)
    attempt: int
    status: str = Field(default=Status.PENDING, max_length=16)
    progress: int = 0
    jobs_total: int = 0
    jobs_done: int = 0
    jobs_failed: int = 0
    content_version: int = 0
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    engines: list[dict[str, Any]] = json_column(list)
    started_at: datetime | None = time_column(nullable=True)
    finished_at: datetime | None = time_column(nullable=True)


class JobState(StrEnum):
    """State of a job row. A ready row is the outbox of its message; a held one is ready once its batch goes on."""

    READY = "ready"
    HELD = "held"
    DISPATCHED = "dispatched"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


_QUEUE = ("stage", "lane", "long", "owner")


class JobKind(StrEnum):
    """What a job asks for: the kind of its message."""

    DIARIZE_VIDEO = "diarize_video"
    RECOGNIZE_SPEECH = "recognize_speech"
    HEAR_TAKES = "hear_takes"
    READ_PICTURE = "read_picture"
    PROPOSE_BRIEF = "propose_brief"
    TRANSLATE_LINES = "translate_lines"
    TRANSLATE_SPEECH = "translate_speech"
    REWRITE_LINES = "rewrite_lines"
    CLONE_LINES = "clone_lines"
    EXPORT_LANGUAGE = "export_language"
    RENDER_RECIPE = "render_recipe"


class JobRow(Row, table=True):
    """One unit of work. `payload` and `document` are emptied some time after its end, and the row is removed after a
    month.

    `run_stage` is the stage of the run it counts for, which may differ from that of the workers who do it; None: it
    belongs to no run, like the redubbing of one line. A run continues without its `optional` jobs when they fail.
    `owner` and the four columns after it are what `fair_share` chooses by, as of when the job was cut.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("task_id", "language", "stage", "shard", "attempt"),
        Index("ix_jobs_state", "state", "stage", "lane"),
        partial_index("ix_jobs_oldest", *_QUEUE, "task_order", "steps_left", "id", where="state = 'ready'"),
        partial_index("ix_jobs_shortest", *_QUEUE, "left_s", "id", where="state = 'ready'"),
        partial_index("ix_jobs_dispatched", "stage", "lane", where="state = 'dispatched'"),
        partial_index("ix_jobs_of_batches", "task_id", "state", where=PAUSABLE_JOBS),
        Index("ix_jobs_finished", "finished_at"),
        partial_index("ix_jobs_kept_runs", "task_id", "language", "run_stage", "attempt", where=KEPT_MESSAGES),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    language: str = Field(max_length=8)
    stage: str = Field(max_length=24)
    shard: str = Field(max_length=40)
    attempt: int
    kind: str = Field(default="", max_length=24)
    lane: str = Field(default=Lane.BATCH, max_length=16)
    run_stage: str | None = Field(default=None, max_length=24)
    optional: bool = False
    owner: str = Field(default="", max_length=80)
    task_order: int = 0
    steps_left: int = 0
    left_s: float = 0.0
    long: bool = False
    state: str = Field(default=JobState.READY, max_length=16)
    payload: str = Field(sa_column=Column(Text, nullable=False))
    document: str | None = Field(default=None, sa_column=Column(Text))
    resends: int = 0
    created_at: datetime = time_column()
    dispatched_at: datetime | None = time_column(nullable=True)
    finished_at: datetime | None = time_column(nullable=True)


class SpeakerRow(Row, table=True):
    """A voice of a task; `cast_id` is who it seems to be until a person `cast_accepted` it."""

    __tablename__ = "speakers"
    __table_args__ = (UniqueConstraint("task_id", "speaker_id"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    speaker_id: str = Field(max_length=40)
    name: str
    f0_hz: float | None = None
    pace: float | None = None
    speech_s: float = 0.0
    reference_key: str | None = None
    embedding: list[float] | None = Field(default=None, sa_type=JSON)
    embedding_model: str | None = Field(default=None, max_length=80)
    voice: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    cast_id: str | None = Field(default=None, max_length=40)
    cast_similarity: float | None = None
    cast_accepted: bool = False
    version: int = 1


class SegmentRow(Row, table=True):
    """A source line. `revision` counts the edits that change what is said or when.

    `decisions` say how its caption was interpreted, `written` is its original text if they changed it. `sureness` (0 to
    1) is the recognizer's confidence in the worst words; None if it gave none, or if a person wrote the text.
    `language` is the spoken language if it is certainly not the video's.
    """

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("task_id", "segment_id"),
        partial_index("ix_segments_edited", "task_id", where=EDITED_SEGMENTS),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    segment_id: str = Field(max_length=40)
    start_s: float
    end_s: float
    speaker_id: str = Field(max_length=40)
    text: str = Field(sa_column=Column(Text, nullable=False))
    words: list[dict[str, Any]] = json_column(list)
    written: str | None = Field(default=None, sa_column=Column(Text))
    decisions: list[str] = json_column(list)
    sureness: float | None = None
    language: str | None = Field(default=None, max_length=8)
    revision: int = 1
    version: int = 1


class LineRow(Row, table=True):
    """A segment in one target language. A take counts for the `revision` it was made from.

    `start_s`, `end_s` and `speaker_id` replace the segment's in this language only; an `omitted` line keeps the
    original audio because a person chose so. `tried` are the texts the fit loop spoke, with their lengths. `wish` is
    what a person asked the translator for, until it is granted (`pipeline.wishes`).
    """

    __tablename__ = "lines"
    __table_args__ = (
        UniqueConstraint("task_id", "language", "segment_id"),
        Index("ix_lines", "task_id", "language"),
        partial_index("ix_lines_wrong", "task_id", where=WRONG_LINES),
        partial_index("ix_lines_unspoken", "task_id", "language", where=UNSPOKEN_LINES),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(max_length=64)
    language: str = Field(max_length=8)
    segment_id: str = Field(max_length=40)
    text: str | None = Field(default=None, sa_column=Column(Text))
    provided: str | None = Field(default=None, sa_column=Column(Text))
    alternatives: list[str] = json_column(list)
    tried: list[dict[str, Any]] = json_column(list)
    rounds: int = 0
    origin: str = Field(default="engine", max_length=16)
    edited: bool = False
    start_s: float | None = None
    end_s: float | None = None
    speaker_id: str | None = Field(default=None, max_length=40)
    voice: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    omitted: bool = False
    pinned: bool = False
    state: str = Field(default=LineState.PENDING, max_length=16)
    revision: int = 1
    segment_revision: int = 1
    take_revision: int | None = None
    take_key: str | None = None
    take_start_s: float | None = None
    take_duration_s: float | None = None
    natural_s: float | None = None
    speed: float | None = None
    fit: str | None = Field(default=None, max_length=16)
    decision: str | None = None
    dub_attempt: int = 0
    rendition: int = 0
    heard: str | None = Field(default=None, sa_column=Column(Text))
    error_rate: float | None = None
    similarity: float | None = None
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    wish: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    version: int = 1


class TakeRow(Row, table=True):
    """A take a line has had; the line itself says which one counts.

    `basis` is a hash of what it was made from: it counts for a line with the same text, voice and slot length.
    """

    __tablename__ = "takes"
    __table_args__ = (
        UniqueConstraint("task_id", "language", "segment_id", "take_key", "basis"),
        Index("ix_takes", "task_id", "language", "segment_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    take_id: str = Field(max_length=40)
    task_id: str = Field(max_length=64)
    language: str = Field(max_length=8)
    segment_id: str = Field(max_length=40)
    text: str = Field(sa_column=Column(Text, nullable=False))
    basis: str = Field(default="", max_length=32)
    take_key: str
    start_s: float
    duration_s: float
    natural_s: float | None = None
    speed: float | None = None
    fit: str | None = Field(default=None, max_length=16)
    decision: str | None = None
    created_at: datetime = time_column()


class TaskEngine(Row, table=True):
    """The engine of a port that a language of a task keeps, `base` for the recognizer.

    `used`: it has done work; before that, another may take its place. `marks` distinguish its takes from those of the
    previous engine.
    """

    __tablename__ = "task_engines"
    __table_args__ = (UniqueConstraint("task_id", "language", "port"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    language: str = Field(max_length=8)
    port: str = Field(max_length=16)
    engine: str = Field(max_length=120)
    model: str = Field(default="", max_length=200)
    digest: str = Field(default="", max_length=80)
    marks: str = Field(default="", max_length=200)
    used: bool = False
    version: int = 1
    created_at: datetime = time_column()


class EditRow(Row, table=True):
    """One edit of a task as rows before and after it, so that it can be undone and redone.

    `before` and `after` map a table to the rows that changed, by key; a row that is missing on one side was added or
    removed.
    """

    __tablename__ = "edits"
    __table_args__ = (UniqueConstraint("task_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    number: int
    kind: str = Field(max_length=40)
    summary: str
    before: dict[str, Any] = json_column()
    after: dict[str, Any] = json_column()
    undone: bool = False
    author: str = Field(default="", max_length=80)
    created_at: datetime = time_column()


class ExportRow(Row, table=True):
    """An export by a recipe, in addition to the export every language has.

    `languages` records what it was made from in each language: the content version, and the lines not spoken since
    edits.
    """

    __tablename__ = "exports"

    id: int | None = Field(default=None, primary_key=True)
    export_id: str = Field(unique=True, index=True, max_length=40)
    task_id: str = Field(index=True, max_length=64)
    recipe: dict[str, Any] = json_column()
    status: str = Field(default=Status.PENDING, max_length=16)
    files: list[dict[str, Any]] = json_column(list)
    languages: dict[str, dict[str, Any]] | None = Field(default=None, sa_type=JSON)
    report: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    error_code: str | None = Field(default=None, max_length=40)
    error_message: str | None = None
    created_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)


class TermRow(Row, table=True):
    """A glossary term of an account; without a target language, it applies to all of them."""

    __tablename__ = "glossary_terms"
    __table_args__ = (UniqueConstraint("owner", "source_language", "target_language", "source"),)

    id: int | None = Field(default=None, primary_key=True)
    term_id: str = Field(unique=True, index=True, max_length=40)
    owner: str = Field(default="", max_length=80)
    source_language: str = Field(max_length=8)
    target_language: str = Field(default="", max_length=8)
    source: str = Field(max_length=200)
    target: str | None = Field(default=None, max_length=200)
    pronunciation: str | None = Field(default=None, max_length=200)
    version: int = 1
    created_at: datetime = time_column()


class MemoryRow(Row, table=True):
    """A translation that a person settled, found again by the same source text."""

    __tablename__ = "translation_memory"
    __table_args__ = (UniqueConstraint("owner", "source_language", "target_language", "source_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    owner: str = Field(default="", max_length=80)
    source_language: str = Field(max_length=8)
    target_language: str = Field(max_length=8)
    source_hash: str = Field(max_length=64)
    source: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    uses: int = 0
    updated_at: datetime = time_column()


class CastRow(Row, table=True):
    """A person known from earlier videos: name, voice, and how they sound."""

    __tablename__ = "cast_members"

    id: int | None = Field(default=None, primary_key=True)
    cast_id: str = Field(unique=True, index=True, max_length=40)
    owner: str = Field(default="", index=True, max_length=80)
    name: str
    embedding: list[float] | None = Field(default=None, sa_type=JSON)
    embedding_model: str | None = Field(default=None, max_length=80)
    f0_hz: float | None = None
    reference_key: str | None = None
    voice: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    episodes: int = 1
    version: int = 1
    created_at: datetime = time_column()
    updated_at: datetime = time_column()


class ClipRow(Row, table=True):
    """A reference clip a person uploaded for a voice, with their confirmation that they may use it."""

    __tablename__ = "voice_clips"

    id: int | None = Field(default=None, primary_key=True)
    clip_id: str = Field(unique=True, index=True, max_length=40)
    owner: str = Field(default="", index=True, max_length=80)
    name: str
    key: str
    duration_s: float
    f0_hz: float | None = None
    consent: bool = False
    created_at: datetime = time_column()


class AccountRow(Row, table=True):
    """Settings of an account: what new tasks begin with."""

    __tablename__ = "accounts"

    owner: str = Field(primary_key=True, max_length=80)
    settings: dict[str, Any] = json_column()
    version: int = 1


class WebhookRow(Row, table=True):
    """A URL of an account that is notified of events whose type matches one of `types`.

    `failures` counts consecutive failed attempts, `failing_since` is the time of the first of them; meanwhile only one
    attempt is made at a time, and none before `pause_until`. `old_secret` signs in addition to `secret` until
    `old_until`.
    """

    __tablename__ = "webhooks"

    id: int | None = Field(default=None, primary_key=True)
    webhook_id: str = Field(unique=True, index=True, max_length=40)
    owner: str = Field(default="", index=True, max_length=80)
    url: str = Field(sa_column=Column(Text, nullable=False))
    description: str = Field(default="", max_length=200)
    types: list[str] = json_column(list)
    secret: str = Field(max_length=80)
    old_secret: str | None = Field(default=None, max_length=80)
    old_until: datetime | None = time_column(nullable=True)
    enabled: bool = True
    disabled_reason: str | None = None
    failures: int = 0
    failing_since: datetime | None = time_column(nullable=True)
    pause_until: datetime | None = time_column(nullable=True)
    version: int = 1
    created_at: datetime = time_column()


class DeliveryState(StrEnum):
    """State of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryRow(Row, table=True):
    """An event being delivered to a webhook. `message_id` is the event's own, the same in every repetition.

    `tries` are the attempts so far, newest last: when, the response status or the error, and how long it took.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "message_id"),
        Index("ix_deliveries_list", "webhook_id", "id"),
        partial_index("ix_deliveries_due", "webhook_id", "next_at", "id", where="state = 'waiting'"),
        partial_index("ix_deliveries_task", "webhook_id", "task_id", "id", where="state = 'waiting'"),
        Index("ix_deliveries_created", "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    webhook_id: str = Field(max_length=40)
    message_id: str = Field(max_length=80)
    task_id: str = Field(default="", max_length=64)
    type: str = Field(max_length=80)
    sequence: int = Field(sa_type=BigInteger)
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(default=DeliveryState.WAITING, max_length=16)
    attempts: int = 0
    tries: list[dict[str, Any]] = json_column(list)
    next_at: datetime = time_column()
    created_at: datetime = time_column()
    ended_at: datetime | None = time_column(nullable=True)


class OutboxKind(StrEnum):
    """What an outbox row asks of the relay."""

    FACT = "fact"
    CANCEL = "cancel"


class OutboxRow(Row, table=True):
    """A fact to publish or a cancel flag to set, written together with the state it is about.

    `task_id` is the task or batch it belongs to, whose facts are published in order. One that the broker refuses
    repeatedly is set aside, with the reason, until a person looks at it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        partial_index("ix_outbox_flags", "id", where=WAITING_FLAGS),
        partial_index("ix_outbox_facts", "task_id", "id", where=WAITING_FACTS),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=16)
    task_id: str = Field(max_length=64)
    payload: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = 0
    last_error: str | None = Field(default=None, sa_column=Column(Text))
    set_aside_at: datetime | None = time_column(nullable=True)


class LogRow(Row, table=True):
    """What happened to a language of a task, for people."""

    __tablename__ = "language_processing_logs"

    id: int | None = Field(default=None, primary_key=True)
    task_id: str = Field(index=True, max_length=64)
    language: str = Field(max_length=8)
    stage: str = Field(max_length=24)
    status: str = Field(max_length=16)
    progress: int = 0
    message: str | None = None
    created_at: datetime = time_column()


class SecretRow(Row, table=True):
    """A secret that all gateways of an installation share, created by the first of them."""

    __tablename__ = "secrets"

    name: str = Field(primary_key=True, max_length=40)
    value: str = Field(max_length=200)


class IdempotencyRow(Row, table=True):
    """The answer already given to a request with this key, or who is about to give it.

    `fingerprint` is that of method and URL; `content` and `content_size` describe the body, known once it was read.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created", "created_at"),)

    key: str = Field(primary_key=True, max_length=300)
    fingerprint: str = Field(max_length=64)
    content: str | None = Field(default=None, max_length=64)
    content_size: int | None = Field(default=None, sa_type=BigInteger)
    holder: str | None = Field(default=None, max_length=40)
    leased_until: datetime | None = time_column(nullable=True)
    status: int | None = None
    headers: dict[str, str] = json_column()
    body: str = Field(default="", sa_column=Column(Text, nullable=False, default=""))
    created_at: datetime = time_column()
