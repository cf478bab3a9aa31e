"""Open what is fetched: a URL, or a key in the operator's bucket."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.gateway.batches.addresses import S3
from services.gateway.settings import GatewaySettings
from services.gateway.uploads.remote import Answer, SourceChanged, SourceError, open_url
from services.gateway.web.threads import Threads
from shared.pipeline import ErrorCode
from shared.storage import ObjectNotFound, ObjectStore

PIECE_BYTES = 5 * 1024 * 1024
"""The smallest part that S3 accepts; this much is lost when a gateway dies, and held in memory for each video."""


class Opener:
    """Opens files for fetches; `bucket` is where keys are looked up, None if there is none."""

    def __init__(self, settings: GatewaySettings, threads: Threads, bucket: ObjectStore | None) -> None:
        self._settings, self._threads, self._bucket = settings, threads, bucket
        self._networks = settings.networks()

    def open(
        self, address: str, owner: str, start: int = 0, validator: str | None = None
    ) -> AbstractAsyncContextManager[Answer]:
        """Request a file from `start` on, if it still matches `validator`; otherwise all of it.

        Raises: SourceError; Forbidden.
        """
        if address.startswith(S3):
            key = self._settings.source_folder(owner) + address.removeprefix(S3)
            return self._open_key(key, start, validator)
        return open_url(address, self._networks, start, validator)

    @asynccontextmanager
    async def _open_key(self, key: str, start: int, validator: str | None) -> AsyncIterator[Answer]:
        """An object, read piece by piece."""
        bucket, transfer = self._bucket, self._threads.transfer
        if bucket is None:
            raise SourceError(ErrorCode.SOURCE_REFUSED, "no bucket is opened here for sources", is_final=True)
        try:
            info = await transfer(bucket.stat, key)
        except ObjectNotFound as error:
            raise SourceError(ErrorCode.SOURCE_GONE, "there is no object with this key", is_final=True) from error
        start = start if validator == info.etag else 0

        async def chunks() -> AsyncIterator[bytes]:
            for begin in range(start, info.size, PIECE_BYTES):
                yield await transfer(_read_piece, bucket, key, begin)
            if (await transfer(bucket.stat, key)).etag != info.etag:
                raise SourceChanged

        yield Answer(start, info.size, info.etag, chunks())


def _read_piece(bucket: ObjectStore, key: str, begin: int) -> bytes:
    try:
        with bucket.open(key, begin, PIECE_BYTES) as source:
            return source.read()
    except ObjectNotFound as error:
        raise SourceChanged from error
