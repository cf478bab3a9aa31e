"""A line as the decisions see it."""

from dataclasses import dataclass

from shared.pipeline import LineState


@dataclass(frozen=True)
class LineView:
    """What is known of a line when jobs are made."""

    segment_id: str
    text: str | None
    provided: str | None
    edited: bool
    state: LineState
    revision: int
    take_key: str | None = None
    take_start_s: float | None = None
    take_duration_s: float | None = None
    speed: float | None = None
    fit: str | None = None
    decision: str | None = None
    rounds: int = 0
    rendition: int = 0
    origin: str = "engine"
    omitted: bool = False
    pinned: bool = False
    error_rate: float | None = None
    similarity: float | None = None
    error_code: str | None = None


def line_shard(segment_id: str) -> str:
    """The shard token of a single line."""
    return f"line-{segment_id}"
