"""Make one speaker of several."""

from collections.abc import Sequence

from sqlmodel import Session

from services.gateway.database import queries
from services.gateway.database.edits import Edit
from services.gateway.database.tables import SpeakerRow


def unite_speakers(session: Session, edit: Edit, into: SpeakerRow, others: Sequence[SpeakerRow]) -> None:
    """Give everything of `others` to `into`: segments, lines of single languages, and voices chosen by them."""
    task_id, gone = into.task_id, {other.speaker_id for other in others}
    voice = {"kind": "speaker", "id": into.speaker_id}

    def like_one_gone(chosen: dict[str, str] | None) -> bool:
        return chosen is not None and chosen["kind"] == "speaker" and chosen["id"] in gone

    for segment in queries.segments(session, task_id):
        if segment.speaker_id in gone:
            edit.change(segment, speaker_id=into.speaker_id)
    for language in queries.languages(session, [task_id]).get(task_id, []):
        for line in queries.lines(session, task_id, language.language).values():
            if line.speaker_id in gone:
                edit.change(line, speaker_id=into.speaker_id)
            if like_one_gone(line.voice):
                edit.change(line, voice=voice)
    for speaker in queries.speakers(session, task_id):
        if speaker.speaker_id not in gone and like_one_gone(speaker.voice):
            edit.change(speaker, voice=None if speaker is into else voice)
    edit.change(into, speech_s=into.speech_s + sum(other.speech_s for other in others))
    for other in others:
        edit.remove(other)
