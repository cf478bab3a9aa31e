"""Send a video in parts: a lost connection costs a part, and with the same key another program goes on."""

import base64
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from localclip_client._async.transport import ANSWER_S, AsyncTransport
from localclip_client._waiting import async_call, async_in_spite_of_cancel
from localclip_client._wire import as_list, as_model, at
from localclip_client.errors import ConflictError, LocalClipError, NotFoundError
from localclip_client.models import PartAddress, Task, Upload

Told = Callable[[int], None]
_HEAD = 1024
_CHUNK = 1024 * 1024
_ADDRESSES = 8  # at a time: they are good for an hour
_JOINING_S = 600.0
_GIVING_UP_S = 5.0


class AsyncUploads(AsyncTransport):
    """Videos on their way."""

    async def _upload(
        self,
        video: Path,
        said: Mapping[str, Any],
        on_sent: Told | None,
        key: str | None,
        place: Mapping[str, Any] | None = None,
    ) -> Task:
        """Send `video` and make it the task that `said` describes.

        With a `key` the same upload is gone on with, by this program or another; without one nothing of it stays when
        this fails.
        """
        begun = await self._begin(video, dict(place or {}), key)
        complete = {**said, **(place or {})}
        try:
            with suppress(_UploadOver):
                await self._send_parts(video, begun, on_sent or _tell_nobody)
            timeout = httpx.Timeout(ANSWER_S, read=_JOINING_S)
            answer = await self._post(at("uploads", begun.upload_id, "complete"), json=complete, timeout=timeout)
        except BaseException:
            if key is None:
                with async_in_spite_of_cancel(_GIVING_UP_S), suppress(LocalClipError):
                    await self._once("DELETE", at("uploads", begun.upload_id), timeout=_GIVING_UP_S)
            raise
        return as_model(Task, answer)

    async def _begin(self, video: Path, place: Mapping[str, Any], key: str | None) -> Upload:
        size, head = await async_call(_looked_at, video)
        body = {"filename": video.name, "size": size, "head": base64.b64encode(head).decode(), **place}
        begun = as_model(Upload, await self._post(at("uploads"), key, json=body))
        if key is None:
            return begun
        try:
            return as_model(Upload, await self._get(at("uploads", begun.upload_id)))
        except NotFoundError:  # swept since, a day ago: the answer was remembered, the upload was not
            return as_model(Upload, await self._post(at("uploads"), json=body))

    async def _send_parts(self, video: Path, begun: Upload, on_sent: Told) -> None:
        """Send what has not arrived. Raises: _UploadOver."""
        arrived = {part.part_number: part.size for part in begun.arrived}
        wanted = [number for number in range(1, begun.parts + 1) if number not in arrived]
        progress = _Progress(on_sent, sum(arrived.values()))
        while wanted:
            some, wanted = wanted[:_ADDRESSES], wanted[_ADDRESSES:]
            try:
                answer = await self._ask("POST", at("uploads", begun.upload_id, "parts"), json={"part_numbers": some})
            except ConflictError as error:
                if error.code == "upload_over":
                    raise _UploadOver from error
                raise
            for address in as_list(PartAddress, answer):
                await self._put(video, (address.part_number - 1) * begun.part_size, address, progress)

    async def _put(self, video: Path, offset: int, address: PartAddress, progress: "_Progress") -> None:
        async def once() -> httpx.Response:
            content = _slice(video, offset, address.size, progress)
            headers = {"Content-Length": str(address.size)}
            return await self._once("PUT", address.url, content=content, headers=headers)

        try:
            await self._patiently("PUT", once)
        except (ConflictError, NotFoundError) as error:  # joined meanwhile, for a call whose answer was lost
            raise _UploadOver from error
        progress.arrived(address.size)


class _UploadOver(Exception):  # noqa: N818 (a state, not a mistake)
    """It takes no parts any more: it is a task, or about to be one, or was given up; completing it tells which."""


class _Progress:
    """Bytes sent so far, which never grow less when a part is sent again."""

    def __init__(self, on_sent: Told, before: int) -> None:
        self._on_sent, self._before, self._told = on_sent, before, 0

    def sent(self, count: int) -> None:
        """So much of the part at hand."""
        self._told = max(self._told, self._before + count)
        self._on_sent(self._told)

    def arrived(self, size: int) -> None:
        """The part at hand is there."""
        self._before += size


async def _slice(video: Path, offset: int, size: int, progress: _Progress) -> AsyncIterator[bytes]:
    """The bytes of a part, read as they are sent."""
    source = await async_call(video.open, "rb")
    try:
        await async_call(source.seek, offset)
        for done in itertools.count(0, _CHUNK):
            if done >= size:
                return
            data = await async_call(source.read, min(_CHUNK, size - done))
            if len(data) < min(_CHUNK, size - done):
                raise LocalClipError(f"{video} became shorter while it was sent; send it again once it stands still")
            yield data
            progress.sent(done + len(data))
    finally:
        source.close()


def _looked_at(video: Path) -> tuple[int, bytes]:
    with video.open("rb") as source:
        head = source.read(_HEAD)
    return video.stat().st_size, head


def _tell_nobody(_: int) -> None:
    return None
