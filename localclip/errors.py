"""What the command line can tell a person when it stops.

LocalClipError           a sentence with the way out
├── ApiError             the gateway refused: problem document with a stable `code`
├── ServerUnreachable    no gateway answers
└── StackError           the local stack cannot start or fell apart
"""

from collections.abc import Mapping, Sequence


class LocalClipError(Exception):
    """A failure a person can read."""


class ApiError(LocalClipError):
    """An RFC 9457 problem document from the gateway."""

    def __init__(self, status: int, code: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        fields = "".join(f"\n  {entry.get('pointer', '')}: {entry.get('detail', '')}" for entry in errors)
        super().__init__(f"{code}: {detail}{fields}")
        self.status, self.code, self.detail, self.errors = status, code, detail, tuple(errors)


class ServerUnreachable(LocalClipError):  # noqa: N818 (a state of the world, not a mistake)
    """Nothing answers at the address."""


class StackError(LocalClipError):
    """The local stack is not running, and this says why."""
