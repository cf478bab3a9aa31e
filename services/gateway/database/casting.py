"""Known voices: propose them for the speakers of a transcript, and take over a person's decision."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col

from services.gateway.database import account
from services.gateway.database.tables import CastRow, SpeakerRow, Task, now
from services.gateway.planning.cast import Heard, Known, blended, propose
from shared.transcript import Speaker


def recognize(session: Session, task: Task, heard: Sequence[Speaker], rows: Sequence[SpeakerRow]) -> None:
    """Propose cast members for `rows`, which `heard` describe; with the account's `auto_cast` they are taken over."""
    voices = {
        one.id: Heard(one.embedding_model, one.embedding, one.same_voice)
        for one in heard
        if one.embedding and one.embedding_model and one.same_voice is not None
    }
    members = {member.cast_id: member for member in account.cast(session, task.owner)}
    known = {cast_id: voice for cast_id, member in members.items() if (voice := _known(member))}
    proposals = propose(voices, known)
    automatic = bool(proposals) and bool(account.settings_of(session, task.owner).settings.get("auto_cast"))
    for row in rows:
        if proposal := proposals.get(row.speaker_id):
            row.cast_id, row.cast_similarity = proposal.cast_id, proposal.similarity
            if automatic:
                accept(row, members[proposal.cast_id])


def accept(row: SpeakerRow, member: CastRow) -> None:
    """The speaker is this person: name and voice are taken over, and the person is known better by one more video."""
    if row.cast_accepted and row.cast_id == member.cast_id:
        return
    if row.cast_id != member.cast_id:
        row.cast_similarity = None
    row.cast_id, row.cast_accepted, row.name = member.cast_id, True, member.name
    row.voice = member.voice or row.voice
    row.reference_key = row.reference_key or member.reference_key
    _learn(member, row)


def reject(row: SpeakerRow) -> None:
    """The speaker is nobody known; what was taken over stays until it is edited."""
    row.cast_id, row.cast_similarity, row.cast_accepted = None, None, False


def forget(session: Session, member: CastRow) -> None:
    """Remove a cast member; speakers keep their names and voices, but not a sample that goes with the member."""
    session.exec(
        update(SpeakerRow)
        .where(col(SpeakerRow.cast_id) == member.cast_id)
        .values(cast_id=None, cast_similarity=None, cast_accepted=False)
    )
    if member.reference_key:
        session.exec(
            update(SpeakerRow).where(col(SpeakerRow.reference_key) == member.reference_key).values(reference_key=None)
        )
    session.delete(member)


def _learn(member: CastRow, row: SpeakerRow) -> None:
    known = _known(member)
    if row.embedding and known is not None and row.embedding_model == known.model:
        member.embedding = list(blended(known, row.embedding).vector)
    elif row.embedding and known is None:
        member.embedding, member.embedding_model = row.embedding, row.embedding_model
    member.f0_hz = member.f0_hz or row.f0_hz
    member.episodes += 1
    member.version += 1
    member.updated_at = now()


def _known(member: CastRow) -> Known | None:
    if not member.embedding or not member.embedding_model:
        return None
    return Known(member.embedding_model, member.embedding, member.episodes)
