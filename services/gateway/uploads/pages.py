"""Fetch the video of a page with yt-dlp: a separate process behind our proxy, whose file is read like any other."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from services.gateway.settings import GatewaySettings
from services.gateway.uploads.opening import PIECE_BYTES
from services.gateway.uploads.proxy import FilteringProxy
from services.gateway.uploads.remote import Answer, SourceError
from services.gateway.web.threads import Threads
from shared.outside import Forbidden
from shared.pipeline import ErrorCode

_CHILD = Path(__file__).with_name("page_child.py")
_LOOK_S = 1.0
_PAGES_BYTES = 64 * 1024 * 1024
"""Pages, scripts and lists, beside the video itself."""
_MEMORY_BYTES = 2 * 1024**3
"""Of address space, for yt-dlp and for each ffmpeg it starts; as much as ffmpeg has elsewhere."""
_KEPT = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")
Told = Callable[[int, int], Awaitable[None]]
"""Called with the bytes on disk and the bytes transferred in total."""


class Pages:
    """Fetches of videos from pages; each has its own folder, in which a later attempt finds what has arrived."""

    def __init__(self, settings: GatewaySettings, threads: Threads, folder: Path) -> None:
        self._settings, self._threads, self._folder = settings, threads, folder

    @asynccontextmanager
    async def open(self, url: str, task_id: str, told: Told) -> AsyncIterator[Answer]:
        """Fetch the whole video, then yield it piece by piece. Raises: SourceError; Forbidden."""
        folder = self._folder / task_id
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        lock = _lock_of(folder)
        try:
            await asyncio.to_thread(lock.acquire)
        except Timeout as error:
            raise SourceError(ErrorCode.SOURCE_UNREACHABLE, "another gateway is fetching it", is_final=False) from error
        try:
            found = await self._fetch(url, folder, told)
            path = folder / Path(found["file"]).name
            size = await asyncio.to_thread(lambda: path.stat().st_size)
            yield Answer(0, size, None, self._read(path, size), called=_called(found["title"], path.suffix))
        finally:
            lock.release()

    def tidy(self, is_wanted: Callable[[str], bool]) -> None:
        """Remove the remains of videos that nobody waits for any more."""
        if not self._folder.is_dir():
            return
        for folder in [one for one in self._folder.iterdir() if one.is_dir() and not is_wanted(one.name)]:
            lock = _lock_of(folder)
            with suppress(Timeout), lock:  # another gateway on this machine may be fetching it for another database
                shutil.rmtree(folder, ignore_errors=True)
                Path(lock.lock_file).unlink(missing_ok=True)

    async def _fetch(self, url: str, folder: Path, told: Told) -> dict[str, Any]:
        most = self._settings.max_video_bytes
        async with FilteringProxy(self._settings.networks(), most + _PAGES_BYTES) as proxy:
            job = {"url": url, "proxy": proxy.url, "port": proxy.port, "most": most, "memory": _MEMORY_BYTES}
            found = await self._run(job, folder, proxy, told)
            if "file" in found:
                return found
            if proxy.refused:
                raise Forbidden(proxy.refused)
        code = ErrorCode(found["code"])
        if code is ErrorCode.VIDEO_TOO_LARGE:
            raise self._too_large()
        raise SourceError(code, found["message"], is_final=found["is_final"])

    async def _run(self, job: dict[str, Any], folder: Path, proxy: FilteringProxy, told: Told) -> dict[str, Any]:
        """Run yt-dlp to its end; whatever ends this call ends yt-dlp first, with everything it started."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_CHILD)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            start_new_session=sys.platform != "win32",
        )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 (both are pipes)
        answering = asyncio.ensure_future(process.stdout.readline())
        try:
            process.stdin.write(json.dumps(job).encode() + b"\n")
            while not answering.done():
                await asyncio.wait({answering}, timeout=_LOOK_S)
                there = await asyncio.to_thread(_size_of, folder)
                if proxy.is_spent or there > 2 * job["most"] + _PAGES_BYTES:  # video, audio, and both merged
                    raise self._too_large()
                await told(there, there + proxy.received)
            line = answering.result()
        finally:
            answering.cancel()
            _kill(process)
            await asyncio.shield(process.wait())
        if line:
            return dict(json.loads(line))
        raise SourceError(ErrorCode.SOURCE_UNREACHABLE, "yt-dlp ended without an answer", is_final=False)

    def _too_large(self) -> SourceError:
        limit = f"{self._settings.max_video_size_mb} MiB (MAX_VIDEO_SIZE_MB)"
        return SourceError(ErrorCode.VIDEO_TOO_LARGE, f"the video is larger than {limit}", is_final=True)

    async def _read(self, path: Path, size: int) -> AsyncIterator[bytes]:
        for begin in range(0, size, PIECE_BYTES):
            yield await self._threads.transfer(_piece, path, begin)


def _lock_of(folder: Path) -> FileLock:
    return FileLock(folder.with_suffix(".lock"), timeout=0, thread_local=False)


def _environment(folder: Path) -> dict[str, str]:
    """Nothing from our environment: no proxy, no password, no folder of settings or plugins."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8", "YTDLP_NO_PLUGINS": "1"}


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses this for a group of zombies
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _size_of(folder: Path) -> int:
    size = 0
    for parent, _, names in os.walk(folder):  # `Path.rglob` would fail when a folder goes away under it
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(parent, name).stat().st_size
    return size


def _piece(path: Path, begin: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(PIECE_BYTES)


def _called(title: str, suffix: str) -> str:
    """The title, as a file name."""
    name = "".join("-" if char in "/\\" else char for char in title if char.isprintable()).strip(" .")
    return f"{name[:200]}{suffix}" if name else ""
