"""Backups of a data folder: dated sets with the database, the objects and checksums of both.

A set is moved into place when it is complete. Unchanged files are hard links to the previous set, so a set costs only
what is new, and a deletion takes nothing from older sets.
"""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from localclip.errors import LocalClipError
from localclip.lock import DataLock

SETS = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z"
DATABASE, OBJECTS, CHECKSUMS = "database.sqlite", "objects", "checksums.sha256"
_PARTIAL = ".partial"
_TRIES = 3
_PAUSE_S = 0.2


@dataclass(frozen=True)
class Place:
    """Where a stack on this machine keeps its data."""

    data: Path
    database: Path
    objects: Path


@dataclass(frozen=True)
class Saved:
    """A set that was made; `lost` objects were deleted while they were being saved."""

    folder: Path
    objects: int
    lost: int


def place_of(data: Path, ambient: Mapping[str, str]) -> Place:
    """Database and objects of `localclip up --data`. Raises: LocalClipError, if they are servers."""
    url = ambient.get("DATABASE_URL") or f"sqlite:///{data.resolve() / 'localclip.db'}"
    if not url.startswith("sqlite") or ambient.get("S3_ENDPOINT"):
        raise LocalClipError("DATABASE_URL or S3_ENDPOINT names a server: use deploy/backup.sh and deploy/restore.sh")
    return Place(data, Path(url.partition(":///")[2]), Path(ambient.get("UPLOAD_DIR") or data / "objects"))


def save(place: Place, folder: Path, keep: int) -> Saved:
    """Make a set in `folder` and keep the newest `keep`; services may work meanwhile. Raises: LocalClipError."""
    if not place.database.is_file():
        raise LocalClipError(f"{place.data} holds no database ({place.database} is not there); name it with --data")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        partial, last = folder / _PARTIAL, newest(folder)
        for tried in range(1, _TRIES + 1):
            shutil.rmtree(partial, ignore_errors=True)
            count, lost = _save_once(place, partial, last)
            if not lost or tried == _TRIES:  # otherwise started again: database and objects must be from one moment
                break
        made = _settle(partial, folder)
        for old in sorted(folder.glob(SETS))[:-keep]:
            shutil.rmtree(old)
    return Saved(made, count, lost)


def newest(folder: Path) -> Path | None:
    """The newest set of a folder of sets."""
    return max(folder.glob(SETS), default=None)


def check(made: Path) -> int:
    """Read a set back and compare every byte; how many objects it has. Raises: LocalClipError."""
    sums = _checksums(made)
    if DATABASE not in sums:
        raise LocalClipError(f"{made} holds no backup")
    for name, sha256 in sums.items():
        path = made / name
        if not path.is_file() or _sha256(path) != sha256:
            raise LocalClipError(f"{made} is damaged: {name} is not as it was saved")
    with closing(_read_only(made / DATABASE)) as database:
        if (said := database.execute("PRAGMA integrity_check").fetchone()) != ("ok",):
            raise LocalClipError(f"{made} is damaged: its database says {said}")
    return len(sums) - 1


def restore(place: Place, folder: Path) -> tuple[Path, Path]:
    """Put a set, or the newest of a folder of sets, in place of what is there; that set, and where the old data is now.

    Raises: LocalClipError, while `localclip up` runs on the folder, or when the set is not whole.
    """
    made = folder if (folder / DATABASE).exists() else newest(folder)
    if made is None:
        raise LocalClipError(f"{folder} holds no backup")
    place.data.mkdir(parents=True, exist_ok=True)
    lock = DataLock(place.data)
    try:
        check(made)
        return made, _replace(place, made)
    finally:
        lock.release()


def _save_once(place: Place, partial: Path, last: Path | None) -> tuple[int, int]:
    partial.mkdir()
    before = _objects(place.objects)
    with closing(_read_only(place.database)) as source, closing(sqlite3.connect(partial / DATABASE)) as target:
        source.backup(target)
    sums, lost = {DATABASE: _sha256(partial / DATABASE)}, 0
    known = _checksums(last) if last else {}
    for path in sorted(before | _objects(place.objects)):  # the database may know what came or went meanwhile
        name = f"{OBJECTS}/{path.relative_to(place.objects).as_posix()}"
        try:
            sums[name] = _save_object(path, partial / name, last / name if last else None, known.get(name))
        except FileNotFoundError:
            lost += 1
    (partial / OBJECTS).mkdir(exist_ok=True)
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())
    (partial / CHECKSUMS).write_text(text, encoding="utf-8", newline="\n")
    return len(sums) - 1, lost


def _save_object(path: Path, target: Path, before: Path | None, sha256: str | None) -> str:
    """Share it with the previous set, or copy it; returns its SHA-256. Raises: FileNotFoundError."""
    facts = path.stat()
    target.parent.mkdir(parents=True, exist_ok=True)
    if before and sha256 and _same(facts, before):
        try:
            os.link(before, target)
        except OSError:  # a disk without hard links
            shutil.copy2(before, target)
        return sha256
    shutil.copy2(path, target)
    return _sha256(target)


def _same(facts: os.stat_result, before: Path) -> bool:
    if not before.is_file():
        return False
    kept = before.stat()
    return (kept.st_size, kept.st_mtime_ns) == (facts.st_size, facts.st_mtime_ns)


def _unless_gone(error: OSError) -> None:
    """A folder may go away while it is listed, which `Path.rglob` does not survive; one that cannot be read is told."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _objects(root: Path) -> set[Path]:
    """What is stored; names that begin with a dot are the store's own, of unfinished writes."""
    found: set[Path] = set()
    for parent, folders, names in os.walk(root, onerror=_unless_gone):
        if Path(parent) == root:
            folders[:] = [name for name in folders if not name.startswith(".")]
            names = [name for name in names if not name.startswith(".")]
        found |= {Path(parent, name) for name in names}
    return found


def _settle(partial: Path, folder: Path) -> Path:
    while (made := folder / datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")).exists():
        time.sleep(_PAUSE_S)  # two in one second
    partial.rename(made)
    return made


def _replace(place: Place, made: Path) -> Path:
    """Copy beside first, then rename: a disk that gets full changes nothing."""
    fresh = place.data / ".restored"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    shutil.copy2(made / DATABASE, fresh / DATABASE)
    shutil.copytree(made / OBJECTS, fresh / OBJECTS)
    old = place.data / f"before-restore-{datetime.now(UTC):%Y-%m-%dT%H%M%S.%fZ}"
    old.mkdir()
    beside = [place.database.with_name(place.database.name + end) for end in ("", "-wal", "-shm")]
    for path in (*beside, place.objects, place.data / "nats"):  # the queue is from another time
        if path.exists():
            shutil.move(path, old / path.name)
    place.database.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh / DATABASE, place.database)
    shutil.move(fresh / OBJECTS, place.objects)
    fresh.rmdir()
    return old


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _checksums(made: Path) -> dict[str, str]:
    """By name; of no set, none."""
    try:
        lines = (made / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise LocalClipError(f"another backup into {folder} is under way") from error
    except OSError as error:
        raise LocalClipError(f"no backup was made: {error.strerror or error} ({error.filename or folder})") from error
