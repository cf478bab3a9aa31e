"""Read a multipart upload as it arrives: small fields in memory, the video straight into the object store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from services.gateway.web.bodies import Incoming
from services.gateway.web.problems import Problem, unprocessable
from services.gateway.web.threads import Threads
from shared.media import READABLE, SNIFF_BYTES, sniff_audio
from shared.storage import ObjectInfo, UploadStore

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FIELDS_BYTES = 10 * 1024 * 1024
_DRAIN_BYTES = 32 * 1024 * 1024
_MOST_PARTS = 200
VIDEO_FIELD = "video"


@dataclass
class UploadedFile:
    """A small file sent with the video."""

    filename: str
    data: bytes


@dataclass
class Upload:
    """A finished upload."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, UploadedFile] = field(default_factory=dict)
    video_name: str = ""
    video: ObjectInfo | None = None


def too_large(limit_bytes: int) -> Problem:
    """413."""
    return Problem(413, "video_too_large", f"the video is larger than {limit_bytes // 1024**2} MiB (MAX_VIDEO_SIZE_MB)")


def refuse_unless_video(head: bytes, pointer: str) -> None:
    """Raises: Problem 415, unless the first bytes of a file show a video or audio format that LocalClip reads."""
    if sniff_audio(head) is not None:
        return
    what = "this is neither a video nor a sound file LocalClip reads" if head else "the file is empty"
    raise Problem(
        415,
        "media_unsupported",
        f"{what}; send {READABLE}",
        [{"pointer": pointer, "detail": what, "code": "media_unsupported"}],
    )


def printable(filename: str) -> str:
    """A file name that is safe to display."""
    return "".join(filter(str.isprintable, filename)) or "video"


class UploadReader:
    """Parses one request; `key_for` names the video's object once its file name is known."""

    def __init__(
        self,
        request: Request,
        store: UploadStore,
        threads: Threads,
        max_video_bytes: int,
        key_for: Callable[[str], str],
    ) -> None:
        self._request, self._store, self._threads = request, store, threads
        self._limit, self._key_for = max_video_bytes, key_for
        self.result = Upload()
        self._headers: dict[str, str] = {}
        self._header_name = b""
        self._header_value = b""
        self._name, self._filename = "", ""
        self._events: list[tuple[str, bytes]] = []
        self._buffer = bytearray()
        self._small = self._parts = 0
        self._video_bytes = 0
        self._incoming: Incoming[ObjectInfo] | None = None

    async def read(self) -> Upload:
        """Consume the request body.

        Raises:
            Problem: 413 too large, 415 not a video, 422 malformed, 400 cut off; nothing is stored in these cases.
        """
        self._refuse_oversize()
        boundary, body = self._boundary(), self._request.stream()
        try:
            parser = MultipartParser(boundary, self._callbacks())
            async for chunk in body:
                parser.write(chunk)
                await self._work_off()
            parser.finalize()
            if self.result.video is None:
                raise unprocessable("missing_video", f"the form has no file field '{VIDEO_FIELD}'", f"/{VIDEO_FIELD}")
        except FormParserError as error:
            await self._abort()
            raise Problem(400, "malformed_upload", f"the upload is not valid multipart/form-data: {error}") from error
        except ClientDisconnect as error:
            await self._abort()
            raise Problem(400, "upload_cut_off", "the connection ended before the upload was complete") from error
        except BaseException:
            await self._abort()
            await _drain(body)
            raise
        return self.result

    def _refuse_oversize(self) -> None:
        announced = self._request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self._limit + MAX_FIELDS_BYTES:
            raise too_large(self._limit)

    def _boundary(self) -> bytes:
        kind, options = parse_options_header(self._request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Problem(415, "not_multipart", "send multipart/form-data with the file field 'video'")
        return boundary

    def _callbacks(self) -> "MultipartCallbacks":
        add = self._events.append
        return {
            "on_part_begin": lambda: add(("begin", b"")),
            "on_header_field": lambda data, start, end: add(("field", data[start:end])),
            "on_header_value": lambda data, start, end: add(("value", data[start:end])),
            "on_header_end": lambda: add(("header", b"")),
            "on_headers_finished": lambda: add(("headers", b"")),
            "on_part_data": lambda data, start, end: add(("data", data[start:end])),
            "on_part_end": lambda: add(("end", b"")),
        }

    async def _work_off(self) -> None:
        events, self._events[:] = list(self._events), []
        for kind, data in events:
            match kind:
                case "begin":
                    self._headers, self._buffer = {}, bytearray()
                case "field":
                    self._header_name += data
                case "value":
                    self._header_value += data
                case "header":
                    self._headers[self._header_name.decode("latin-1").lower()] = self._header_value.decode("latin-1")
                    self._header_name = self._header_value = b""
                case "headers":
                    self._begin_part()
                case "data":
                    await self._part_data(data)
                case "end":
                    await self._end_part()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise Problem(413, "fields_too_large", f"a form has at most {_MOST_PARTS} parts")
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._filename = options.get(b"filename", b"").decode("utf-8", "replace")
        if self._is_video() and self.result.video is not None:
            raise unprocessable("second_video", "one request uploads one video", f"/{VIDEO_FIELD}")

    def _is_video(self) -> bool:
        return self._name == VIDEO_FIELD

    async def _part_data(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_video():
            self._small += len(data)
            if self._small > MAX_FIELDS_BYTES:
                raise Problem(413, "fields_too_large", "the fields beside the video are larger than 10 MiB")
            return
        self._video_bytes += len(data)
        if self._video_bytes > self._limit:
            raise too_large(self._limit)
        if self._incoming is not None or len(self._buffer) >= SNIFF_BYTES:
            await self._pass_on()

    async def _end_part(self) -> None:
        if not self._is_video():
            if self._filename:
                self.result.files[self._name] = UploadedFile(self._filename, bytes(self._buffer))
            else:
                self.result.fields[self._name] = self._buffer.decode("utf-8", "replace")
            return
        await self._pass_on()
        if self._incoming is not None:
            self.result.video = await self._incoming.finish()

    async def _pass_on(self) -> None:
        if self._incoming is None:
            self._incoming = self._open()
        await self._incoming.add(self._buffer)
        self._buffer = bytearray()

    def _open(self) -> Incoming[ObjectInfo]:
        """Start storing once the first bytes show a video."""
        refuse_unless_video(bytes(self._buffer[:SNIFF_BYTES]), f"/{VIDEO_FIELD}")
        self.result.video_name = printable(self._filename)
        key = self._key_for(self.result.video_name)
        return Incoming(self._threads, lambda: self._store.open_writer(key))

    async def _abort(self) -> None:
        if self._incoming is not None:
            await self._incoming.abort()


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Continue reading for a while: otherwise a client that is still sending would see a reset instead of the
    response."""
    left = _DRAIN_BYTES
    try:
        async with asyncio.timeout(5.0):
            async for chunk in body:
                left -= len(chunk)
                if left <= 0:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):  # RuntimeError: the body had already ended
        return
