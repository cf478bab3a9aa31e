"""Known voices: propose them for the speakers of a transcript, and take over a person's decision."""

from collections.abc import Sequence
from typing import Any

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
    """The speaker is this person, by the account's own wish."""
    for name, value in acceptance(row, member).items():
        setattr(row, name, value)
    learn(member, row)


def acceptance(row: SpeakerRow, member: CastRow) -> dict[str, Any]:
    """What a speaker takes over from the person they are: name, voice if one was chosen, a sample if they have none."""
    return {
        "cast_id": member.cast_id,
        "cast_accepted": True,
        "cast_similarity": row.cast_similarity if row.cast_id == member.cast_id else None,
        "name": member.name,
        "voice": member.voice or row.voice,
        "reference_key": row.reference_key or member.reference_key,
    }


NOBODY: dict[str, Any] = {"cast_id": None, "cast_similarity": None, "cast_accepted": False}
"""A speaker who is nobody known; name and voice that were taken over stay until they are edited."""


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


def learn(member: CastRow, row: SpeakerRow) -> None:
    """Know the person better by one more video."""
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
