"""Refuse impossible language pairs before anything starts."""

from collections.abc import Callable, Iterable

from services.gateway.pipeline.engines import check_possible
from services.gateway.web.problems import unprocessable
from shared.messaging import EngineInfo
from shared.pipeline import PermanentError
from shared.storage import ObjectStore

_LOOKED_AT = 512 * 1024
_MARKS = (b"S_TEXT/", b"tx3g", b"wvtt", b"c608")
"""How the headers of Matroska and MP4 name text subtitles; headers are at the beginning or the end of a file."""


def refuse_unless_possible(
    engines: Iterable[EngineInfo],
    source: str | None,
    target: str,
    *,
    subtitles: bool,
    translation: bool,
    inside: Callable[[], bool] = lambda: False,
) -> None:
    """Raises: Problem 422 `language_unsupported`, naming what would make the language possible.

    If no recognizer understands the language, `inside` is called to find out whether the video may contain subtitles.
    """
    engines = list(engines)
    try:
        check_possible(engines, source, target, subtitles=subtitles, translation=translation)
    except PermanentError as error:
        if subtitles or not inside():
            raise unprocessable(error.code, error.message, "/target_languages") from error
        refuse_unless_possible(engines, source, target, subtitles=True, translation=translation)


def may_have_text(store: ObjectStore, key: str, size: int) -> bool:
    """Whether a stored video seems to contain subtitles; its first stage finds out which, and whether they help."""
    for start in dict.fromkeys((0, max(0, size - _LOOKED_AT))):
        with store.open(key, start, _LOOKED_AT) as part:
            data = part.read()
        if any(mark in data for mark in _MARKS):
            return True
    return False
