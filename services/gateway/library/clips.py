"""Reference clips that a person uploads so that a voice speaks like them."""

import array
import asyncio
import tempfile
import uuid
import wave
from pathlib import Path

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
from shared.media import plain_audio
from shared.pipeline import CancelToken, PermanentError
from shared.storage import keys, put_file

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
        sound = await upload.read()
        read = await asyncio.to_thread(_take, parts, who, name or upload.filename or "clip", sound)
    finally:
        await form.close()
    response.headers["Location"] = f"/api/clips/{read.clip_id}"
    return read


def _checked_name(form: FormData) -> str:
    if _text(form, "consent").lower() not in ("true", "1", "yes"):
        detail = "send consent=true if the person heard in the clip agreed that their voice is imitated"
        raise unprocessable("consent_required", detail, "/consent")
    name = _text(form, "name")
    if len(name) > 80:
        raise unprocessable("invalid_name", "a name has at most 80 characters", "/name")
    return name


def _take(parts: Gateway, who: Caller, name: str, sound: bytes) -> ClipRead:
    with tempfile.TemporaryDirectory(prefix="localclip-clip-") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(sound)
        return _store(parts, who, name, path)


def _text(form: FormData, field: str) -> str:
    found = form.get(field)
    return found.strip() if isinstance(found, str) else ""  # a file is not text


def _store(parts: Gateway, who: Caller, name: str, path: Path) -> ClipRead:
    plain = path.with_name("clip.wav")
    duration_s = _converted(path, plain)
    clip_id = f"clip_{uuid.uuid4().hex[:12]}"
    owner = who.account
    key = keys.clip(owner, clip_id)
    put_file(parts.store, key, plain)
    shown = "".join(filter(str.isprintable, name))[:80].strip() or "clip"
    row = ClipRow(clip_id=clip_id, owner=owner, name=shown, key=key, duration_s=round(duration_s, 3), consent=True)
    try:
        with parts.database.write() as session:
            session.add(row)
            session.flush()
            return keep(session, who.claim, _read(row), {"location": f"/api/clips/{clip_id}"})
    except BaseException:
        parts.store.delete(keys.clip_prefix(owner, clip_id))
        raise


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
def delete_clip(clip_id: str, parts: Parts, who: Who) -> None:
    """Remove a clip and its sound; speakers and lines it was chosen for fail until another voice is."""
    with parts.database.write() as session:
        row = _known(session, who.account, clip_id)
        session.delete(row)
    parts.store.delete(keys.clip_prefix(row.owner, clip_id))


def _known(session: Session, owner: str, clip_id: str) -> ClipRow:
    found = library_rows.clip(session, owner, clip_id)
    if found is None:
        raise not_found(f"clip '{clip_id[:40]}'")
    return found


def _read(row: ClipRow) -> ClipRead:
    return ClipRead(**row.model_dump(include=set(ClipRead.model_fields)))
