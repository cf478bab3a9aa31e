"""Read what there is after a run: rows, objects, messages, folders."""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from sqlalchemy import Engine, text

from shared.messaging import subjects

Row = dict[str, Any]
_TABLES = ("tasks", "task_languages", "stage_runs", "jobs", "lines", "segments", "exports", "outbox", "uploads")
_QUEUES = (subjects.JOBS, subjects.RESULTS, subjects.DEAD)
_PARSED = ("export_files", "files", "report")


@dataclass(frozen=True)
class Told:
    """A stored fact; its subject is `localclip.events.<task>.<language>.<topic>.<name>`."""

    sequence: int
    subject: str
    id: str
    data: Row

    @property
    def task_id(self) -> str:
        """Whose it is."""
        return self.subject.split(".")[2]

    @property
    def language(self) -> str:
        """`base` for what concerns the whole task."""
        return self.subject.split(".")[3]

    @property
    def what(self) -> str:
        """`<topic>.<name>`."""
        return ".".join(self.subject.split(".")[4:])


@dataclass(frozen=True)
class Observed:
    """Everything of one moment. `rows` by table, `objects` by key, `queued` subjects by stream."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    objects: dict[str, Path] = field(default_factory=dict)
    queued: dict[str, list[str]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    work_folders: list[str] = field(default_factory=list)

    def of(self, table: str, **wanted: Any) -> list[Row]:
        """The rows of a table that have these values."""
        return [row for row in self.rows.get(table, []) if all(row[name] == value for name, value in wanted.items())]


def rows(engine: Engine) -> dict[str, list[Row]]:
    """Every row of the tables that matter, oldest first."""
    with engine.connect() as connection:
        return {
            name: [_read(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY id")).mappings()]  # noqa: S608 (our names)
            for name in _TABLES
        }


def _read(row: Any) -> Row:
    """JSON comes as text from SQLite, read from PostgreSQL."""
    return {
        name: json.loads(value) if name in _PARSED and isinstance(value, str) else value for name, value in row.items()
    }


def objects(root: Path) -> dict[str, Path]:
    """Every finished object by its key."""
    return {
        path.relative_to(root).as_posix(): path for path in _files(root) if path.relative_to(root).parts[0][0] != "."
    }


def unfinished(root: Path) -> list[str]:
    """Temporary files, and parts of uploads."""
    return [str(path.relative_to(root)) for hidden in (".incoming", ".parts") for path in _files(root / hidden)]


def work_folders(root: Path) -> list[str]:
    """Folders of jobs."""
    return sorted(path.name for path in root.glob("job-*"))


async def queued(url: str) -> dict[str, list[str]]:
    """Subjects of what lies in the queues, one entry for each message."""
    async with _stream(url) as js:
        found: dict[str, list[str]] = {}
        for name in _QUEUES:
            state = (await js.stream_info(name, subjects_filter=">")).state
            listed = [subject for subject, count in (state.subjects or {}).items() for _ in range(count)]
            # An old broker may count messages that it cannot list.
            found[name] = listed + ["(unlisted)"] * (state.messages - len(listed))
        return found


async def told(url: str) -> list[Told]:
    """Every stored event in order, progress too."""
    async with _stream(url) as js:
        found: list[Told] = []
        sequence = 1
        while True:
            try:
                message = await js.get_msg(
                    subjects.EVENTS, seq=sequence, subject=f"{subjects.EVENTS_PREFIX}.>", direct=True, next=True
                )
            except NotFoundError:
                return found
            body = json.loads(message.data or b"{}")
            sequence = int(message.seq or 0)
            found.append(Told(sequence, message.subject or "", body["id"], body["data"]))
            sequence += 1


async def last_fact(url: str) -> int:
    """The sequence of the newest event that is no progress."""
    async with _stream(url) as js:
        sequence = int((await js.stream_info(subjects.EVENTS)).state.last_seq)
        while sequence:
            with contextlib.suppress(NotFoundError):
                found = await js.get_msg(subjects.EVENTS, seq=sequence, direct=True)
                if not (found.subject or "").endswith(".progress"):
                    break
            sequence -= 1
        return sequence


@contextlib.asynccontextmanager
async def _stream(url: str) -> Any:
    async def silent(_: Exception) -> None:
        """Reconnecting is nobody's news here."""

    client = await nats.connect(url, error_cb=silent)
    try:
        js: JetStreamContext = client.jetstream(timeout=20)
        yield js
    finally:
        await client.close()


def _files(folder: Path) -> Iterator[Path]:
    """Those there are; a folder that goes meanwhile is none."""
    found = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    return (path for path in found if path.is_file())


async def all_of(engine: Engine, broker_url: str, root: Path, work: Path) -> Observed:
    """Look at everything, once."""
    return Observed(
        rows=await asyncio.to_thread(rows, engine),
        objects=objects(root),
        queued=await queued(broker_url),
        told=await told(broker_url),
        unfinished=unfinished(root),
        work_folders=work_folders(work),
    )
