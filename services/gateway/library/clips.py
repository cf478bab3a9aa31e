"""Reference clips that a person uploads so that a voice speaks like them."""

import array
import shutil
import tempfile
import uuid
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import FormData

from services.gateway.db import Session
from services.gateway.db.tables import ClipRow
from services.gateway.library import rows as library_rows
from services.gateway.library.schemas import ClipRead
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.script import rows as script_rows
from services.gateway.web.bodies import file_of, read_form
from services.gateway.web.claims import keep
from services.gateway.web.files import serve
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from services.gateway.web.threads import turns
from shared.media import plain_audio
from shared.pipeline import CancelToken, PermanentError
from shared.storage import keys, put_bytes

router = APIRouter(prefix="/api/clips", tags=["clips"])
MAX_CLIP_BYTES = 25 * 1024 * 1024
SHORTEST_S, LONGEST_S = 3.0, 30.0
_RATE_HZ = 24_000  # the rate of voice cloning engines, as for the clips of speakers
_SILENT = 330  # out of 32768: -40 dBFS, the loudest sample of a clip in which nobody speaks
_FORM = {
    "type": "object",
    "required": ["audio", "consent"],
    "properties": {
        "audio": {"type": "string", "format": "binary", "description": "3 to 30 s of one person speaking"},
        "name": {"type": "string", "maxLength": 80},
        "consent": {
            "type": "string",
            "description": "`true`: the person heard in it agreed that their voice is imitated",
        },
    },
}


@router.post(
    "",
    status_code=201,
    operation_id="create_clip",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def create_clip(request: Request, parts: Parts, who: Who, response: Response) -> ClipRead:
    """Upload a clip; it is kept as mono WAV.

    Raises: 422 `consent_required`, `clip_too_short`, `clip_too_long`, `clip_silent`; 413, 415.
    """
    form = await read_form(request, MAX_CLIP_BYTES)
    try:
        name = _checked_name(form)
        upload = file_of(form, "audio")
        wav, duration_s = await parts.threads.convert(_plain, upload.file)
    finally:
        await form.close()
    clip_id, owner = f"clip_{uuid.uuid4().hex[:12]}", who.account
    row = ClipRow(
        clip_id=clip_id,
        owner=owner,
        name="".join(filter(str.isprintable, name or upload.filename or ""))[:80].strip() or "clip",
        key=keys.clip(owner, clip_id),
        duration_s=round(duration_s, 3),
        consent=True,
    )
    response.headers["Location"] = f"/api/clips/{clip_id}"
    async with parts.threads.undone_by(parts.store.delete, keys.clip_prefix(owner, clip_id)):
        # if we die before the row is there, this sound of half a minute at most is left
        await parts.threads.transfer(put_bytes, parts.store, row.key, wav)
        return await turns(request).run(_record, parts, who, row, response.headers)


def _record(parts: Gateway, who: Caller, row: ClipRow, headers: Mapping[str, str]) -> ClipRead:
    with parts.database.write() as session:
        session.add(row)
        session.flush()
        return keep(session, who.claim, _read(row), headers)


def _checked_name(form: FormData) -> str:
    if _text(form, "consent").lower() not in ("true", "1", "yes"):
        detail = "send consent=true if the person heard in the clip agreed that their voice is imitated"
        raise unprocessable("consent_required", detail, "/consent")
    name = _text(form, "name")
    if len(name) > 80:
        raise unprocessable("invalid_name", "a name has at most 80 characters", "/name")
    return name


def _plain(sound: BinaryIO) -> tuple[bytes, float]:
    """A clip as plain WAV, one and a half megabytes at most, and its length. Raises: Problem 415, 422."""
    with tempfile.TemporaryDirectory(prefix="localclip-clip-") as folder:
        path, plain = Path(folder) / "upload", Path(folder) / "clip.wav"
        with path.open("wb") as file:
            shutil.copyfileobj(sound, file)
        duration_s = _converted(path, plain)
        return plain.read_bytes(), duration_s


def _text(form: FormData, field: str) -> str:
    found = form.get(field)
    return found.strip() if isinstance(found, str) else ""  # a file is not text


def _converted(path: Path, target: Path) -> float:
    """Raises: Problem 415, 422."""
    try:
        duration_s = plain_audio(path, target, _RATE_HZ, LONGEST_S + 1, CancelToken())
    except PermanentError as error:
        raise Problem(
            415, error.code, error.message, [{"pointer": "/audio", "detail": error.message, "code": error.code}]
        ) from error
    if duration_s < SHORTEST_S:
        detail = f"the clip lasts {duration_s:.1f} s; at least {SHORTEST_S:.0f} s of speech are needed"
        raise unprocessable("clip_too_short", detail, "/audio")
    if duration_s > LONGEST_S + 0.1:
        raise unprocessable("clip_too_long", f"at most {LONGEST_S:.0f} s are taken; cut the clip", "/audio")
    with wave.open(str(target), "rb") as wav:
        samples = array.array("h", wav.readframes(wav.getnframes()))
    if max(map(abs, samples), default=0) < _SILENT:
        raise unprocessable("clip_silent", "nothing is heard in the clip", "/audio")
    return duration_s


@router.get("", operation_id="list_clips")
def list_clips(parts: Parts, who: Who) -> list[ClipRead]:
    """Clips, newest first."""
    with parts.database.read() as session:
        return [_read(row) for row in script_rows.clips(session, who.account)]


@router.get("/{clip_id}", operation_id="get_clip")
def get_clip(clip_id: str, parts: Parts, who: Who) -> ClipRead:
    """One clip."""
    with parts.database.read() as session:
        return _read(_known(session, who.account, clip_id))


@router.get("/{clip_id}/audio", operation_id="get_clip_audio", response_class=StreamingResponse)
def get_clip_audio(clip_id: str, request: Request, parts: Parts, who: Who) -> Response:
    """Listen to a clip."""
    with parts.database.read() as session:
        row = _known(session, who.account, clip_id)
    return serve(parts, request, row.key, f"{clip_id}.wav", "audio/wav")


@router.delete("/{clip_id}", status_code=204, operation_id="delete_clip")
async def delete_clip(clip_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Remove a clip and its sound; speakers and lines it was chosen for fail until another voice is."""
    owner = await turns(request).run(_forget, parts, who, clip_id)
    await parts.threads.transfer(parts.store.delete, keys.clip_prefix(owner, clip_id))


def _forget(parts: Gateway, who: Caller, clip_id: str) -> str:
    """Delete the row of a clip; return whose it was."""
    with parts.database.write() as session:
        row = _known(session, who.account, clip_id)
        session.delete(row)
        return row.owner


def _known(session: Session, owner: str, clip_id: str) -> ClipRow:
    found = library_rows.clip(session, owner, clip_id)
    if found is None:
        raise not_found(f"clip '{clip_id[:40]}'")
    return found


def _read(row: ClipRow) -> ClipRead:
    return ClipRead(**row.model_dump(include=set(ClipRead.model_fields)))
