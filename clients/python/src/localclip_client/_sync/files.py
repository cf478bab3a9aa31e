# Made of `_async` by `make generate`: change it there.
"""Files of tasks and exports by recipe, downloaded so that a broken connection costs nothing that came."""

import glob
import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx

from localclip_client import _wire
from localclip_client._sync.transport import SyncTransport
from localclip_client._waiting import call, sleep
from localclip_client._wire import as_list, as_model, at
from localclip_client.errors import LocalClipError
from localclip_client.models import Artifact, Export, Preset, Status
from localclip_client.new_task import Document, as_json

Received = Callable[[int], None]
_CHUNK = 1024 * 1024
_POLL_S = 0.5
_UNDER_WAY = (Status.PENDING, Status.PROCESSING)


class SyncFiles(SyncTransport):
    """What was made."""

    def artifacts(self, task_id: str) -> tuple[Artifact, ...]:
        """List the files of a task."""
        return as_list(Artifact, self._get(at("tasks", task_id, "artifacts")))

    def download(self, task_id: str, artifact: Artifact, target: Path, on_received: Received | None = None) -> Path:
        """Write a file of a task to `target`, as `fetch` does."""
        address = at("tasks", task_id, "artifacts", artifact.language, artifact.name)
        return self.fetch(address, target, on_received)

    def presets(self) -> tuple[Preset, ...]:
        """Recipes to begin with."""
        return as_list(Preset, self._get(at("recipes")))

    def start_export(self, task_id: str, recipe: Document, key: str | None = None) -> Export:
        """Have a recipe made; with the same `key` the same export once more."""
        return as_model(Export, self._post(at("tasks", task_id, "exports"), key, json=as_json(recipe)))

    def export(self, task_id: str, export_id: str) -> Export:
        """Read an export by recipe."""
        return as_model(Export, self._get(at("tasks", task_id, "exports", export_id)))

    def exports(self, task_id: str) -> tuple[Export, ...]:
        """List the exports of a task."""
        return as_list(Export, self._get(at("tasks", task_id, "exports")))

    def wait_for_export(self, task_id: str, export_id: str) -> Export:
        """Wait until an export is made, or could not be."""
        while True:
            made = self.export(task_id, export_id)
            if made.status not in _UNDER_WAY:
                return made
            sleep(_POLL_S)

    def delete_export(self, task_id: str, export_id: str) -> None:
        """Stop an export by recipe and remove its files."""
        self._delete(at("tasks", task_id, "exports", export_id))

    def fetch(self, address: str, target: Path, on_received: Received | None = None) -> Path:
        """Write what an address holds to `target`, which appears whole or not at all.

        What came before a connection broke, also of an earlier program, is kept beside it and not fetched again.
        """
        attempt = furthest = 0
        told = on_received or _tell_nobody
        while True:
            try:
                return self._fetch(address, target, told)
            except LocalClipError as error:
                came = call(_size_of_parts, target)
                attempt = 0 if came > furthest else attempt + 1
                furthest = max(came, furthest)
                if attempt > self._retries or not _wire.passes(error):
                    raise
                pause_s = _wire.pause_s(attempt, error)
            sleep(pause_s)

    def _fetch(self, address: str, target: Path, told: Received) -> Path:
        plain = {"Accept-Encoding": "identity"}
        with self._opened(address, plain) as answer:
            etag, size = answer.headers.get("ETag", ""), int(answer.headers.get("Content-Length", 0))
            part = _part(target, etag)
            here = call(_size, part) if _is_strong(etag) else 0
            if not 0 < here <= size:
                _write(answer, part, told)
                here = size
        if here < size:
            range_ = {"Range": f"bytes={here}-", "If-Range": etag, **plain}
            with self._opened(address, range_) as answer:
                _write(answer, part, told, here if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0)
        call(_finish, part, target)
        return target


def _write(answer: httpx.Response, part: Path, told: Received, here: int = 0) -> None:
    """Append an answer to what is here of it."""
    sink = call(part.open, "ab" if here else "wb")
    try:
        for chunk in answer.iter_bytes(_CHUNK):
            here += call(sink.write, chunk)
            told(here)
    finally:
        sink.close()


def _part(target: Path, etag: str) -> Path:
    """Where a file grows; of another version of it another one does."""
    return target.with_name(f"{target.name}.{hashlib.sha256(etag.encode()).hexdigest()[:12]}.part")


def _parts(target: Path) -> list[Path]:
    return list(target.parent.glob(f"{glob.escape(target.name)}.{'?' * 12}.part"))


def _size_of_parts(target: Path) -> int:
    return max((_size(part) for part in _parts(target)), default=0)


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _finish(part: Path, target: Path) -> None:
    part.replace(target)
    for old in _parts(target):
        old.unlink(missing_ok=True)


def _is_strong(etag: str) -> bool:
    return etag.startswith('"')


def _tell_nobody(_: int) -> None:
    return None
