"""How much of a file is read: small files can stand for a lot of work."""

from collections.abc import Iterable

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript._cues import Cue

MAX_CUES = 30_000
"""Of a file; a day and a night of speech have fewer. SQLite takes 32 766 values in one statement."""
_REPEATED_CHARS = 1_000_000
"""Of all cues, in a file of any length: a song may say one row many times."""


class TooManyCues(PermanentError):  # noqa: N818 (says what is the matter)
    """More than `MAX_CUES`, or far more text in them than in the file."""

    def __init__(self, what: str = f"more than {MAX_CUES} cues") -> None:
        super().__init__(ErrorCode.SUBTITLES_UNREADABLE, f"the subtitle file holds {what}")


def limited(cues: Iterable[Cue], length: int) -> list[Cue]:
    """The cues of a file of `length` characters.

    Raises:
        TooManyCues: also where cues that share one long text would each be worked on.
    """
    found, chars = [], 0
    for cue in cues:
        found.append(cue)
        chars += len(cue.text)
        if len(found) > MAX_CUES:
            raise TooManyCues
        if chars > max(2 * length, _REPEATED_CHARS):
            raise TooManyCues("the same text too often")
    return found
