"""Batches: many videos as one."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from localclip_client._async.files import AsyncFiles, Received
from localclip_client._async.tasks import Sought
from localclip_client._async.uploads import AsyncUploads, Told
from localclip_client._waiting import async_call
from localclip_client._wire import as_list, as_model, at, conditions, given, total_of
from localclip_client.models import Batch, BatchDelivery, BatchItem, BatchPage, BatchPlan, Task
from localclip_client.new_task import Document, as_json, sent_files

_PAGE = 1000


class AsyncBatches(AsyncFiles, AsyncUploads):
    """Made of a manifest; the videos come afterwards, or the gateway fetches them."""

    async def create_batch(
        self, manifest: Document, key: str | None = None, *, dry_run: bool = False, skip_refused: bool = False
    ) -> BatchPlan:
        """Make a batch, or tell what it would be; with the same `key` the same batch once more.

        `manifest`: `{"name", "metadata", "config", "start", "rows"}`. Raises: InvalidRequestError `rows_refused`.
        """
        asked = {"dry_run": dry_run, "skip_refused": skip_refused}
        drawn = None if dry_run else key
        return as_model(BatchPlan, await self._post(at("batches"), drawn, json=as_json(manifest), params=asked))

    async def create_batch_of_csv(
        self,
        manifest: bytes,
        key: str | None = None,
        *,
        name: str = "",
        languages: tuple[str, ...] = (),
        source_language: str | None = None,
        dry_run: bool = False,
        skip_refused: bool = False,
    ) -> BatchPlan:
        """The same of a CSV file; `languages` and `source_language` are for rows that name none."""
        asked = {"name": name, "to": list(languages), "dry_run": dry_run, "skip_refused": skip_refused}
        asked.update(given(source_language=source_language))
        answer = await self._post(
            at("batches", "csv"),
            None if dry_run else key,
            content=manifest,
            params=asked,
            headers={"Content-Type": "text/csv"},
        )
        return as_model(BatchPlan, answer)

    async def send_row(
        self, batch_id: str, row: int, video: Path, files: Mapping[str, Path], on_sent: Told | None = None
    ) -> Task:
        """Send the video of a row with the subtitles it names, in parts; the row twice is one task.

        An upload that broke off, also of an earlier program, is gone on with.
        """
        place = {"batch_id": batch_id, "row": row}
        sent = await async_call(sent_files, files)
        key = await async_call(_key, batch_id, row, video)
        return await self._upload(video, {"files": sent, "strict": True}, on_sent, key, place)

    async def batch(self, batch_id: str) -> Batch:
        """How far a batch is."""
        return as_model(Batch, await self._get(at("batches", batch_id)))

    async def batches(self, skip: int = 0, limit: int = 50, *, metadata: Sought | None = None) -> BatchPage:
        """List batches, newest first."""
        answer = await self._get(at("batches"), params={"skip": skip, "limit": limit, **conditions(metadata)})
        found = as_list(Batch, answer)
        return BatchPage(batches=found, total=total_of(answer, len(found)))

    async def batch_rows(self, batch_id: str, outcome: str | None = None) -> tuple[BatchItem, ...]:
        """All rows of a batch, or those that are so."""
        found: list[BatchItem] = []
        while True:
            asked = given(skip=len(found), limit=_PAGE, outcome=outcome)
            answer = await self._get(at("batches", batch_id, "rows"), params=asked)
            rows = as_list(BatchItem, answer)
            found += rows
            if not rows or len(found) >= total_of(answer, 0):
                return tuple(found)

    async def drop_row(self, batch_id: str, row: int) -> None:
        """Give up a row whose video does not come."""
        await self._delete(at("batches", batch_id, "rows", row))

    async def pause_batch(self, batch_id: str) -> Batch:
        """Hand out nothing more; what workers have in hand they finish."""
        return as_model(Batch, await self._post(at("batches", batch_id, "pause")))

    async def resume_batch(self, batch_id: str) -> Batch:
        """Go on with a batch that was paused."""
        return as_model(Batch, await self._post(at("batches", batch_id, "resume")))

    async def cancel_batch(self, batch_id: str) -> Batch:
        """Stop everything; what is finished stays."""
        return as_model(Batch, await self._post(at("batches", batch_id, "cancel")))

    async def retry_batch(self, batch_id: str) -> Batch:
        """Do again what failed or was canceled in a batch."""
        return as_model(Batch, await self._post(at("batches", batch_id, "retry")))

    async def delete_batch(self, batch_id: str) -> None:
        """Remove a batch with all its tasks and files."""
        await self._delete(at("batches", batch_id))

    async def deliver_batch(
        self, batch_id: str, prefix: str, languages: tuple[str, ...] = (), key: str | None = None
    ) -> BatchDelivery:
        """Have the files of a batch copied into the bucket that the operator opened; asked again, what is new."""
        body = {"prefix": prefix, **({"to": list(languages)} if languages else {})}
        return as_model(BatchDelivery, await self._post(at("batches", batch_id, "deliveries"), key, json=body))

    async def batch_deliveries(self, batch_id: str) -> tuple[BatchDelivery, ...]:
        """Where files of a batch were copied, or are being copied."""
        return as_list(BatchDelivery, await self._get(at("batches", batch_id, "deliveries")))

    async def download_batch(
        self, batch_id: str, target: Path, language: str | None = None, on_received: Received | None = None
    ) -> Path:
        """Write all files of a batch to `target` as one ZIP, which is made while it is sent and begins anew."""
        address = at("batches", batch_id, "files.zip") + (f"?to={language}" if language else "")
        return await self.fetch(address, target, on_received)


def _key(batch_id: str, row: int, video: Path) -> str:
    """The same for the same file in the same place."""
    status = video.stat()
    said = f"{batch_id}/{row}/{video.name}/{status.st_size}/{status.st_mtime_ns}"
    return hashlib.sha256(said.encode()).hexdigest()
