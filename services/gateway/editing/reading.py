"""Build what clients read of segments, lines and speakers from their rows."""

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, SpeakerRow
from services.gateway.editing.schemas import LineRead, SegmentRead, SpeakerRead
from services.gateway.pipeline.engines import TO_TRANSLATE
from services.gateway.script import rows as script_rows
from services.gateway.script.script import spans
from shared.pipeline import LineState


def read_segment(segment: SegmentRow) -> SegmentRead:
    """A source line."""
    return SegmentRead(**segment.model_dump(include=set(SegmentRead.model_fields)))


def read_line(segment: SegmentRow, line: LineRow) -> LineRead:
    """A line together with its segment."""
    (span,) = spans([segment], {line.segment_id: line})
    fields = line.model_dump(include=set(LineRead.model_fields))
    state = LineState.OMITTED if line.omitted else LineState(line.state)
    fields |= {"decisions": segment.decisions, "state": state, "start_s": span.start_s, "end_s": span.end_s}
    moved = any(own is not None for own in (line.start_s, line.end_s, line.speaker_id))
    return LineRead(
        **fields | {"speaker_id": span.speaker_id, "moved": moved},
        source_text=segment.text,
        source_changed=line.segment_revision not in (TO_TRANSLATE, segment.revision),
    )


def read_speaker(session: Session, speaker: SpeakerRow) -> SpeakerRead:
    """A speaker, and the known person they are, or seem to be."""
    member = script_rows.known_by(session, speaker.cast_id)
    own = {"has_sample", "cast_name"}
    return SpeakerRead(
        **speaker.model_dump(include=set(SpeakerRead.model_fields) - own),
        has_sample=speaker.reference_key is not None,
        cast_name=member.name if member else None,
    )
