"""What a recorded edit affects, derived from its rows before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SEGMENTS, LINES, SPEAKERS, ENGINES = "segments", "lines", "speakers", "engines"
Columns = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Columns]]
"""{table: {key: {column: value}}}; a missing row was added later or removed before."""

_HEARD = {"text", "start_s", "end_s", "speaker_id"}
_SPOKEN = _HEARD | {"voice", "take_key", "segment_revision", "pinned"}


@dataclass(frozen=True)
class Touched:
    """Which rows changed, and which of the changes can be heard or seen in an export.

    `lines` and `respoken` are (language, segment), `engines` (language, port); `starts` are the times where a line
    began or begins now.
    """

    segments: frozenset[str] = frozenset()
    lines: frozenset[tuple[str, str]] = frozenset()
    speakers: frozenset[str] = frozenset()
    heard_segments: frozenset[str] = frozenset()
    respoken: frozenset[tuple[str, str]] = frozenset()
    revoiced: frozenset[str] = frozenset()
    starts: frozenset[float] = frozenset()
    engines: frozenset[tuple[str, str]] = frozenset()


@dataclass
class _Found:
    changed: dict[str, set[str]] = field(default_factory=dict)
    heard: dict[str, set[str]] = field(default_factory=dict)
    starts: set[float] = field(default_factory=set)

    def note(self, table: str, key: str, columns: set[str], heard: set[str]) -> None:
        self.changed.setdefault(table, set()).add(key)
        if columns & heard:
            self.heard.setdefault(table, set()).add(key)


def touched(before: Rows, after: Rows) -> Touched:
    """Compare both sides of an edit."""
    found = _Found()
    heard = {SEGMENTS: _HEARD, LINES: _SPOKEN, SPEAKERS: {"voice"}, ENGINES: set()}
    for table in heard:
        for key, old, new in _pairs(before.get(table, {}), after.get(table, {})):
            columns = {name for name in {*old, *new} if old.get(name) != new.get(name)}
            found.note(table, key, columns, heard[table])
            if table in (SEGMENTS, LINES) and "start_s" in columns:
                found.starts |= {side["start_s"] for side in (old, new) if side.get("start_s") is not None}
    return Touched(
        segments=frozenset(found.changed.get(SEGMENTS, ())),
        lines=frozenset(map(line_key, found.changed.get(LINES, ()))),
        speakers=frozenset(found.changed.get(SPEAKERS, ())),
        heard_segments=frozenset(found.heard.get(SEGMENTS, ())),
        respoken=frozenset(map(line_key, found.heard.get(LINES, ()))),
        revoiced=frozenset(found.heard.get(SPEAKERS, ())),
        starts=frozenset(found.starts),
        engines=frozenset(map(line_key, found.changed.get(ENGINES, ()))),
    )


def _pairs(before: Mapping[str, Columns], after: Mapping[str, Columns]) -> Iterator[tuple[str, Columns, Columns]]:
    for key in dict.fromkeys([*before, *after]):
        yield key, before.get(key, {}), after.get(key, {})


def line_key(key: str) -> tuple[str, str]:
    """Language and segment from the key of a line, or language and port from that of an engine."""
    language, _, segment_id = key.partition("/")
    return language, segment_id
