"""Events as they come over a connection, and what following a task tells.

Lines end at CR, LF or CRLF and nowhere else; the line splitting of `str` also breaks at U+2028, which JSON may hold.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from localclip_client.models import Task


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


@dataclass(frozen=True)
class ProgressFrame:
    """Live progress of one stage of one language."""

    language: str
    stage: str
    progress: float
    message: str
    eta_s: float | None


@dataclass(frozen=True)
class Trouble:
    """The connection is bad; empty text: it is good again."""

    text: str


Update = Task | ProgressFrame | Trouble


def progress_of(event: ServerEvent) -> ProgressFrame:
    """What an event `progress` tells."""
    data = event.data
    return ProgressFrame(
        language=str(data.get("language", "")),
        stage=str(data.get("stage", "")),
        progress=float(data.get("progress") or 0.0),
        message=str(data.get("message") or ""),
        eta_s=data.get("eta_seconds"),
    )


class EventReader:
    """Reads events from bytes as they come; one that was cut off or is no JSON object is dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, list[str]] = {}

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that end in `chunk`."""
        for line in self._lines(chunk):
            if line:
                name, _, value = line.partition(":")
                self._fields.setdefault(name, []).append(value.removeprefix(" "))
                continue
            event = _event(self._fields)
            self._fields = {}
            if event:
                yield event

    def _lines(self, chunk: bytes) -> Iterator[str]:
        rest = self._rest + chunk
        held = rest.endswith(b"\r")  # half of a CRLF, perhaps
        *lines, rest = (rest[:-1] if held else rest).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = rest + (b"\r" if held else b"")
        for line in lines:
            yield line.decode("utf-8", "replace")


def read_events(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Yield the events of a `text/event-stream` body."""
    reader = EventReader()
    for chunk in chunks:
        yield from reader.feed(chunk)


def _event(fields: dict[str, list[str]]) -> ServerEvent | None:
    try:
        data = json.loads("\n".join(fields["data"]))
    except (KeyError, ValueError):
        return None
    if not isinstance(data, dict):
        return None
    return ServerEvent(fields.get("event", ["message"])[-1], data, fields["id"][-1] if "id" in fields else None)
