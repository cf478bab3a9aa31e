"""Resumable uploads: a video arrives in parts, over hours and several connections, and becomes a task.

Parts go straight to the S3 service if browsers can reach it, else through the gateway; the client only sees URLs. A URL
is valid for one part, for an hour, without an API key.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from services.gateway.batches.joining import Place
from services.gateway.batches.joining import place as place_of
from services.gateway.db import Session
from services.gateway.db.tables import UPLOADING, UploadRow, now
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.pipeline.possible import may_have_text, refuse_unless_possible
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import TaskConfig, TaskRead
from services.gateway.pipeline.tasks import with_defaults
from services.gateway.script import rows as script_rows
from services.gateway.uploads import rows as uploads_rows
from services.gateway.uploads.arrival import Arrived, announce, begin_task, forget
from services.gateway.uploads.brought import SUBTITLES, read_all, refuse_missing, store_all, translated
from services.gateway.uploads.form import UploadedFile, printable, refuse_unless_video, too_large
from services.gateway.uploads.schemas import (
    PartAddress,
    PartRead,
    PartsWanted,
    UploadComplete,
    UploadCreate,
    UploadRead,
)
from services.gateway.web.bodies import Incoming
from services.gateway.web.claims import keep
from services.gateway.web.etags import etag
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem, not_found
from services.gateway.web.threads import turns
from shared.media import SNIFF_BYTES
from shared.messaging import EngineInfo
from shared.storage import ObjectInfo, ObjectNotFound, Part, PartsChanged, StorageError, keys
from shared.transcript import Reading

router = APIRouter(prefix="/api/uploads", tags=["uploads"])
MAX_PARTS = 1000
_MIB = 1024 * 1024
_EXPIRES = timedelta(hours=1)
_JOIN_TRIES = 5


@router.post("", status_code=201, operation_id="create_upload")
async def create_upload(body: UploadCreate, request: Request, parts: Parts, who: Who, response: Response) -> UploadRead:
    """Begin an upload. With `head`, a file that is no video is refused before it is sent."""
    limit = parts.settings.max_video_bytes
    if body.size > limit:
        raise too_large(limit)
    if body.head is not None:
        refuse_unless_video(body.head[:SNIFF_BYTES], "/head")
    name = printable(body.filename)
    place = await asyncio.to_thread(_place, parts, who, body.batch_id, body.row) if body.batch_id else None
    # if we die before the row is there, the announced task goes after a day, and with it what was begun in the store
    task_id = await turns(request).run(announce, parts, who, place)
    key = keys.input_video(task_id, name)
    part_size = max(parts.settings.upload_part_mb, ceil(body.size / MAX_PARTS / _MIB)) * _MIB
    async with parts.threads.undone_by(forget, parts, task_id):
        row = UploadRow(
            upload_id=f"upload_{secrets.token_hex(16)}",
            task_id=task_id,
            owner=who.owner or "",
            filename=name,
            size=body.size,
            part_size=part_size,
            key=key,
            write_id=await parts.threads.transfer(parts.store.begin, key),
            secret=secrets.token_hex(32),
        )
        response.headers["Location"] = f"/api/uploads/{row.upload_id}"
        return await turns(request).run(_record, parts, who, row, response.headers)


def _record(parts: Gateway, who: Caller, row: UploadRow, headers: Mapping[str, str]) -> UploadRead:
    with parts.database.write() as session:
        session.add(row)
        session.flush()
        return keep(session, who.claim, _read(row, ()), headers)


@router.get("/{upload_id}", operation_id="get_upload")
async def get_upload(upload_id: str, parts: Parts, who: Who) -> UploadRead:
    """What has arrived, to go on from there."""
    row = await asyncio.to_thread(_row, parts, who, upload_id)
    return _read(row, await parts.threads.transfer(_arrived, parts, row))


@router.post("/{upload_id}/parts", operation_id="address_parts")
def address_parts(upload_id: str, wanted: PartsWanted, request: Request, parts: Parts, who: Who) -> list[PartAddress]:
    """Addresses to PUT parts to. All parts have `part_size` bytes, the last one what is left."""
    with parts.database.write() as session:
        row = _known(session, who, upload_id)
        task = script_rows.locked_task(session, row.task_id)
        if task is None or task.status != UPLOADING:
            raise _over()
        task.updated_at = now()  # another request is still working on it
        last = _count(row)
        if any(number > last for number in wanted.part_numbers):
            raise Problem(422, "no_such_part", f"the upload has {last} parts")
        expires = int(time.time() + _EXPIRES.total_seconds())
        return [_address(parts, row, number, expires) for number in dict.fromkeys(wanted.part_numbers)]


def _address(parts: Gateway, row: UploadRow, number: int, expires: int) -> PartAddress:
    url = parts.store.part_url(row.key, row.write_id, number, _EXPIRES)
    if url is None:
        signature = _sign(row, number, expires)
        url = f"/api/uploads/{row.upload_id}/parts/{number}?expires={expires}&signature={signature}"
    return PartAddress(part_number=number, url=url, size=_size(row, number), expires_at=expires)


@router.put("/{upload_id}/parts/{part_number}", status_code=204, operation_id="put_part")
async def put_part(
    upload_id: str,
    part_number: Annotated[int, Path(ge=1, le=MAX_PARTS)],
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(max_length=64)],
    request: Request,
    parts: Parts,
) -> Response:
    """Store a part at its address; the answer's ETag names it. A part sent again replaces the one before."""
    row = await asyncio.to_thread(_signed, parts, upload_id, part_number, expires, signature)
    size = _size(row, part_number)
    if request.headers.get("content-length") != str(size):
        raise Problem(422, "wrong_part_size", f"part {part_number} has {size} bytes; send them with a Content-Length")
    try:
        async with Incoming(
            parts.threads, lambda: parts.store.open_part(row.key, row.write_id, part_number, size)
        ) as incoming:
            async for chunk in request.stream():
                await incoming.add(chunk)
            part = await incoming.finish()
    except ClientDisconnect as error:
        raise Problem(400, "upload_cut_off", "the connection ended before the part was complete") from error
    except ObjectNotFound as error:
        raise _over() from error
    return Response(status_code=204, headers={"ETag": f'"{part.etag}"'})


def _signed(parts: Gateway, upload_id: str, number: int, expires: int, signature: str) -> UploadRow:
    row = _row(parts, Caller(None), upload_id)
    if not hmac.compare_digest(_sign(row, number, expires).encode(), signature.encode()):
        raise Problem(403, "bad_signature", "this address was not made by LocalClip")
    if expires < time.time():
        raise Problem(403, "address_expired", "ask for a new address")
    if number > _count(row):
        raise Problem(422, "no_such_part", f"the upload has {_count(row)} parts")
    return row


@router.post("/{upload_id}/complete", status_code=201, operation_id="complete_upload")
async def complete_upload(upload_id: str, body: UploadComplete, parts: Parts, who: Who, response: Response) -> TaskRead:
    """Make a task of the upload. A repeated call gives the same task, also while the first one is at work.

    Of a row of a batch the row says what becomes of it, and one that has a task already gives that.

    Raises: Problem 409 `upload_incomplete` while parts are missing, 415 when it is no video: nothing is kept then.
    """
    row, done, place = await asyncio.to_thread(_find, parts, who, upload_id, body)
    if done is None:
        if place is not None:
            config, start = place.config, place.starts
        else:
            config = await asyncio.to_thread(with_defaults, parts.database, who.account, body.config)
            start = body.start
        files = {name: UploadedFile(file.filename, file.data) for name, file in body.files.items()}
        if place is not None:
            refuse_missing(place, files)
        brought = await asyncio.to_thread(read_all, files, config)
        engines = await parts.capabilities.engines()
        making = _Making(row, config, engines, files, brought, place, strict=body.strict)
        if start or body.strict:
            _possible(making, inside=lambda: True)  # before the parts are joined
        done = await parts.threads.transfer(partial(_complete, parts, making, start=start))
    response.headers["Location"] = f"/api/tasks/{done.task_id}"
    response.headers["ETag"] = etag(done.version)
    return done


@dataclass(frozen=True)
class _Making:
    """An upload, and everything its task is made from."""

    row: UploadRow
    config: TaskConfig
    engines: Sequence[EngineInfo]
    files: Mapping[str, UploadedFile]
    brought: Mapping[str, Reading]
    place: Place | None
    strict: bool


def _find(
    parts: Gateway, who: Caller, upload_id: str, body: UploadComplete
) -> tuple[UploadRow, TaskRead | None, Place | None]:
    """An upload, the task it has become, and where it belongs in a batch."""
    with parts.database.read() as session:
        row = _known(session, who, upload_id)
        task = script_rows.task(session, row.task_id)
        if task is not None:
            return row, read_task(session, parts.audience, task), None
        arriving = uploads_rows.arriving(session, row.task_id)
        if arriving is not None and arriving.batch_id is not None:
            return row, None, place_of(session, who, arriving.batch_id, arriving.batch_row or 0)
        return row, None, place_of(session, who, body.batch_id, body.row) if body.batch_id else None


def _place(parts: Gateway, who: Caller, batch_id: str, number: int) -> Place:
    """Raises: Problem 404, 409 `batch_over`."""
    with parts.database.read() as session:
        return place_of(session, who, batch_id, number)


def _possible(making: _Making, *, inside: Callable[[], bool]) -> list[str]:
    """The target languages that can be started; the others wait for what they need.

    Raises: Problem 422, if all of them do, or if one does where that is refused.
    """
    config, provided = making.config, translated(making.files)
    text = SUBTITLES in making.files or config.text_track is not None
    possible, refused = [], []
    for language in config.target_languages:
        try:
            refuse_unless_possible(
                making.engines,
                config.source_language,
                language,
                subtitles=text,
                translation=language in provided,
                inside=inside,
            )
        except Problem as problem:
            refused.append(problem)
        else:
            possible.append(language)
    if refused and (making.strict or not possible):
        raise refused[0]
    return possible


def _complete(parts: Gateway, making: _Making, *, start: bool) -> TaskRead:
    """Join the parts and start the task. Two concurrent calls join the same parts and find one task; after a `DELETE`,
    nothing that this call stored remains."""
    row = making.row
    try:
        info = _join(parts, row)
        with parts.store.open(row.key, 0, SNIFF_BYTES) as source:
            refuse_unless_video(source.read(), "")
        inside = partial(may_have_text, parts.store, row.key, info.size)
        possible = _possible(making, inside=inside) if start or making.strict else []
        arrived = Arrived(row.filename, info)
        stored = store_all(parts.store, row.task_id, making.files, making.brought, making.config)
        with parts.database.write() as session:
            begun = possible if start else []
            read = begin_task(session, parts, row.task_id, arrived, stored, start=begun, place=making.place)
    except (StorageError, Problem) as error:
        if isinstance(error, Problem) and error.status == 415:
            forget(parts, row.task_id)
        elif _given_up(parts, row):
            parts.store.delete(keys.task_prefix(row.task_id))
            raise _over() from error
        raise
    if read.task_id != row.task_id:  # its row already had a task
        forget(parts, row.task_id)
    return read


def _given_up(parts: Gateway, row: UploadRow) -> bool:
    with parts.database.read() as session:
        return not script_rows.is_arriving(session, row.task_id) and script_rows.task(session, row.task_id) is None


def _join(parts: Gateway, row: UploadRow) -> ObjectInfo:
    """The object, made now or by another call: an earlier one that was interrupted, or a concurrent one."""
    for _ in range(_JOIN_TRIES):
        try:
            found = parts.store.parts(row.key, row.write_id)
            _refuse_incomplete(row, found)
            return parts.store.join(row.key, row.write_id, found)
        except PartsChanged:
            continue  # a part was sent again meanwhile
        except ObjectNotFound:
            try:
                return parts.store.stat(row.key)
            except ObjectNotFound:
                raise _over() from None
    raise Problem(409, "upload_incomplete", "parts are still being sent")


def _refuse_incomplete(row: UploadRow, found: Sequence[Part]) -> None:
    here = {part.number for part in found if part.size == _size(row, part.number)}
    missing = [number for number in range(1, _count(row) + 1) if number not in here]
    if missing:
        named = ", ".join(map(str, missing[:20]))
        raise Problem(409, "upload_incomplete", f"{len(missing)} of {_count(row)} parts are missing: {named}")


@router.delete("/{upload_id}", status_code=204, operation_id="delete_upload")
async def delete_upload(upload_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Give up an upload and remove what arrived; a finished one is a task, and stays."""
    task_id = await turns(request).run(_give_up, parts, who, upload_id)
    await parts.threads.transfer(forget, parts, task_id)


def _give_up(parts: Gateway, who: Caller, upload_id: str) -> str:
    """Mark the task of an upload as deleted, so that the eraser removes what we do not; return its id."""
    with parts.database.write() as session:
        row = _known(session, who, upload_id)
        task = script_rows.locked_task(session, row.task_id)
        if task is None or task.status != UPLOADING or task.deleted_at is not None:
            raise _over()
        task.deleted_at = now()  # a request that completes it at this moment finds it gone
        return row.task_id


def _row(parts: Gateway, who: Caller, upload_id: str) -> UploadRow:
    with parts.database.read() as session:
        return _known(session, who, upload_id)


def _known(session: Session, who: Caller, upload_id: str) -> UploadRow:
    row = uploads_rows.upload(session, upload_id, who.owner)
    if row is None:
        raise not_found(f"upload '{upload_id[:60]}'")
    session.expunge(row)
    return row


def _arrived(parts: Gateway, row: UploadRow) -> Sequence[Part]:
    """All of them once they are joined, also where the gateway that joined them died before it had made the task."""
    try:
        return parts.store.parts(row.key, row.write_id)
    except ObjectNotFound:
        pass
    try:
        whole = parts.store.stat(row.key)
    except ObjectNotFound:
        return ()
    return [Part(number, _size(row, number), whole.etag) for number in range(1, _count(row) + 1)]


def _read(row: UploadRow, arrived: Sequence[Part]) -> UploadRead:
    return UploadRead(
        upload_id=row.upload_id,
        filename=row.filename,
        size=row.size,
        part_size=row.part_size,
        parts=_count(row),
        arrived=[PartRead(part_number=part.number, size=part.size, etag=part.etag) for part in arrived],
        created_at=row.created_at,
    )


def _count(row: UploadRow) -> int:
    return ceil(row.size / row.part_size)


def _size(row: UploadRow, number: int) -> int:
    return min(row.part_size, row.size - (number - 1) * row.part_size)


def _sign(row: UploadRow, number: int, expires: int) -> str:
    return hmac.new(row.secret.encode(), f"{row.upload_id}/{number}/{expires}".encode(), "sha256").hexdigest()


def _over() -> Problem:
    return Problem(409, "upload_over", "this upload has ended")
