"""What the command line can tell a person when it stops: failures of the client, and those of its own stack.

LocalClipError           a sentence with the remedy
├── ApiError             the gateway refused: problem document with a stable `code`
├── ServerUnreachable    no gateway answers
└── StackError           the local stack cannot start or fell apart
"""

from localclip_client import ApiError, LocalClipError, ServerUnreachable

__all__ = ["ApiError", "LocalClipError", "ServerUnreachable", "StackError"]


class StackError(LocalClipError):
    """The local stack is not running, and this says why."""
