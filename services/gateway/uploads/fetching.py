"""Fetch videos from elsewhere, a piece at a time, resuming after interruptions.

Pieces are stored as the parts of one object; the database only knows where to look for them, so a gateway that dies
loses just the piece it was fetching. The bytes of a piece are collected on the loop: no thread waits for the other
side. A file that was changed meanwhile is fetched again from the start, and so is one for which changes cannot be
detected.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from pathlib import Path
from typing import TypeVar

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.addresses import PAGE
from services.gateway.batches.joining import place as place_of
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import SourceRow, SourceState, now
from services.gateway.pipeline.facts import log_stage, tell
from services.gateway.pipeline.loops import ended
from services.gateway.pipeline.steps import carry_out
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import with_remarks
from services.gateway.settings import GatewaySettings
from services.gateway.uploads import rows as uploads_rows
from services.gateway.uploads.companions import Companion, bring, companions, wanted
from services.gateway.uploads.form import printable, refuse_unless_video
from services.gateway.uploads.opening import PIECE_BYTES, Opener
from services.gateway.uploads.pages import Pages
from services.gateway.uploads.remote import Answer, SourceChanged, SourceError
from services.gateway.uploads.sources import await_source, called
from services.gateway.web.keys import Caller
from services.gateway.web.problems import Problem
from services.gateway.web.threads import Threads
from shared.media import SNIFF_BYTES
from shared.messaging import Tries
from shared.observability import logger
from shared.outside import Forbidden
from shared.pipeline import BASE, ErrorCode
from shared.storage import ObjectInfo, ObjectNotFound, ObjectStore, Part, StorageError, UploadStore, keys
from shared.transcript import Reading

_MOST_PIECES = 9_000
_LOOK_S, _REST_S = 1.0, 10.0
_SLOW_PERIOD_S, _SLOW_BYTES = 60.0, 60_000
"""A server that sends less than 1 kB/s for a minute is disconnected and asked again."""
_PAUSES = (1, 4, 12, 60, 180)
"""Pauses after the first failed attempt, the second, ..., in units of `source_retry_s`. Then the fetch is given up."""
_ROWS_AT_ONCE = 50
_STEPS_TOLD = 10
T = TypeVar("T")
log = logger(__name__)


@dataclass
class _Fetch:
    """The state of a fetch."""

    task_id: str
    owner: str
    spoken: str | None
    address: str
    files: list[Companion]
    key: str
    write_id: str
    part_size: int
    validator: str | None
    started_at: datetime
    left_s: float
    parts: list[Part] = field(default_factory=list)
    size: int | None = None
    seen: int = 0
    ahead: int = 0
    """Bytes that are here but not yet in the store."""
    called: str = ""
    readings: dict[str, Reading] = field(default_factory=dict)

    @property
    def received(self) -> int:
        """Bytes in the store."""
        return sum(part.size for part in self.parts)


class Fetcher:
    """Fetches several videos at a time, the accounts in turn; fetches are independent, so a slow one holds up no other.

    `bucket` is where keys are looked up, below the prefix in the settings; None if there is none. `scratch` holds the
    videos of pages until they are stored.
    """

    def __init__(
        self,
        database: Database,
        store: UploadStore,
        threads: Threads,
        settings: GatewaySettings,
        bucket: ObjectStore | None = None,
        scratch: Path | None = None,
    ) -> None:
        self._database, self._store, self._threads = database, store, threads
        self._settings, self._opener = settings, Opener(settings, threads, bucket)
        self._pages = Pages(settings, threads, scratch or settings.work_dir / "pages")
        self._under_way: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._resting: dict[str, float] = {}
        self._tries = Tries()

    async def turn(self) -> None:
        """Make the tasks of rows that name a source, and fetch until nothing is due."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._looked(partial(self._pages.tidy, self._is_wanted), None)
                    await self._looked(self._make_rows, None)
                    await self._begin_due(group)
                    if not self._under_way:
                        return
                    tasks = [task for _, task in self._under_way.values()]
                    await asyncio.wait(tasks, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                    self._under_way = {key: one for key, one in self._under_way.items() if not one[1].done()}
        finally:
            self._under_way = {}

    async def _begin_due(self, group: asyncio.TaskGroup) -> None:
        """Begin fetches that are due; those of the owner with the fewest in progress come first."""
        at_once = self._settings.sources_at_once
        self._resting = {key: until for key, until in self._resting.items() if until > time.monotonic()}
        held = self._under_way.keys() | self._resting.keys()
        due = await self._looked(self._due, list[tuple[str, str]]())
        waiting = [one for one in due if one[0] not in held]
        while waiting and len(self._under_way) < at_once:
            owners = [owner for owner, _ in self._under_way.values()]
            task_id, owner = min(waiting, key=lambda one: owners.count(one[1]))
            waiting.remove((task_id, owner))
            self._under_way[task_id] = (owner, group.create_task(self._serve(task_id)))

    async def _looked(self, look: Callable[[], T], otherwise: T) -> T:
        """What `look` finds, or `otherwise` if something goes wrong: what is under way goes on."""
        try:
            return await self._unless_busy(look, otherwise)
        except Exception:  # a background loop: logged, and tried again
            log.exception("sources_not_looked_for")
            return otherwise

    async def _unless_busy(self, ask: Callable[[], T], otherwise: T) -> T:
        """What `ask` returns, or `otherwise` while the database is busy."""
        try:
            return await asyncio.to_thread(ask)
        except DatabaseBusy as error:
            log.warning("sources_wait", why=str(error))
            return otherwise

    def _due(self) -> list[tuple[str, str]]:
        with self._database.read() as session:
            return uploads_rows.due_sources(session, now(), 2 * self._settings.sources_at_once)

    def _make_rows(self) -> None:
        """Make a task for each row of a batch that names a source, each in its own transaction.

        A row for which that is impossible is given up. The log tells why, and so does the batch if it cannot be read.

        Raises: DatabaseBusy.
        """
        with self._database.read() as session:
            rows = uploads_rows.coming_rows(session, _ROWS_AT_ONCE)
        for row in rows:
            try:
                self._make(*row)
                self._tries.over(row)
            except DatabaseBusy:
                raise
            except Problem as error:  # also canceled or deleted meanwhile
                log.warning("row_given_up", batch=row[0], row=row[1], code=error.code, why=error.detail)
                self._drop(*row)
            except Exception:  # logged, and tried again: the other rows go on
                log.exception("row_not_made", batch=row[0], row=row[1])
                if self._tries.failed(row):
                    self._drop(*row)

    def _make(self, batch_id: str, number: int) -> None:
        with self._database.write() as session:
            item = batch_rows.item(session, batch_id, number, lock=True)
            batch = batch_rows.any_batch(session, batch_id)
            if item is None or batch is None or item.task_id is not None or not item.address:
                return
            place = place_of(session, Caller(batch.owner or None), batch_id, number)
            config = place.config.model_dump(mode="json")
            start = place.config.target_languages if place.starts else []
            name = item.source.replace("\\", "/").rsplit("/", 1)[-1]
            files = place.files
            await_source(session, batch.owner, item.address, name, config, start=start, place=place, files=files)

    def _drop(self, batch_id: str, number: int) -> None:
        with self._database.write() as session:
            batch_rows.give_up(session, batch_id, number)

    async def _serve(self, task_id: str) -> None:
        """Make one attempt. If what became of it cannot be recorded, it rests for a while, and the others go on."""
        try:
            await self._fetch(task_id)
        except DatabaseBusy as error:
            log.warning("source_rests", task=task_id, why=str(error))
        except Exception:  # a background loop: logged, and tried again
            log.exception("source_not_recorded", task=task_id)
        else:
            return
        self._resting[task_id] = time.monotonic() + _REST_S

    async def _fetch(self, task_id: str) -> None:
        """Make one attempt, which ends as soon as somebody stops it; whatever goes wrong is recorded."""
        fetch = await asyncio.to_thread(self._read, task_id)
        if fetch is None:
            return
        bringing = asyncio.ensure_future(self._bring_in_time(fetch))
        try:
            await self._watch(fetch, bringing)
            if bringing.cancelled():
                return
            info = bringing.result()
            await asyncio.to_thread(self._arrived, fetch, info)
        except SourceError as error:
            await asyncio.to_thread(self._failed, fetch, error)
        except StorageError as error:
            await asyncio.to_thread(self._failed, fetch, _not_stored(error))
        except DatabaseBusy:  # no failure of the source
            raise
        except Exception:  # logged, and tried again: the other videos go on
            log.exception("source_not_fetched", task=task_id)
            await asyncio.to_thread(self._failed, fetch, _not_stored(None))
        finally:
            if not bringing.done():
                await ended(bringing)  # type: ignore[arg-type]

    async def _watch(self, fetch: _Fetch, bringing: "asyncio.Future[ObjectInfo]") -> None:
        """Wait for the end; cancel the fetch if somebody stopped it, or if almost nothing arrives."""
        since, seen = time.monotonic(), fetch.seen
        is_wanted = partial(self._is_wanted, fetch.task_id, fetch.started_at)
        while not bringing.done():
            await asyncio.wait({bringing}, timeout=_LOOK_S)
            if not bringing.done() and not await self._unless_busy(is_wanted, True):
                await ended(bringing)  # type: ignore[arg-type]
            elif time.monotonic() - since > _SLOW_PERIOD_S:
                if fetch.seen - seen < _SLOW_BYTES and not bringing.done():
                    await ended(bringing)  # type: ignore[arg-type]
                    raise SourceError(
                        ErrorCode.SOURCE_TOO_SLOW, "it sent less than 1 kB/s for a minute", is_final=False
                    )
                since, seen = time.monotonic(), fetch.seen

    async def _bring_in_time(self, fetch: _Fetch) -> ObjectInfo:
        try:
            async with asyncio.timeout(max(0.0, fetch.left_s)):
                return await self._bring(fetch)
        except TimeoutError as error:
            hours = f"{self._settings.source_hours:g} hours (LOCALCLIP_SOURCE_HOURS)"
            raise SourceError(ErrorCode.SOURCE_TOO_SLOW, f"it took longer than {hours}", is_final=True) from error
        except Forbidden as error:
            raise SourceError(ErrorCode.FORBIDDEN_ADDRESS, str(error), is_final=True) from error

    async def _bring(self, fetch: _Fetch) -> ObjectInfo:
        """Fetch the subtitles first: if one cannot be had, nothing large is fetched in vain."""
        for one in fetch.files:
            reading = await bring(one, fetch.owner, fetch.spoken, self._opener, self._store, self._threads)
            fetch.readings[one.language] = reading
            fetch.seen += _SLOW_BYTES
        return await self._bring_video(fetch)

    async def _bring_video(self, fetch: _Fetch) -> ObjectInfo:
        if fetch.write_id:
            try:
                fetch.parts = await self._threads.transfer(self._whole_parts, fetch)
            except ObjectNotFound:  # a gateway that died had already joined them, or the store lost them
                try:
                    return await self._threads.transfer(self._store.stat, fetch.key)
                except ObjectNotFound:
                    await self._anew(fetch)
        else:
            await self._anew(fetch)
        start = fetch.received if fetch.validator else 0
        try:
            async with self._open(fetch, start) as answer:
                if answer.start != fetch.received or answer.validator != fetch.validator:
                    if answer.start:
                        raise SourceChanged
                    await self._anew(fetch)
                await self._take(fetch, answer)
        except SourceChanged:
            await self._anew(fetch)
            raise
        return await self._threads.transfer(self._join, fetch)

    def _open(self, fetch: _Fetch, start: int) -> AbstractAsyncContextManager[Answer]:
        if not fetch.address.startswith(PAGE):
            return self._opener.open(fetch.address, fetch.owner, start, fetch.validator)

        before = 0

        async def told(there: int, moved: int) -> None:
            nonlocal before
            fetch.seen += max(0, moved - before)
            before = moved
            if there - fetch.ahead >= PIECE_BYTES:
                fetch.ahead = there
                await self._unless_busy(partial(self._note, fetch, None), None)

        return self._pages.open(fetch.address.removeprefix(PAGE), fetch.task_id, told)

    async def _take(self, fetch: _Fetch, answer: Answer) -> None:
        fetch.size, fetch.called, fetch.validator = answer.size, answer.called, answer.validator
        self._refuse_oversize(answer.size or 0)
        await self._unless_busy(partial(self._note, fetch, fetch.validator), None)
        piece = bytearray()
        async for chunk in answer.chunks:
            piece += chunk
            fetch.seen += len(chunk)
            self._refuse_oversize(fetch.received + len(piece))
            if not fetch.parts and len(piece) - len(chunk) < SNIFF_BYTES <= len(piece):
                _refuse_unless_video(bytes(piece[:SNIFF_BYTES]))
            while len(piece) >= fetch.part_size:
                await self._keep(fetch, bytes(piece[: fetch.part_size]))
                del piece[: fetch.part_size]
        if not fetch.parts:
            _refuse_unless_video(bytes(piece[:SNIFF_BYTES]))
        if fetch.size is not None and fetch.received + len(piece) != fetch.size:
            raise SourceError(ErrorCode.SOURCE_UNREACHABLE, "it ended before all had come", is_final=False)
        if piece:
            await self._keep(fetch, bytes(piece))

    async def _keep(self, fetch: _Fetch, piece: bytes) -> None:
        fetch.parts.append(await self._threads.transfer(self._store_part, fetch, len(fetch.parts) + 1, piece))
        await self._unless_busy(partial(self._note, fetch, fetch.validator), None)

    def _store_part(self, fetch: _Fetch, number: int, piece: bytes) -> Part:
        writer = self._store.open_part(fetch.key, fetch.write_id, number, len(piece))
        try:
            writer.write(piece)
            return writer.finish()
        finally:
            writer.abort()

    def _whole_parts(self, fetch: _Fetch) -> list[Part]:
        """The parts from the first on, as long as they are complete."""
        found: list[Part] = []
        for part in self._store.parts(fetch.key, fetch.write_id):
            if part.number != len(found) + 1 or part.size != fetch.part_size:
                break
            found.append(part)
        return found

    async def _anew(self, fetch: _Fetch) -> None:
        """Discard what was fetched: pieces of two files must never be mixed."""
        fetch.write_id, fetch.parts, fetch.validator = "", [], None
        await asyncio.to_thread(self._note, fetch, None)
        await self._threads.transfer(self._store.delete, keys.fetched_prefix(fetch.task_id))
        fetch.part_size = max(PIECE_BYTES, ceil(self._settings.max_video_bytes / _MOST_PIECES))
        fetch.write_id = await self._threads.transfer(self._store.begin, fetch.key)
        await asyncio.to_thread(self._note, fetch, None)

    def _join(self, fetch: _Fetch) -> ObjectInfo:
        try:
            return self._store.join(fetch.key, fetch.write_id, fetch.parts)
        except ObjectNotFound:
            return self._store.stat(fetch.key)  # another gateway joined them

    def _refuse_oversize(self, size: int) -> None:
        if size > self._settings.max_video_bytes:
            limit = f"{self._settings.max_video_size_mb} MiB (MAX_VIDEO_SIZE_MB)"
            raise SourceError(ErrorCode.VIDEO_TOO_LARGE, f"the video is larger than {limit}", is_final=True)

    def _read(self, task_id: str) -> _Fetch | None:
        with self._database.read() as session:
            row, task = uploads_rows.fetched(session, task_id), script_rows.task(session, task_id)
            if row is None or task is None:
                return None
            spent_s = (now() - row.started_at).total_seconds()
            left_s = self._settings.source_hours * 3600 - spent_s
            return _Fetch(
                task_id,
                row.owner,
                task.config.get("source_language"),
                row.address,
                wanted(task.config, companions(task_id, row.files)),
                task.video_key,
                row.write_id,
                row.part_size,
                row.validator,
                row.started_at,
                left_s,
            )

    def _is_wanted(self, task_id: str, started_at: datetime | None = None) -> bool:
        """Whether a video is to be fetched; with `started_at`, by the fetch that began then."""
        with self._database.read() as session:
            row = uploads_rows.fetched(session, task_id)
            return row is not None and started_at in (None, row.started_at)

    def _note(self, fetch: _Fetch, validator: str | None) -> None:
        """Record the progress; followers of the task are notified of every tenth part."""
        with self._database.write() as session:
            row = _same(fetch, uploads_rows.fetched(session, fetch.task_id, lock=True))
            if row is None:
                return
            before, received = row.received, max(fetch.received, min(fetch.ahead, fetch.size or fetch.ahead))
            fetch.validator = validator
            row.write_id, row.part_size, row.validator = fetch.write_id, fetch.part_size, validator
            row.received, row.size = received, fetch.size
            row.attempts = 0 if fetch.received > before else row.attempts
            step = (fetch.size or self._settings.max_video_bytes) / _STEPS_TOLD
            if int(before / step) == int(received / step) and before:
                return
            task = script_rows.task(session, fetch.task_id)
            if task is not None:
                tell(session, task, BASE, "task", "updated")

    def _arrived(self, fetch: _Fetch, info: ObjectInfo) -> None:
        """The video is here: the task is now like one that was uploaded, and starts what was requested."""
        with self._database.write() as session:
            task = script_rows.locked_task(session, fetch.task_id)
            row = _same(fetch, uploads_rows.fetched(session, fetch.task_id, lock=True))
            if task is None or row is None:
                return
            row.state, row.received, row.size = SourceState.ARRIVED, info.size, info.size
            task.video_size = info.size
            if fetch.called and task.video_original_name == printable(called(fetch.address))[:500]:
                task.video_original_name = fetch.called  # nobody named it
            for one in wanted(task.config, fetch.files):
                task.config = with_remarks(task.config, one.language, fetch.readings[one.language].remarks)
            tell(session, task, BASE, "task", "updated")
            carry_out(session, task, [])
        log.info("source_fetched", task=fetch.task_id, size=info.size)

    def _failed(self, fetch: _Fetch, error: SourceError) -> None:
        """Try again after a while, or end the task with the reason."""
        with self._database.write() as session:
            task = script_rows.locked_task(session, fetch.task_id)
            row = _same(fetch, uploads_rows.fetched(session, fetch.task_id, lock=True))
            if task is None or row is None:
                return
            row.attempts += 1
            row.error_code, row.error_message = error.code, error.message
            if not error.is_final and row.attempts <= len(_PAUSES):
                row.next_at = now() + timedelta(seconds=_PAUSES[row.attempts - 1] * self._settings.source_retry_s)
                log.warning("source_waits", task=fetch.task_id, why=error.message, attempts=row.attempts)
                return
            row.state = SourceState.FAILED
            log_stage(session, task, BASE, "source", "failed", error.message)
            carry_out(session, task, [])
        log.warning("source_failed", task=fetch.task_id, code=error.code, why=error.message)


def _same(fetch: _Fetch, row: SourceRow | None) -> SourceRow | None:
    """The row of a fetch; None if it was stopped and began again since, which is another one's."""
    return row if row is not None and row.started_at == fetch.started_at else None


def _refuse_unless_video(head: bytes) -> None:
    try:
        refuse_unless_video(head, "")
    except Problem as error:
        raise SourceError(ErrorCode.MEDIA_UNSUPPORTED, error.detail, is_final=True) from error


def _not_stored(error: StorageError | None) -> SourceError:
    told = (
        f"the object store does not take it: {error}"
        if error
        else "something unexpected went wrong; the log tells what"
    )
    code = ErrorCode.STORAGE_UNAVAILABLE if error else ErrorCode.INTERNAL
    return SourceError(code, told[:300], is_final=False)
