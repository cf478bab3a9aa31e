"""What a person or a script uses: the command line, the local stack runner, the Python client."""

from localclip.client import Client
from localclip.errors import ApiError, LocalClipError, ServerUnreachable

__all__ = ["ApiError", "Client", "LocalClipError", "ServerUnreachable"]
