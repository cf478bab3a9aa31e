"""What can go wrong with a unit of work.

PipelineError            carries a `code` that decides the words a person reads
├── PermanentError       the same input fails again: a failed result at once
├── TransientError       worth another try later: handed back to the queue with a delay
└── Canceled             a person stopped it: no result, no retry
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable names of failures; clients translate these, never the message."""

    MEDIA_UNREADABLE = "media_unreadable"
    MEDIA_UNSUPPORTED = "media_unsupported"
    MEDIA_NO_VIDEO = "media_no_video"
    MEDIA_TOO_LONG = "media_too_long"
    SUBTITLES_UNREADABLE = "subtitles_unreadable"
    LANGUAGE_UNSUPPORTED = "language_unsupported"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    ENGINE_FAILED = "engine_failed"
    ENGINE_GONE = "engine_gone"
    EXPORT_INVALID = "export_invalid"
    ARTIFACT_MISSING = "artifact_missing"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    TOOL_FAILED = "tool_failed"
    TOOL_TIMEOUT = "tool_timeout"
    MESSAGE_INVALID = "message_invalid"
    JOB_TOO_LARGE = "job_too_large"
    JOB_REFUSED = "job_refused"
    RESULT_UNUSABLE = "result_unusable"
    WORKER_LOST = "worker_lost"
    INTERNAL = "internal"
    SOURCE_GONE = "source_gone"
    SOURCE_REFUSED = "source_refused"
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_TOO_SLOW = "source_too_slow"
    FORBIDDEN_ADDRESS = "forbidden_address"
    VIDEO_TOO_LARGE = "video_too_large"
    SUBTITLES_TOO_LARGE = "subtitles_too_large"
    DOUBTFUL_SOURCE = "doubtful_source"
    CANCELED = "canceled"


class PipelineError(Exception):
    """A failure with a stable code and a sentence for a person."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class PermanentError(PipelineError):
    """Trying again with the same input cannot succeed."""


class TransientError(PipelineError):
    """Trying again later may succeed."""


class Canceled(PipelineError):  # noqa: N818 (not an error: somebody asked for it)
    """The work was stopped on request or because the worker is going away."""

    def __init__(self, message: str = "canceled") -> None:
        super().__init__(ErrorCode.CANCELED, message)
