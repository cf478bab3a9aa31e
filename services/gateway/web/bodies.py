"""Request bodies within limits: JSON, small files and forms, subtitles, and videos on their way to the store."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from typing import Generic, Self, TypeVar

from pydantic import ConfigDict
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from services.gateway.web.problems import Problem, unprocessable
from services.gateway.web.threads import Threads
from shared.bounds import Bounded
from shared.observability import logger
from shared.pipeline import PermanentError
from shared.storage import StorageError, Writer
from shared.transcript import Reading, TooManyCues, read_subtitles

_MOST_FIELDS = 20


async def read_form(request: Request, max_bytes: int) -> FormData:
    """Parse multipart/form-data of at most `max_bytes`; the caller closes it.

    Raises:
        Problem: 413 too large, 415 wrong type, 400 malformed or cut off.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "not_multipart", "send multipart/form-data")
    parser = MultiPartParser(
        request.headers, _limited(request, max_bytes), max_files=_MOST_FIELDS, max_fields=_MOST_FIELDS
    )
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:  # KeyError: a content type without boundary
        raise Problem(400, "malformed_upload", f"the form is not valid multipart/form-data: {error}") from error


async def read_file(request: Request, field: str, max_bytes: int) -> bytes:
    """The whole body, or the file `field` of a form. Raises: Problem, as `read_form`, and 422 without the field."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return b"".join([chunk async for chunk in _limited(request, max_bytes)])
    form = await read_form(request, max_bytes)
    try:
        return await file_of(form, field).read()
    finally:
        await form.close()


def file_of(form: FormData, field: str) -> UploadFile:
    """The file of a form. Raises: Problem 422 if there is none."""
    found = form.get(field)
    if not isinstance(found, UploadFile):
        raise unprocessable("missing_file", f"the form has no file field '{field}'", f"/{field}")
    return found


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise Problem(413, "upload_too_large", f"more than {max_bytes // 1024**2} MiB were sent")
            yield chunk
    except ClientDisconnect as error:
        raise Problem(400, "upload_cut_off", "the connection ended before the upload was complete") from error


_PIECE = 1024 * 1024
"""Bytes collected before a thread is used: enough that threads switch rarely, few enough for many uploads at once."""

T = TypeVar("T")
log = logger(__name__)


class Incoming(Generic[T]):
    """Collects bytes on the loop and passes them to a `Writer` piece by piece, each in one short call in a thread.

    Nothing more is read while a piece is being stored, so a slow store slows the client down. As a context manager, it
    aborts on an exception.
    """

    def __init__(self, threads: Threads, begin: Callable[[], Writer[T]]) -> None:
        self._threads, self._begin = threads, begin
        self._writer: Writer[T] | None = None
        self._piece = bytearray()
        self._running: asyncio.Future[T | None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            await self.abort()

    async def add(self, data: bytes | bytearray) -> None:
        """Add bytes. Raises: the store's errors."""
        self._piece += data
        if len(self._piece) >= _PIECE:
            await self._call(self._store, self._taken())

    async def finish(self) -> T:
        """Complete the object. Raises: the store's errors."""
        stored = await self._call(self._finish, self._taken())
        assert stored is not None  # noqa: S101 (`_finish` returns it)
        return stored

    async def abort(self) -> None:
        """Leave nothing in the store; what cannot be removed now is removed with its task."""
        self._piece.clear()
        if self._running is not None:
            await asyncio.wait({self._running})  # its request was canceled, but not the thread
            self._running.exception()
        if self._writer is not None:
            try:
                await self._threads.transfer(self._writer.abort)
            except (StorageError, OSError) as error:
                log.warning("upload_not_aborted", error=repr(error))

    def _taken(self) -> bytes:
        piece = bytes(self._piece)
        self._piece.clear()
        return piece

    async def _call(self, call: Callable[[bytes], T | None], piece: bytes) -> T | None:
        self._running = asyncio.ensure_future(self._threads.transfer(call, piece))
        return await asyncio.shield(self._running)

    def _store(self, piece: bytes) -> None:
        if self._writer is None:
            self._writer = self._begin()
        self._writer.write(piece)

    def _finish(self, piece: bytes) -> T:
        self._store(piece)
        assert self._writer is not None  # noqa: S101 (`_store` opens it)
        return self._writer.finish()


MAX_SUBTITLE_BYTES = 5 * 1024 * 1024


def subtitles_too_large(detail: str) -> Problem:
    """413, with the limit."""
    return Problem(413, "subtitles_too_large", detail)


def refuse_oversize(size: int) -> None:
    """Raises: Problem 413, for more bytes than are read."""
    if size > MAX_SUBTITLE_BYTES:
        raise subtitles_too_large(f"the subtitle file is larger than {MAX_SUBTITLE_BYTES // 1024**2} MiB")


def named_by_content(data: bytes) -> str:
    """A name for a subtitle file: one that is refused in the end replaces none that is used."""
    return f"{hashlib.sha256(data).hexdigest()[:24]}.srt"


def read_brought(data: bytes, language: str | None, pointer: str) -> Reading:
    """Read a file in `language`; up to two seconds of work, so call it in a thread.

    Raises: Problem 413, 422 at `pointer`.
    """
    refuse_oversize(len(data))
    try:
        return read_subtitles(data, language)
    except TooManyCues as error:
        raise subtitles_too_large(error.message) from error
    except PermanentError as error:
        raise unprocessable(error.code, error.message, pointer) from error


class Written(Bounded):
    """What clients send: an object of which every field is known, with no more in it than can be meant."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
