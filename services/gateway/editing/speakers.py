"""Read, name, add and merge speakers, assign lines to them, choose their voices."""

import uuid
from collections.abc import Collection, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.db import Session
from services.gateway.db.tables import SpeakerRow
from services.gateway.editing.edits import Edit
from services.gateway.editing.lines import check_voice, stock_voices
from services.gateway.editing.reading import read_speaker
from services.gateway.editing.schemas import (
    SpeakerAssign,
    SpeakerMerge,
    SpeakerNew,
    SpeakerRead,
    SpeakerUpdate,
    VoiceForSpeakers,
    VoiceRead,
)
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.parts import (
    Engines,
    Parts,
    known_segment,
    known_speaker,
    locked_visible_task,
    visible_task,
)
from services.gateway.script import rows as script_rows
from services.gateway.web.claims import keep
from services.gateway.web.etags import check_version, etag
from services.gateway.web.files import serve
from services.gateway.web.keys import Who
from services.gateway.web.problems import not_found, unprocessable
from shared.pipeline import BASE

router = APIRouter(tags=["speakers"])


def unite_speakers(session: Session, edit: Edit, into: SpeakerRow, others: Sequence[SpeakerRow]) -> None:
    """Give everything of `others` to `into`: segments, lines of single languages, and choices of their voices."""
    task_id, gone = into.task_id, {other.speaker_id for other in others}
    voice = {"kind": "speaker", "id": into.speaker_id}

    def like_one_gone(chosen: dict[str, str] | None) -> bool:
        return chosen is not None and chosen["kind"] == "speaker" and chosen["id"] in gone

    for segment in script_rows.segments(session, task_id):
        if segment.speaker_id in gone:
            edit.change(segment, speaker_id=into.speaker_id)
    for language in pipeline_rows.languages(session, [task_id]).get(task_id, []):
        for line in script_rows.lines(session, task_id, language.language).values():
            if line.speaker_id in gone:
                edit.change(line, speaker_id=into.speaker_id)
            if like_one_gone(line.voice):
                edit.change(line, voice=voice)
    for speaker in script_rows.speakers(session, task_id):
        if speaker.speaker_id not in gone and like_one_gone(speaker.voice):
            edit.change(speaker, voice=None if speaker is into else voice)
    edit.change(into, speech_s=into.speech_s + sum(other.speech_s for other in others))
    for other in others:
        edit.remove(other)


_SPEAKERS = "/api/tasks/{task_id}/speakers"


@router.get(_SPEAKERS, operation_id="list_speakers")
def list_speakers(task_id: str, parts: Parts, who: Who) -> list[SpeakerRead]:
    """Speakers in order of appearance."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        return [read_speaker(session, speaker) for speaker in script_rows.speakers(session, task_id)]


@router.get(_SPEAKERS + "/{speaker_id}", operation_id="get_speaker")
def get_speaker(task_id: str, speaker_id: str, parts: Parts, who: Who, response: Response) -> SpeakerRead:
    """One speaker."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        speaker = known_speaker(session, task_id, speaker_id)
        response.headers["ETag"] = etag(speaker.version)
        return read_speaker(session, speaker)


@router.get(_SPEAKERS + "/{speaker_id}/sample", operation_id="get_speaker_sample", response_class=StreamingResponse)
def get_speaker_sample(task_id: str, speaker_id: str, request: Request, parts: Parts, who: Who) -> Response:
    """Listen to the clip this speaker is known by."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        key = known_speaker(session, task_id, speaker_id).reference_key
    if key is None:
        raise not_found(f"a sample of speaker '{speaker_id[:40]}'")
    return serve(parts, request, key, f"{speaker_id}.wav", "audio/wav")


@router.post(_SPEAKERS, status_code=201, operation_id="create_speaker")
def create_speaker(task_id: str, new: SpeakerNew, parts: Parts, who: Who, response: Response) -> SpeakerRead:
    """Add a speaker who was not told apart; give lines to them with `assign`."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        speaker = SpeakerRow(task_id=task_id, speaker_id=f"spk_{uuid.uuid4().hex[:12]}", name=_name(new.name))
        edit = Edit(session, task, "create_speaker", who.owner)
        edit.add(speaker)
        edit.finish(f"Added the speaker {speaker.name}")
        response.headers["ETag"] = etag(speaker.version)
        return keep(session, who.claim, read_speaker(session, speaker), response.headers)


@router.patch(_SPEAKERS + "/{speaker_id}", operation_id="update_speaker")
def update_speaker(
    task_id: str,
    speaker_id: str,
    change: SpeakerUpdate,
    request: Request,
    response: Response,
    parts: Parts,
    who: Who,
    engines: Engines,
) -> SpeakerRead:
    """Rename a speaker or choose a voice; another voice outdates the speaker's lines."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        speaker = known_speaker(session, task_id, speaker_id)
        check_version(request, speaker.version)
        wanted = change.model_dump(exclude_unset=True)
        if wanted.get("name") is None:
            wanted.pop("name", None)
        else:
            wanted["name"] = _name(wanted["name"])
        if change.voice is not None:
            check_voice(session, task, engines, change.voice, None)
        edit = Edit(session, task, "update_speaker", who.owner)
        before = speaker.name
        edit.change(speaker, **wanted)
        named = f"{before} is {speaker.name}" if speaker.name != before else before
        voice = wanted.get("voice")
        spoken = f", voice {voice['kind']} {voice['id']}" if voice else ", own voice" if "voice" in wanted else ""
        edit.finish(f"Speaker {named}{spoken}")
        response.headers["ETag"] = etag(speaker.version)
        return read_speaker(session, speaker)


@router.patch(_SPEAKERS, operation_id="update_speakers")
def update_speakers(
    task_id: str, change: VoiceForSpeakers, parts: Parts, who: Who, engines: Engines
) -> list[SpeakerRead]:
    """Choose a voice for several speakers as one edit; lines of theirs that had one of their own get this one, too."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        if change.voice is not None:
            check_voice(session, task, engines, change.voice, None)
        everybody = script_rows.speakers(session, task_id)
        named = change.speaker_ids if change.speaker_ids is not None else [one.speaker_id for one in everybody]
        edit = Edit(session, task, "update_speakers", who.owner)
        voice = change.voice.model_dump() if change.voice else None
        chosen = [known_speaker(session, task_id, speaker_id) for speaker_id in dict.fromkeys(named)]
        for speaker in chosen:
            own = voice == {"kind": "speaker", "id": speaker.speaker_id}
            edit.change(speaker, voice=None if own else voice)
        _give_lines_back(session, edit, task_id, {speaker.speaker_id for speaker in chosen})
        said = f"voice {voice['kind']} {voice['id']}" if voice else "their own voices"
        edit.finish(f"{', '.join(speaker.name for speaker in chosen) or 'Nobody'}: {said}")
        return [read_speaker(session, speaker) for speaker in chosen]


def _give_lines_back(session: Session, edit: Edit, task_id: str, speakers: Collection[str]) -> None:
    """Remove the voices that were chosen for single lines of these speakers, in all languages."""
    of_segment = {segment.segment_id: segment.speaker_id for segment in script_rows.segments(session, task_id)}
    for language in pipeline_rows.languages(session, [task_id]).get(task_id, []):
        for line in script_rows.lines(session, task_id, language.language).values():
            if line.voice is not None and (line.speaker_id or of_segment.get(line.segment_id)) in speakers:
                edit.change(line, voice=None, pinned=False)


@router.post(_SPEAKERS + "/merge", operation_id="merge_speakers")
def merge_speakers(task_id: str, which: SpeakerMerge, response: Response, parts: Parts, who: Who) -> SpeakerRead:
    """Make one speaker of several: all lines move to `into`, the others go."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        into = known_speaker(session, task_id, which.into)
        others = [known_speaker(session, task_id, key) for key in dict.fromkeys(which.from_)]
        if into in others:
            raise unprocessable("invalid_merge", "a speaker cannot be merged into itself", "/from")
        edit = Edit(session, task, "merge_speakers", who.owner)
        unite_speakers(session, edit, into, others)
        names = ", ".join(other.name for other in others)
        edit.finish(f"Merged {names} into {into.name}")
        tell(session, task, BASE, "speaker", "merged", speaker_id=into.speaker_id, merged=which.from_)
        response.headers["ETag"] = etag(into.version)
        return keep(session, who.claim, read_speaker(session, into), response.headers)


@router.post(_SPEAKERS + "/{speaker_id}/assign", operation_id="assign_lines")
def assign_lines(task_id: str, speaker_id: str, which: SpeakerAssign, parts: Parts, who: Who) -> SpeakerRead:
    """Give source lines to a speaker, in all languages."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        speaker = known_speaker(session, task_id, speaker_id)
        edit = Edit(session, task, "assign_lines", who.owner)
        segments = {row.segment_id: row for row in script_rows.segments(session, task_id, which.segment_ids)}
        for segment_id in dict.fromkeys(which.segment_ids):
            segment = segments.get(segment_id) or known_segment(session, task_id, segment_id)
            edit.change(segment, speaker_id=speaker_id)
        edit.finish(f"Gave {len(set(which.segment_ids))} lines to {speaker.name}")
        return read_speaker(session, speaker)


@router.get("/api/voices", operation_id="list_voices")
def list_voices(
    parts: Parts,
    who: Who,
    engines: Engines,
    language: Annotated[str | None, Query(max_length=8, description="only voices that speak it")] = None,
) -> list[VoiceRead]:
    """Voices to choose from: the stock voices of the engines at hand, and the account's clips."""
    stock = [
        VoiceRead(
            kind="stock",
            id=voice.name,
            name=voice.name,
            engine=engine.name,
            languages=list(voice.languages or engine.languages),
            title=voice.title,
            f0_hz=voice.f0_hz,
            misheard=voice.misheard,
        )
        for engine, voice in stock_voices(engines, language)
    ]
    with parts.database.read() as session:
        clips = [
            VoiceRead(kind="clip", id=clip.clip_id, name=clip.name, title=clip.name, f0_hz=clip.f0_hz)
            for clip in script_rows.clips(session, who.account)
        ]
    return stock + clips


def _name(name: str) -> str:
    found = " ".join(name.split())
    if not found:
        raise unprocessable("empty_name", "a speaker needs a name", "/name")
    return found
