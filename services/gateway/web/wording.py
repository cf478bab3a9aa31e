"""What an error says to a client, without details of the machine.

The full text is in the log of the service where the error occurred.
"""

import re
from typing import TypeVar

from shared.messaging import JobFailed, LinesDubbed, LinesTranslated, LineTake, Result, TranslatedLine
from shared.pipeline import ErrorCode

_ADDRESS = re.compile(r"(?: at| @)? ?\b0x[0-9a-fA-F]{4,}\b")
_QUOTED_PATH = re.compile(r"""(?<=['"])(?:file://|[A-Za-z]:\\|/)[^'"\n]*[/\\](?=[^'"/\\\n]*['"])""")
_PATH = re.compile(
    r"(?:file://|(?<![\w.:/~<)}\]-])(?=/\w)(?!/(?:api|ws)/))(?:/[\w.@+%~-]+)*/(?=[\w.@+%~-])|\b[A-Za-z]:\\(?:[^\\\s'\"]+\\)*"
)
_OBJECT = re.compile(r"<(?:[a-zA-Z_]\w*\.)+[A-Za-z_]\w*(?: object)?[^<>]*>")


def without_machine(text: str) -> str:
    """The text with paths cut to the file name, and without memory addresses and reprs of objects."""
    for pattern, instead in ((_OBJECT, "an object"), (_QUOTED_PATH, ""), (_PATH, ""), (_ADDRESS, "")):
        text = pattern.sub(instead, text)
    return text


_Line = TypeVar("_Line", TranslatedLine, LineTake)
_OURS = {
    ErrorCode.INTERNAL: "something unexpected went wrong; the log of the worker tells what",
    ErrorCode.STORAGE_UNAVAILABLE: "the object store did not answer a worker",
}


def worded(result: Result) -> Result:
    """The result with errors worded for clients."""
    if isinstance(result, JobFailed):
        return result.model_copy(update={"message": _said(result.code, result.message)})
    if isinstance(result, LinesTranslated):
        return result.model_copy(update={"lines": tuple(_line(line) for line in result.lines)})
    if isinstance(result, LinesDubbed):
        return result.model_copy(update={"lines": tuple(_line(line) for line in result.lines)})
    return result


def _line(line: _Line) -> _Line:
    if line.error_message is None:
        return line
    return line.model_copy(update={"error_message": _said(line.error_code, line.error_message)})


def _said(code: ErrorCode | None, message: str) -> str:
    return _OURS[code] if code in _OURS else without_machine(message)
