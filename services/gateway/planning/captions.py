"""What the captions of source lines were taken for, and which lines are left as they are."""

from collections.abc import Iterable

from shared.transcript import Decision

_SURE = 0.8


def other_language(spoken: str | None, confidence: float | None, of_video: str) -> str | None:
    """The language of a line where that is surely another than the video's."""
    return spoken if spoken and spoken != of_video and (confidence or 0.0) >= _SURE else None


def is_unsaid(decisions: Iterable[str], language: str | None, *, keeps_others: bool) -> bool:
    """Whether a line is left as it is: nobody says it, or it is in another language and the task keeps such lines."""
    return omission(decisions) is not None or (keeps_others and language is not None)


def omission(decisions: Iterable[str]) -> Decision | None:
    """Why nobody says a line, if so."""
    return next((one for one in map(Decision, decisions) if one.omits), None)
