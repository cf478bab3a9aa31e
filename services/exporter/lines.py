"""The lines of a timeline as the export sees them."""

from services.exporter.spans import Span
from shared.messaging import TimelineLine


def is_dubbed(line: TimelineLine) -> bool:
    """Whether a take of this line is mixed; otherwise the original is kept at full level."""
    return line.take_key is not None


def source_span(line: TimelineLine) -> Span:
    """When the original line is spoken."""
    return Span(line.start_s, max(line.start_s, line.end_s))


def take_start_s(line: TimelineLine) -> float:
    """When the take begins: its own time, else the line's."""
    return max(0.0, line.start_s if line.take_start_s is None else line.take_start_s)


def take_span(line: TimelineLine) -> Span:
    """When the take is heard; a take of unknown length is assumed to last as long as the line."""
    start_s = take_start_s(line)
    length_s = line.end_s - line.start_s if line.take_duration_s is None else line.take_duration_s
    return Span(start_s, start_s + max(0.0, length_s))


def heard_span(line: TimelineLine) -> Span:
    """When the line is heard in the export, dubbed or not."""
    return take_span(line) if is_dubbed(line) else source_span(line)
