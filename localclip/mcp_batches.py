"""What an agent can do with a folder of videos: plan, dub as one batch, follow, fetch; each public method is a tool."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import anyio
from anyio import from_thread, to_thread
from pydantic import BaseModel, Field

from localclip.dub import offered, script_of
from localclip.errors import LocalClipError
from localclip.mcp_answers import next_offset
from localclip.mcp_tools import (
    TARGETS,
    Call,
    Limit,
    Offset,
    Overwrite,
    Stop,
    Wait,
    absolute,
    folder_of,
    watch,
)
from localclip.pairing import row_of, videos_of
from localclip_client import Batch, BatchItem, Client
from localclip_client.models import PlannedRow
from shared.media import READABLE
from shared.pipeline import SOURCE_LANGUAGES

BatchId = Annotated[str, Field(description="id of a batch, from dub_folder or list_batches")]
Videos = Annotated[
    str,
    Field(
        description="absolute path of a folder of this machine, with all below it; subtitles come along by their "
        "names: talk.mp4, talk.en.srt (what is said), talk.es.srt (a translation)"
    ),
]
Targets = Annotated[list[str], Field(min_length=1, description=TARGETS)]
Spoken = Annotated[
    str | None, Field(description=f"what is spoken, of {', '.join(SOURCE_LANGUAGES)}; none: it is found out")
]


class BatchPlanned(BaseModel):
    """What would be made of a folder."""

    rows: list[PlannedRow] = Field(description="each video with its languages, its files, and what is refused of it")
    refused: int


class BatchState(BaseModel):
    """Many videos that are followed as one."""

    batch_id: str
    name: str
    state: str
    progress: int = Field(description="percent")
    eta_s: float | None
    videos: dict[str, int] = Field(description="by how they are; 'waiting': not sent, 'pending': for a person")
    languages: dict[str, int] = Field(description="by how they are; 'passed' and 'not_passed': their gate")
    next: str = Field(description="what can be done now")


class BatchList(BaseModel):
    """A page of batches, newest first."""

    batches: list[BatchState]
    total: int
    next_offset: int | None = Field(description="offset of the next page; none: this was the last")


class BatchRows(BaseModel):
    """A page of the videos of a batch."""

    rows: list[BatchItem]
    total: int
    next_offset: int | None = Field(description="offset of the next page; none: this was the last")


class BatchFile(BaseModel):
    """A ZIP that was written on this machine."""

    file: Path


class _TimeIsUp(Exception):  # noqa: N818 (no mistake)
    """The next call goes on with the upload."""


class BatchTools:
    """The tools on one gateway."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def plan_folder(self, folder: Videos, target_languages: Targets, source_language: Spoken = None) -> BatchPlanned:
        """Tell what dub_folder would do with each video of a folder, and what it would refuse. Makes nothing."""
        _, body = _manifest(folder, target_languages, source_language)
        plan = self._client.create_batch(body, dry_run=True)
        return BatchPlanned(rows=list(plan.rows), refused=plan.refused)

    async def dub_folder(
        self,
        context: Call,
        folder: Videos,
        target_languages: Targets,
        source_language: Spoken = None,
        name: Annotated[str, Field(description="what the batch is called; empty: as the folder")] = "",
        stop_after: Annotated[Stop | None, Field(description="each language waits for approve after this")] = None,
        skip_refused: Annotated[bool, Field(description="dub the others where some are refused")] = False,
        wait_s: Wait = 45,
    ) -> BatchState:
        """Dub every video of a folder of this machine as one batch.

        Makes the batch and sends the videos for at most `wait_s` seconds with progress; where some have not come by
        then, send_batch goes on. wait_for_batch waits for the dubs. Every call makes a new batch.
        """
        root, body = await to_thread.run_sync(_manifest, folder, target_languages, source_language)
        body["name"] = name or body["name"]
        if stop_after:
            body["config"]["stop_after"] = stop_after
        made = await to_thread.run_sync(partial(self._client.create_batch, body, skip_refused=skip_refused))
        if made.batch is None:
            raise LocalClipError("nothing can be made of this folder, see plan_folder")
        return await self._sent(context, made.batch.batch_id, root, wait_s)

    async def send_batch(
        self,
        context: Call,
        batch_id: BatchId,
        folder: Annotated[str, Field(description="absolute path of the folder that dub_folder was given")],
        wait_s: Wait = 45,
    ) -> BatchState:
        """Send the videos of a batch that have not come, for at most `wait_s` seconds; goes on where it stopped."""
        return await self._sent(context, batch_id, folder_of(folder), wait_s)

    def get_batch(self, batch_id: BatchId) -> BatchState:
        """Tell how far a batch is: videos and languages by how they are, and what can be done."""
        return batch_state(self._client.batch(batch_id))

    async def wait_for_batch(self, context: Call, batch_id: BatchId, wait_s: Wait = 45) -> BatchState:
        """Wait until nothing of a batch is at work, at most `wait_s` seconds, with progress."""
        read = partial(self._client.batch, batch_id)
        return batch_state(await watch(context, read, _has_stopped, _told, wait_s))

    def list_batches(self, offset: Offset = 0, limit: Limit = 20) -> BatchList:
        """List batches, newest first."""
        page = self._client.batches(offset, limit)
        further = next_offset(offset, len(page.batches), page.total)
        return BatchList(batches=[batch_state(one) for one in page.batches], total=page.total, next_offset=further)

    def list_batch_videos(
        self,
        batch_id: BatchId,
        outcome: Annotated[str | None, Field(description="only videos that are so, a name of `videos`")] = None,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> BatchRows:
        """List the videos of a batch: the task of each, its languages with gate and reasons, why one failed."""
        found = self._client.batch_rows(batch_id, outcome)
        shown = list(found[offset : offset + limit])
        return BatchRows(rows=shown, total=len(found), next_offset=next_offset(offset, len(shown), len(found)))

    def pause_batch(self, batch_id: BatchId) -> BatchState:
        """Hold a batch: what is being done is finished, nothing more begins before resume_batch."""
        return batch_state(self._client.pause_batch(batch_id))

    def resume_batch(self, batch_id: BatchId) -> BatchState:
        """Let a batch go on that was paused."""
        return batch_state(self._client.resume_batch(batch_id))

    def cancel_batch(self, batch_id: BatchId) -> BatchState:
        """Stop a batch; what is finished stays."""
        return batch_state(self._client.cancel_batch(batch_id))

    def retry_batch(self, batch_id: BatchId) -> BatchState:
        """Do again what failed or was canceled in a batch."""
        return batch_state(self._client.retry_batch(batch_id))

    async def download_batch(
        self,
        batch_id: BatchId,
        file: Annotated[str, Field(description="absolute path of the ZIP to write on this machine")],
        overwrite: Overwrite = False,
    ) -> BatchFile:
        """Write all dubs of a batch that are done, with subtitles and reports, as one ZIP on this machine."""
        target = absolute(file)
        if target.exists() and not overwrite:
            raise LocalClipError(f"{target} is there already: name another file, or overwrite=true")
        target.parent.mkdir(parents=True, exist_ok=True)
        return BatchFile(file=await to_thread.run_sync(self._client.download_batch, batch_id, target))

    async def _sent(self, context: Call, batch_id: str, root: Path, wait_s: float) -> BatchState:
        until = anyio.current_time() + wait_s
        rows = await to_thread.run_sync(self._client.batch_rows, batch_id, "waiting")
        mine = [row for row in rows if not row.fetched]
        missing = [row.source for row in mine if not (root / row.source).is_file()]
        if missing:
            raise LocalClipError(f"not in {root}: {', '.join(missing[:5])}; the batch is {batch_id}, try send_batch")
        for number, row in enumerate(mine):
            await context.report_progress(100 * number / len(mine), 100, f"sending {number + 1} of {len(mine)} videos")
            files = {name: root / file for name, file in row.files.items()}
            send = partial(self._send, batch_id, row.row, root / row.source, files, until)
            try:
                await to_thread.run_sync(send)
            except _TimeIsUp:
                break
        return batch_state(await to_thread.run_sync(self._client.batch, batch_id))

    def _send(self, batch_id: str, row: int, video: Path, files: dict[str, Path], until: float) -> None:
        """Upload on a worker thread. Raises: _TimeIsUp; what has arrived stays."""

        def sent(_: int) -> None:
            from_thread.check_cancelled()
            if from_thread.run_sync(anyio.current_time) > until:
                raise _TimeIsUp

        self._client.send_row(batch_id, row, video, files, sent)


def batch_state(batch: Batch) -> BatchState:
    """A batch with what can be done about it."""
    return BatchState(
        batch_id=batch.batch_id,
        name=batch.name,
        state=batch.state,
        progress=batch.progress,
        eta_s=batch.eta_seconds,
        videos={outcome: count for outcome, count in batch.rows.items() if count},
        languages={state: count for state, count in batch.languages.items() if count},
        next=next_step(batch),
    )


def next_step(batch: Batch) -> str:
    """What can be done about a batch, by the tools there are."""
    rows, languages = batch.rows, batch.languages
    if batch.state == "paused":
        return "It is held: resume_batch lets it go on."
    if not batch.ended and rows.get("waiting"):
        return f"{rows['waiting']} videos have not come: send_batch with the same folder sends them."
    if rows.get("processing") or not (batch.ended or rows.get("pending")):
        return "It is at work: call wait_for_batch, or get_batch from time to time."
    if not batch.ended:
        return "Some wait for a person: list_batch_videos with outcome 'pending', then answer_question or approve."
    if rows.get("failed") or rows.get("canceled"):
        return "Not all were made: list_batch_videos says why, retry_batch does them again, download_batch has others."
    if languages.get("not_passed"):
        return (
            "Done, but some are not good enough: list_batch_videos with their gates, then review_lines, edit_line, "
            "redub and process_task for each task. download_batch fetches them as they are."
        )
    return "Done: download_batch fetches everything."


def _has_stopped(batch: Batch) -> bool:
    """Whether waiting longer changes nothing; between the end of the last video and that of the batch, it does."""
    rows = batch.rows
    waits_for_somebody = not rows.get("processing") and (rows.get("waiting") or rows.get("pending"))
    return batch.ended or batch.state == "paused" or bool(waits_for_somebody)


def _told(batch: Batch) -> tuple[float, str]:
    ended = sum(count for outcome, count in batch.rows.items() if outcome not in ("waiting", "pending", "processing"))
    return float(batch.progress), f"{ended} of {batch.rows_total} videos are done"


def _manifest(folder: str, languages: Sequence[str], source_language: str | None) -> tuple[Path, dict[str, Any]]:
    """A folder, and the manifest of its videos. Raises: LocalClipError, where there is none."""
    root, wanted = folder_of(folder).resolve(), offered(languages)
    videos = sorted(videos_of(root, root / ".localclip")) if root.is_dir() else []
    if not videos:
        raise LocalClipError(f"there is no video in {root} on this machine ({READABLE})")
    rows = [row_of(video, root, wanted, source_language) for video in videos]
    said = {"source_language": source_language, "chinese": script_of(languages)}
    config = {"target_languages": list(wanted), **{name: value for name, value in said.items() if value}}
    return root, {"name": root.name, "rows": rows, "config": config}
