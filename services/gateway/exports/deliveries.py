"""Copy the files of a batch into a bucket of the operator's, within the S3 service."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.joining import locked_visible_batch, visible_batch
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import BatchRow, HandoverRow, HandoverState, now
from services.gateway.exports import rows as exports_rows
from services.gateway.exports.schemas import DeliveryRead, DeliveryWrite
from services.gateway.exports.zips import Entry, files_of
from services.gateway.pipeline.facts import tell_batch
from services.gateway.pipeline.parts import Parts
from services.gateway.settings import GatewaySettings
from services.gateway.web.claims import keep
from services.gateway.web.keys import Who
from services.gateway.web.problems import unprocessable
from services.gateway.web.threads import Threads
from shared.observability import logger
from shared.pipeline import ErrorCode
from shared.storage import CopyTarget, InvalidKey, KeyTaken, ObjectNotFound, StorageError, is_key, keys

router = APIRouter(prefix="/api/batches", tags=["batches"])
_AT_ONCE, _FILES_AT_ONCE = 2, 4
"""Uploads need some of the threads for transfers too: two batches copy four files each, then others take their
turn."""
_UNDER_WAY, _OF_EACH = 8, 2
"""Batches that take turns, and how many of them may be of one account: what each is to copy is kept in memory."""
_REST_S = 10.0
_LOOK_S = 1.0
_PAUSES_S = (2, 10, 30, 60, 180, 300)
"""After the first failed attempt, the second, ...; a copied file restarts the count. After the last the copying
ends."""
_PASSES = 3
_MOST_TOLD = 100
log = logger(__name__)


@router.post("/{batch_id}/deliveries", status_code=202, operation_id="deliver_batch")
def deliver_batch(batch_id: str, body: DeliveryWrite, parts: Parts, who: Who) -> DeliveryRead:
    """Copy the newest files of every language that was exported into the bucket of LOCALCLIP_DELIVERY_PREFIX.

    They are called as in the ZIP of the batch. To the same prefix again: one that is under way is answered, and tried
    at once where it waits after an error; one that has ended goes on with what is new or was not copied. Its end is
    told as `batch.delivered` or `batch.delivery_failed`. Raises: 422 `delivery_not_configured` (`delivers_to` of the
    batch is null).
    """
    folder = _folder(parts.settings, body.prefix or batch_id)
    with parts.database.write() as session:
        batch = locked_visible_batch(session, who, batch_id)
        row = exports_rows.locked_handover(session, batch_id, folder)
        if row is None:
            row = HandoverRow(delivery_id=f"delivery_{secrets.token_hex(12)}", batch_id=batch_id, prefix=folder)
        if row.id is not None and row.state == HandoverState.COPYING:
            row.next_at = now()
        else:
            row.languages, row.state, row.ended_at = list(dict.fromkeys(body.to)), HandoverState.COPYING, None
            row.files = row.done = row.size = row.size_done = row.attempts = 0
            row.missing, row.next_at = [], now()
            row.error_code = row.error_message = None
            session.add(row)
        session.flush()
        return keep(session, who.claim, _read(parts.settings, batch.owner, row))


@router.get("/{batch_id}/deliveries", operation_id="list_deliveries_of_batch")
def list_deliveries_of_batch(batch_id: str, parts: Parts, who: Who) -> list[DeliveryRead]:
    """Where files of the batch were copied, or are being copied, the newest first."""
    with parts.database.read() as session:
        batch = visible_batch(session, who, batch_id)
        return [_read(parts.settings, batch.owner, row) for row in exports_rows.handovers(session, batch_id)]


def _folder(settings: GatewaySettings, prefix: str) -> str:
    """Raises: Problem 422."""
    if not settings.delivery_prefix:
        detail = "no bucket is opened here for deliveries: the operator names one in LOCALCLIP_DELIVERY_PREFIX"
        raise unprocessable("delivery_not_configured", detail, "/prefix")
    folder = prefix.strip("/")
    if not is_key(folder):
        raise unprocessable("invalid_request", "this is no prefix of keys, such as season-2", "/prefix")
    return folder


def _read(settings: GatewaySettings, owner: str, row: HandoverRow) -> DeliveryRead:
    known = row.model_dump(exclude={"id", "prefix", "attempts", "next_at"})
    bucket = settings.delivery_prefix.partition("/")[0]
    waits = row.state == HandoverState.COPYING and row.attempts > 0
    prefix = settings.delivery_folder(owner) + row.prefix
    return DeliveryRead(**known, bucket=bucket, prefix=prefix, next_at=row.next_at if waits else None)


@dataclass(frozen=True)
class _Work:
    """Which files are to be copied where."""

    delivery_id: str
    folder: str
    entries: Sequence[Entry]


class Deliverer:
    """Copies what is due, a few batches in turn, each independently; even if a gateway dies, a file is copied once."""

    def __init__(
        self, database: Database, threads: Threads, settings: GatewaySettings, target: CopyTarget | None
    ) -> None:
        self._database, self._threads, self._settings, self._target = database, threads, settings, target
        self._under_way: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._resting: dict[str, float] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def turn(self) -> None:
        """Copy until nothing is due."""
        if self._target is None:
            return
        self._turns = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._begin_due(group, self._target)
                    if not self._under_way:
                        return
                    tasks = [task for _, task in self._under_way.values()]
                    await asyncio.wait(tasks, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                    self._under_way = {id_: one for id_, one in self._under_way.items() if not one[1].done()}
        finally:
            self._under_way = {}

    async def _begin_due(self, group: asyncio.TaskGroup, target: CopyTarget) -> None:
        """Begin what is due; what is of the owner with the fewest under way comes first."""
        self._resting = {id_: until for id_, until in self._resting.items() if until > time.monotonic()}
        held = self._under_way.keys() | self._resting.keys()
        waiting = [one for one in await asyncio.to_thread(self._due) if one[0] not in held]
        while waiting and len(self._under_way) < _UNDER_WAY:
            owners = [owner for owner, _ in self._under_way.values()]
            id_, owner, due_at = min(waiting, key=lambda one: owners.count(one[1]))
            if owners.count(owner) >= _OF_EACH:
                return
            waiting.remove((id_, owner, due_at))
            self._under_way[id_] = (owner, group.create_task(self._serve(id_, due_at, target)))

    def _due(self) -> list[tuple[str, str, datetime]]:
        """What is due; nothing while the database is busy: what is under way goes on."""
        try:
            with self._database.read() as session:
                return exports_rows.due_handovers(session, now(), 2 * _OF_EACH)
        except DatabaseBusy as error:
            log.warning("deliveries_wait", why=str(error))
            return []

    async def _serve(self, id_: str, due_at: datetime, target: CopyTarget) -> None:
        """Make one attempt. If what became of it cannot be recorded, it rests for a while, and the others go on."""
        try:
            await self._deliver(id_, due_at, target)
        except DatabaseBusy as error:
            log.warning("batch_delivery_waits", delivery=id_, why=str(error))
        except Exception:  # a background loop: logged, and tried again
            log.exception("batch_delivery_not_recorded", delivery=id_)
        else:
            return
        self._resting[id_] = time.monotonic() + _REST_S

    async def _deliver(self, id_: str, due_at: datetime, target: CopyTarget) -> None:
        """Make one attempt; whatever goes wrong is recorded."""
        try:
            async with self._turns:
                await self._threads.transfer(target.check)
            missing: list[Entry] = []
            for _ in range(_PASSES):  # files that a newer export replaced meanwhile are looked up again
                work = await asyncio.to_thread(self._begin, id_)
                if work is None:
                    return
                missing = await self._copy_all(work, target)
                if not missing:
                    break
            await asyncio.to_thread(self._completed, id_, target.bucket, missing)
        except KeyTaken as error:
            await asyncio.to_thread(self._failed, id_, due_at, "delivery_taken", str(error), is_final=True)
        except InvalidKey as error:
            await asyncio.to_thread(self._failed, id_, due_at, "invalid_request", str(error), is_final=True)
        except StorageError as error:
            await asyncio.to_thread(self._failed, id_, due_at, ErrorCode.STORAGE_UNAVAILABLE, str(error))
        except DatabaseBusy:  # no failure of the delivery
            raise
        except Exception:  # logged, and tried again: the others go on
            log.exception("batch_not_delivered", delivery=id_)
            why = "something unexpected went wrong; the log tells what"
            await asyncio.to_thread(self._failed, id_, due_at, ErrorCode.INTERNAL, why)

    async def _copy_all(self, work: _Work, target: CopyTarget) -> list[Entry]:
        """Copy what is not there yet, and return the files that disappeared meanwhile. Raises: StorageError."""
        missing: list[Entry] = []

        async def copy(entry: Entry) -> None:
            key = f"{work.folder}/{_as_key(entry.name)}"
            try:
                await self._threads.transfer(target.copy, entry.key, key, entry.media_type)
            except ObjectNotFound:
                missing.append(entry)

        done = size = 0
        for begin in range(0, len(work.entries), _FILES_AT_ONCE):
            several = work.entries[begin : begin + _FILES_AT_ONCE]
            async with self._turns:  # whoever waits longest is next, so a large batch keeps no other waiting
                ended = await asyncio.gather(*map(copy, several), return_exceptions=True)
            errors = [one for one in ended if isinstance(one, BaseException)]
            copied = [entry for entry, one in zip(several, ended, strict=True) if one is None and entry not in missing]
            done, size = done + len(copied), size + sum(entry.size for entry in copied)
            if not await asyncio.to_thread(self._note, work.delivery_id, done, size):
                return []
            if errors:
                raise errors[0]
        return missing

    def _begin(self, id_: str) -> _Work | None:
        """Count the files; None if nobody wants them any more."""
        with self._database.read() as session:
            row = exports_rows.open_handover(session, id_)
            batch = batch_rows.batch(session, row.batch_id) if row else None
            if row is None or batch is None:
                return None
            folder = self._settings.delivery_folder(batch.owner) + row.prefix
            entries = files_of(session, row.batch_id, row.languages)
        with self._database.write(quiet=True) as session:
            row = exports_rows.open_handover(session, id_, lock=True)
            if row is None:
                return None
            row.files, row.size = len(entries), sum(entry.size for entry in entries)
        return _Work(id_, folder, entries)

    def _note(self, id_: str, done: int, size: int) -> bool:
        with self._database.write(quiet=True) as session:
            row = exports_rows.open_handover(session, id_, lock=True)
            if row is None:
                return False
            if done > row.done:
                row.done, row.size_done, row.attempts = done, size, 0
                row.error_code = row.error_message = None
            return True

    def _completed(self, id_: str, bucket: str, missing: Sequence[Entry]) -> None:
        with self._database.write() as session:
            row = exports_rows.open_handover(session, id_, lock=True)
            batch = batch_rows.batch(session, row.batch_id) if row else None
            if row is None or batch is None:
                return
            row.state, row.ended_at = HandoverState.COMPLETED, now()
            row.missing = sorted(entry.name for entry in missing)[:_MOST_TOLD]
            row.error_code = row.error_message = None
            told = self._told(batch, row)
            tell_batch(session, row.batch_id, "delivered", **told)
        log.info("batch_delivered", delivery=id_, bucket=bucket, files=told["done"])

    def _failed(self, id_: str, due_at: datetime, code: str, why: str, *, is_final: bool = False) -> None:
        """Try again after a while, at once if that was asked for since this attempt began, or end with the reason."""
        with self._database.write() as session:
            row = exports_rows.open_handover(session, id_, lock=True)
            batch = batch_rows.batch(session, row.batch_id) if row else None
            if row is None or batch is None:
                return
            row.attempts += 1
            row.error_code, row.error_message = code, why[:500]
            if not is_final and row.next_at != due_at:
                row.attempts = 1
            elif not is_final and row.attempts <= len(_PAUSES_S):
                row.next_at = now() + timedelta(seconds=_PAUSES_S[row.attempts - 1])
            else:
                row.state, row.ended_at = HandoverState.FAILED, now()
                tell_batch(session, row.batch_id, "delivery_failed", **self._told(batch, row))
        log.warning("batch_delivery_broke_off", delivery=id_, code=code, why=why)

    def _told(self, batch: BatchRow, row: HandoverRow) -> dict[str, object]:
        """The data of the event at the end."""
        about = {"delivery_id", "bucket", "prefix", "languages", "files", "done", "missing"}
        read = _read(self._settings, batch.owner, row).model_dump(
            mode="json", include=about | {"error_code", "error_message"}
        )
        return {"name": batch.name, "metadata": batch.about, **read}


def _as_key(name: str) -> str:
    """The name of a file, unchanged where a store accepts it."""
    return name if is_key(name) else "/".join(keys.safe_name(part) for part in name.split("/"))
