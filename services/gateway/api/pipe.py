"""Bytes of a request body for a store that reads in a thread."""

import asyncio
import queue

_QUEUE = 8


class Pipe:
    """Bytes from the event loop to a blocking reader; at most `_QUEUE` chunks wait."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue(_QUEUE)
        self._rest = b""
        self._ended = False
        self._aborted = False

    async def write(self, data: bytes) -> None:
        """Hand over a chunk, waiting for room."""
        try:
            self._queue.put_nowait(data)
        except queue.Full:
            await asyncio.to_thread(self._put, data)

    def _put(self, data: bytes | None) -> None:
        while not self._ended:
            try:
                return self._queue.put(data, timeout=0.5)
            except queue.Full:
                continue
        return None

    async def close(self, *, aborted: bool = False) -> None:
        """End the stream; when aborted the reader gets an error and stores nothing."""
        self._aborted = aborted
        await asyncio.to_thread(self._put, None)

    def give_up(self) -> None:
        """The reader is gone: writers no longer wait for room."""
        self._ended = True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        parts, have = [self._rest], len(self._rest)
        while (size < 0 or have < size) and not self._ended:
            chunk = self._queue.get()
            if chunk is None:
                self._ended = True
                break
            parts.append(chunk)
            have += len(chunk)
        if self._ended and self._aborted:
            raise OSError("the upload was cut off")
        data = b"".join(parts)
        if size < 0:
            size = len(data)
        self._rest = data[size:]
        return data[:size]
