"""Server-sent events, read from raw bytes.

Lines end at CR, LF or CRLF and nowhere else; the line splitting of `str` also breaks at U+2028, which JSON may hold.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ServerEvent:
    """One event: facts carry the stream sequence as `id`, progress frames and heartbeats none."""

    event: str
    data: dict[str, Any]
    id: str | None = None

    @property
    def is_fact(self) -> bool:
        """Whether it tells a stored change, such as `translation.completed`."""
        return "." in self.event


def read_events(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Yield the events of a `text/event-stream` body; one that was cut off or is no JSON object is dropped."""
    fields: dict[str, list[str]] = {}
    for line in _lines(chunks):
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        event = _event(fields)
        if event:
            yield event
        fields = {}


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        rest += chunk
        held = rest.endswith(b"\r")  # half of a CRLF, perhaps
        *lines, rest = (rest[:-1] if held else rest).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest += b"\r" if held else b""
        for line in lines:
            yield line.decode("utf-8", "replace")


def _event(fields: dict[str, list[str]]) -> ServerEvent | None:
    try:
        data = json.loads("\n".join(fields["data"]))
    except (KeyError, ValueError):
        return None
    if not isinstance(data, dict):
        return None
    return ServerEvent(fields.get("event", ["message"])[-1], data, fields["id"][-1] if "id" in fields else None)
