"""The cast of an account: people known from earlier tasks, and whether a speaker is one of them."""

import asyncio
import uuid

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.db import Session
from services.gateway.db.tables import CastRow, SpeakerRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.editing.reading import read_speaker
from services.gateway.editing.schemas import SpeakerRead
from services.gateway.library import rows as library_rows
from services.gateway.library.schemas import CastDecision, CastKeep, CastRead, CastUpdate
from services.gateway.pipeline.parts import Gateway, Parts, known_speaker, locked_visible_task, visible_task
from services.gateway.pipeline.schemas import VoiceChoice
from services.gateway.script import casting
from services.gateway.script import rows as script_rows
from services.gateway.web.claims import keep
from services.gateway.web.etags import check_version_sent, etag
from services.gateway.web.files import serve
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from services.gateway.web.threads import turns
from shared.storage import ObjectNotFound, keys

router = APIRouter(tags=["cast"])
_CAST = "/api/cast"


@router.get(_CAST, operation_id="list_cast")
def list_cast(parts: Parts, who: Who) -> list[CastRead]:
    """Everybody known, by name."""
    with parts.database.read() as session:
        current = script_rows.current_model(session)
        return [_read(member, current) for member in script_rows.cast(session, who.account)]


@router.post(_CAST, status_code=201, operation_id="keep_speaker")
async def keep_speaker(body: CastKeep, request: Request, parts: Parts, who: Who, response: Response) -> CastRead:
    """Keep a speaker with name, voice and sample; they survive the task.

    Raises: 409 `already_in_cast` when the speaker is a known person already.
    """
    owner, heard = await asyncio.to_thread(_sample_of, parts, who, body)
    cast_id = f"cast_{uuid.uuid4().hex[:12]}"
    # if we die before the row is there, this copy of a few seconds is left
    sample = await parts.threads.transfer(_copied, parts, heard, keys.cast_sample(owner, cast_id))
    async with parts.threads.undone_by(parts.store.delete, keys.cast_prefix(owner, cast_id)):
        return await turns(request).run(_keep, parts, who, body, cast_id, sample, response)


def _sample_of(parts: Gateway, who: Caller, body: CastKeep) -> tuple[str, str | None]:
    """The owner of a speaker, and the key of what is heard of them."""
    with parts.database.read() as session:
        task = visible_task(session, who, body.task_id)
        return task.owner, known_speaker(session, task.task_id, body.speaker_id).reference_key


def _keep(
    parts: Gateway, who: Caller, body: CastKeep, cast_id: str, sample: str | None, response: Response
) -> CastRead:
    with parts.database.write() as session:
        task = locked_visible_task(session, who, body.task_id)
        speaker = known_speaker(session, task.task_id, body.speaker_id)
        if speaker.cast_accepted:
            raise Problem(409, "already_in_cast", f"{speaker.name} is in the cast already")
        member = _member(task, speaker, cast_id, body.name, sample)
        session.add(member)
        edit = Edit(session, task, "keep_speaker", who.owner)
        edit.change(speaker, name=member.name, cast_id=cast_id, cast_accepted=True, cast_similarity=None)
        edit.finish(f"Kept {member.name} in the cast")
        response.headers["ETag"] = etag(member.version)
        return keep(session, who.claim, _read(member, script_rows.current_model(session)), response.headers)


def _member(task: Task, speaker: SpeakerRow, cast_id: str, name: str | None, sample: str | None) -> CastRow:
    lasts = speaker.voice is not None and speaker.voice["kind"] != "speaker"
    return CastRow(
        cast_id=cast_id,
        owner=task.owner,
        name=name or speaker.name,
        embedding=speaker.embedding,
        embedding_model=speaker.embedding_model,
        f0_hz=speaker.f0_hz,
        reference_key=sample,
        voice=speaker.voice if lasts else None,
    )


def _copied(parts: Gateway, key: str | None, to: str) -> str | None:
    """A copy of the sample under its own key; None if the speaker has none."""
    if key is None:
        return None
    try:
        with parts.store.open(key) as source:
            parts.store.put(to, source)
    except ObjectNotFound:
        return None
    return to


@router.patch(_CAST + "/{cast_id}", operation_id="update_cast")
def update_cast(
    cast_id: str, body: CastUpdate, request: Request, parts: Parts, who: Who, response: Response
) -> CastRead:
    """Rename a person or choose a voice; tasks that exist keep what they took over."""
    with parts.database.write() as session:
        member = _known(session, who.account, cast_id, lock=True)
        check_version_sent(request, member.version)
        if body.voice is not None:
            _check_voice(session, who.account, body.voice)
        if body.name is not None:
            member.name = body.name
        if "voice" in body.model_fields_set:
            member.voice = body.voice.model_dump() if body.voice else None
        member.version += 1
        response.headers["ETag"] = etag(member.version)
        return _read(member, script_rows.current_model(session))


def _check_voice(session: Session, owner: str, voice: VoiceChoice) -> None:
    if voice.kind == "speaker":
        raise unprocessable(
            "voice_of_a_task", "a speaker belongs to one task; choose a stock voice or a clip", "/voice"
        )
    if voice.kind == "clip" and library_rows.clip(session, owner, voice.id) is None:
        raise unprocessable("unknown_clip", f"clip '{voice.id[:40]}' does not exist", "/voice/id")


@router.delete(_CAST + "/{cast_id}", status_code=204, operation_id="delete_cast")
async def delete_cast(cast_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Forget a person: voice, sample and all; speakers of tasks keep their names."""
    owner = await turns(request).run(_forget, cast_id, request, parts, who)
    await parts.threads.transfer(parts.store.delete, keys.cast_prefix(owner, cast_id))


def _forget(cast_id: str, request: Request, parts: Gateway, who: Caller) -> str:
    """Delete a person's row; return whose it was."""
    with parts.database.write() as session:
        member = _known(session, who.account, cast_id, lock=True)
        check_version_sent(request, member.version)
        script_rows.forget_member(session, member)
        return member.owner


@router.get(_CAST + "/{cast_id}/sample", operation_id="get_cast_sample", response_class=StreamingResponse)
def get_cast_sample(cast_id: str, request: Request, parts: Parts, who: Who) -> Response:
    """Listen to a person."""
    with parts.database.read() as session:
        key = _known(session, who.account, cast_id).reference_key
    if key is None:
        raise not_found(f"a sample of '{cast_id[:40]}'")
    return serve(parts, request, key, f"{cast_id}.wav", "audio/wav")


@router.post("/api/tasks/{task_id}/speakers/{speaker_id}/cast", operation_id="decide_cast")
def decide_cast(
    task_id: str, speaker_id: str, body: CastDecision, parts: Parts, who: Who, response: Response
) -> SpeakerRead:
    """Say who a speaker is, proposed or not: name and voice of that person are taken over. None: nobody known."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        speaker = known_speaker(session, task.task_id, speaker_id)
        edit, before = Edit(session, task, "decide_cast", who.owner), speaker.name
        if body.cast_id is None:
            edit.change(speaker, **casting.NOBODY)
            edit.finish(f"{before} is nobody of the cast")
        elif not (speaker.cast_accepted and speaker.cast_id == body.cast_id):
            member = _known(session, task.owner, body.cast_id, lock=True)
            edit.change(speaker, **casting.acceptance(speaker, member))
            casting.learn(member, speaker, script_rows.current_model(session))
            edit.finish(f"{before} is {member.name} of the cast")
        response.headers["ETag"] = etag(speaker.version)
        return read_speaker(session, speaker)


def _known(session: Session, owner: str, cast_id: str, *, lock: bool = False) -> CastRow:
    """A member; `lock`: to be changed, as it is now, and before any speaker is."""
    found = library_rows.cast_member(session, owner, cast_id)
    if found is not None and lock:
        found = session.get(CastRow, found.id, with_for_update=True, populate_existing=True)
    if found is None:
        raise not_found(f"cast member '{cast_id[:40]}'")
    return found


def _read(member: CastRow, current: str | None) -> CastRead:
    fields = member.model_dump(include=set(CastRead.model_fields))
    outdated = casting.is_outdated(member, current)
    recognizable = member.embedding is not None and not outdated
    return CastRead(**fields, has_sample=member.reference_key is not None, recognizable=recognizable, outdated=outdated)
