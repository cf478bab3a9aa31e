"""Subtitle files that people bring: read within limits, refused with what is wrong."""

from services.gateway.api.problems import Problem, unprocessable
from shared.pipeline import PermanentError
from shared.transcript import Reading, TooManyCues, read_subtitles

MAX_BYTES = 5 * 1024 * 1024


def too_large(detail: str) -> Problem:
    """413, with the limit."""
    return Problem(413, "subtitles_too_large", detail)


def refuse_oversize(size: int) -> None:
    """Raises: Problem 413, for more bytes than are read."""
    if size > MAX_BYTES:
        raise too_large(f"the subtitle file is larger than {MAX_BYTES // 1024**2} MiB")


def read_brought(data: bytes, language: str | None, pointer: str) -> Reading:
    """Read a file in `language`; up to two seconds of work, so call it in a thread.

    Raises: Problem 413, 422 at `pointer`.
    """
    refuse_oversize(len(data))
    try:
        return read_subtitles(data, language)
    except TooManyCues as error:
        raise too_large(error.message) from error
    except PermanentError as error:
        raise unprocessable(error.code, error.message, pointer) from error
