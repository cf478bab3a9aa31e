"""Known voices: propose them for the speakers of a transcript, and take over a person's decision."""

from collections.abc import Sequence
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import CastRow, SpeakerRow, Task, now
from services.gateway.script import rows as script_rows
from services.gateway.script.cast import Heard, Known, bettered, propose
from services.gateway.script.rows import current_model
from shared.messaging import CastSample, CastVoice
from shared.transcript import Speaker

_SENT = 100  # samples sent with a job: a message has to stay small, and one video must not wait for hundreds


def samples(session: Session, owner: str) -> tuple[CastSample, ...]:
    """The people of an account who can be described again, first those described by an earlier engine."""
    current = current_model(session)
    people = [one for one in script_rows.cast(session, owner) if one.reference_key]
    people.sort(key=lambda one: one.embedding_model == current)
    return tuple(
        CastSample(cast_id=one.cast_id, sample_key=one.reference_key, embedding_model=one.embedding_model)
        for one in people[:_SENT]
    )


def describe_again(session: Session, owner: str, voices: Sequence[CastVoice]) -> None:
    """Store how the engine that describes voices now hears the samples of an account's people."""
    found = {one.cast_id: one for one in voices}
    others = {
        member.cast_id
        for member in (script_rows.cast(session, owner) if found else ())
        if (voice := found.get(member.cast_id)) and member.embedding_model != voice.embedding_model
    }
    for cast_id, member in script_rows.locked_cast(session, others).items() if others else ():
        member.embedding, member.embedding_model = list(found[cast_id].embedding), found[cast_id].embedding_model


def is_outdated(member: CastRow, current: str | None) -> bool:
    """Whether an earlier engine described this person, and no sample is kept from which the current one could."""
    described = member.embedding is not None and current is not None
    return described and member.embedding_model != current and member.reference_key is None


def recognize(session: Session, task: Task, heard: Sequence[Speaker], rows: Sequence[SpeakerRow]) -> None:
    """Propose cast members for `rows`, which `heard` describe; with the account's `auto_cast` they are taken over."""
    voices = {
        one.id: Heard(one.embedding_model, one.embedding, one.same_voice)
        for one in heard
        if one.embedding and one.embedding_model and one.same_voice is not None
    }
    members = {member.cast_id: member for member in script_rows.cast(session, task.owner)}
    known = {cast_id: voice for cast_id, member in members.items() if (voice := _known(member))}
    proposals = propose(voices, known)
    automatic = bool(proposals) and bool(script_rows.settings_of(session, task.owner).settings.get("auto_cast"))
    taken = script_rows.locked_cast(session, {one.cast_id for one in proposals.values()}) if automatic else {}
    for row in rows:
        if proposal := proposals.get(row.speaker_id):
            row.cast_id, row.cast_similarity = proposal.cast_id, proposal.similarity
            if proposal.cast_id in taken:
                _accept(row, taken[proposal.cast_id])


def _accept(row: SpeakerRow, member: CastRow) -> None:
    """Accept that the speaker is this person, as the account's settings ask."""
    for name, value in acceptance(row, member).items():
        setattr(row, name, value)
    learn(member, row, row.embedding_model)


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
"""Make a speaker nobody known; a name and voice that were taken over stay until they are edited."""


def learn(member: CastRow, row: SpeakerRow, current: str | None) -> None:
    """Improve what is known about the person by one more video; `current` is the model that describes voices now."""
    if row.embedding and row.embedding_model:
        known = bettered(_known(member), Known(row.embedding_model, row.embedding), current)
        member.embedding, member.embedding_model = list(known.vector), known.model
    member.f0_hz = member.f0_hz or row.f0_hz
    member.episodes += 1
    member.version += 1
    member.updated_at = now()


def _known(member: CastRow) -> Known | None:
    if not member.embedding or not member.embedding_model:
        return None
    return Known(member.embedding_model, member.embedding, member.episodes)
