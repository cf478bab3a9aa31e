"""Refuse impossible language pairs at the door."""

from collections.abc import Callable, Iterable

from services.gateway.pipeline.engines import check_possible
from services.gateway.web.problems import unprocessable
from shared.messaging import EngineInfo
from shared.pipeline import PermanentError
from shared.storage import ObjectStore

_LOOKED_AT = 512 * 1024
_MARKS = (b"S_TEXT/", b"tx3g", b"wvtt", b"c608")
"""What the headers of Matroska and MP4 call subtitles that are text; they stand at the beginning or at the end."""


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

    `inside` is asked whether the video may have subtitles inside, where no recognizer understands the language.
    """
    engines = list(engines)
    try:
        check_possible(engines, source, target, subtitles=subtitles, translation=translation)
    except PermanentError as error:
        if subtitles or not inside():
            raise unprocessable(error.code, error.message, "/target_languages") from error
        refuse_unless_possible(engines, source, target, subtitles=True, translation=translation)


def may_have_text(store: ObjectStore, key: str, size: int) -> bool:
    """Whether a stored video seems to have subtitles inside; which, and whether they help, its first stage tells."""
    for start in dict.fromkeys((0, max(0, size - _LOOKED_AT))):
        with store.open(key, start, _LOOKED_AT) as part:
            data = part.read()
        if any(mark in data for mark in _MARKS):
            return True
    return False
