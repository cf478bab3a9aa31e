"""How much goes into one message of the broker, and how a job ends that cannot be sent."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from shared.messaging import (
    MAX_BODY_BYTES,
    CloneLines,
    Job,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    Result,
    TranslatedLine,
    TranslateLines,
    failed,
)
from shared.pipeline import ErrorCode

T = TypeVar("T")

LINES_BYTES = MAX_BODY_BYTES // 2
"""For the lines of a job; the rest is for their context, terms and voices."""

CONTEXT_CHARS = 1000
"""Of a neighbouring line, which says enough about what is spoken of."""


def batches(
    items: Sequence[T], most: int, size_of: Callable[[T], int], count_of: Callable[[T], int] = lambda _: 1
) -> Iterator[Sequence[T]]:
    """`items` in order, `most` together at most, fewer where they are large; one too large by itself stays alone.

    `count_of` tells for how many an item counts.
    """
    first, held, counted = 0, 0, 0
    for index, item in enumerate(items):
        size, count = size_of(item), count_of(item)
        if index > first and (counted + count > most or held + size > LINES_BYTES):
            yield items[first:index]
            first, held, counted = index, 0, 0
        held += size
        counted += count
    if first < len(items):
        yield items[first:]


def size_of_text(*texts: str | None) -> int:
    """Bytes that a line with `texts` takes in a message, where all but ASCII is escaped."""
    return 400 + sum(len(json.dumps(text)) for text in texts if text)


def too_large(job: Job, size: int) -> Result:
    """How `job` ends because no message can hold its `size` bytes."""
    reason = f"too much text for one job ({size // 1024} kB of at most {MAX_BODY_BYTES // 1024}): shorten or split it"
    return refused(job, ErrorCode.JOB_TOO_LARGE, reason)


def refused(job: Job, code: ErrorCode, reason: str) -> Result:
    """How `job` ends that cannot be sent: of a single line that line fails and its neighbours go on."""
    match job:
        case TranslateLines(lines=(line,)):
            text = TranslatedLine(segment_id=line.segment_id, text=None, **_error(line.segment_id, code, reason))
            return LinesTranslated(**_address(job), lines=(text,))
        case CloneLines(lines=(line,)):
            error = _error(line.segment_id, code, reason)
            take = LineTake(segment_id=line.segment_id, revision=line.revision, **error)
            return LinesDubbed(**_address(job), lines=(take,))
    return failed(job, code, reason)


def _error(segment_id: str, code: ErrorCode, reason: str) -> dict[str, object]:
    return {"error_code": code, "error_message": f"line {segment_id}: {reason}"}


def _address(job: Job) -> dict[str, object]:
    return failed(job, ErrorCode.INTERNAL, "").model_dump(include={"task_id", "language", "stage", "shard", "attempt"})
