"""A line as decisions see it: what is read from its row, independent of the table."""

from typing import Protocol


class Line(Protocol):
    """A segment in one target language."""

    segment_id: str
    text: str | None
    provided: str | None
    origin: str
    edited: bool
    omitted: bool
    pinned: bool
    state: str
    revision: int
    rounds: int
    rendition: int
    take_key: str | None
    take_start_s: float | None
    take_duration_s: float | None
    speed: float | None
    fit: str | None
    decision: str | None
    error_rate: float | None
    similarity: float | None
    error_code: str | None


def line_shard(segment_id: str) -> str:
    """The shard token of a single line."""
    return f"line-{segment_id}"
