"""Refuse impossible language pairs at the door."""

from collections.abc import Iterable

from services.gateway.api.context import Gateway
from services.gateway.api.problems import unprocessable
from services.gateway.capabilities import check_possible
from shared.messaging import EngineInfo
from shared.pipeline import PermanentError


async def refuse_impossible(
    parts: Gateway, source: str | None, target: str, *, subtitles: bool, translation: bool
) -> None:
    """Raises: Problem 422 `language_unsupported`, naming what would make the language possible."""
    refuse_unless_possible(
        await parts.capabilities.engines(), source, target, subtitles=subtitles, translation=translation
    )


def refuse_unless_possible(
    engines: Iterable[EngineInfo], source: str | None, target: str, *, subtitles: bool, translation: bool
) -> None:
    """The same, with the engines at hand."""
    try:
        check_possible(engines, source, target, subtitles=subtitles, translation=translation)
    except PermanentError as error:
        raise unprocessable(error.code, error.message, "/target_languages") from error
