"""`localclip backup` and `restore` of a data folder: SQLite and files, while something writes to them."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from localclip import backup
from localclip.errors import LocalClipError
from localclip.lock import DataLock
from shared.storage import DirectoryStore, put_bytes
from tests.support.forked import command_line


class Laptop:
    """A data folder as `localclip up` leaves it."""

    def __init__(self, data: Path) -> None:
        data.mkdir()
        self.place = backup.place_of(data, {})
        self.store = DirectoryStore(self.place.objects)
        (data / "nats").mkdir()
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("CREATE TABLE tasks (name TEXT)")

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.place.database)) as database, database:
            return database.execute(statement).fetchall()

    def add(self, name: str, data: bytes) -> None:
        put_bytes(self.store, f"tasks/{name}/a.bin", data)
        self.execute(f"INSERT INTO tasks VALUES ('{name}')")  # noqa: S608 (a name of this test)

    def tasks(self) -> list[str]:
        return [str(name) for (name,) in self.execute("SELECT name FROM tasks ORDER BY name")]


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    made = Laptop(tmp_path / "data")
    made.add("one", b"1")
    made.add("two", b"2")
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.rglob("*.bin")}


def test_a_set_holds_what_is_not_yet_in_the_file_and_outlives_a_deletion(laptop: Laptop, tmp_path: Path) -> None:
    """Written while a connection is open; unchanged files are on the disk once."""
    with closing(sqlite3.connect(laptop.place.database)) as working:
        working.execute("INSERT INTO tasks VALUES ('three')")
        working.commit()  # it is in the -wal file now
        first = backup.save(laptop.place, tmp_path / "sets", 7).folder
    laptop.store.delete("tasks/one/")
    second = backup.save(laptop.place, tmp_path / "sets", 7).folder
    assert files(first) == {"one": b"1", "two": b"2"}
    assert files(second) == {"two": b"2"}
    name = "objects/tasks/two/a.bin"
    assert (first / name).samefile(second / name)
    assert not (laptop.place.objects / "tasks/two/a.bin").samefile(second / name)
    assert [backup.check(made) for made in (first, second)] == [2, 1]
    laptop.execute("DELETE FROM tasks")
    made, old = backup.restore(laptop.place, first)
    assert made == first
    assert laptop.tasks() == ["one", "three", "two"]
    assert files(laptop.place.objects) == {"one": b"1", "two": b"2"}
    assert sorted(path.name for path in old.iterdir())[-2:] == ["nats", "objects"]


def test_what_is_deleted_meanwhile_begins_it_again(
    laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list and the copy a task goes: the set has neither its row nor its file."""
    copy, gone = backup._save_object, []

    def slowly(path: Path, *rest: object) -> str:
        if not gone:
            gone.append(laptop.store.delete("tasks/two/"))
            laptop.execute("DELETE FROM tasks WHERE name = 'two'")
        return copy(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(backup, "_save_object", slowly)
    saved = backup.save(laptop.place, tmp_path / "sets", 7)
    assert (saved.objects, saved.lost) == (1, 0)
    backup.restore(laptop.place, saved.folder)
    assert laptop.tasks() == ["one"]


def test_what_is_added_meanwhile_has_its_files(laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the list and the copy of the database a task comes: the set has its row, and so its file."""
    listed, added = backup._objects, []

    def slowly(root: Path) -> set[Path]:
        found = listed(root)
        if not added:
            added.append(laptop.add("three", b"3"))
        return found

    monkeypatch.setattr(backup, "_objects", slowly)
    saved = backup.save(laptop.place, tmp_path / "sets", 7)
    backup.restore(laptop.place, saved.folder)
    assert laptop.tasks() == ["one", "three", "two"]
    assert files(laptop.place.objects) == {"one": b"1", "three": b"3", "two": b"2"}


def test_a_folder_that_cannot_be_read_is_told(laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a disk that fails: a set without its files would count as good."""
    scan = os.scandir

    def broken(path: str) -> object:
        if Path(path).name == "two":
            raise OSError(5, "Input/output error")
        return scan(path)

    monkeypatch.setattr(os, "scandir", broken)
    with pytest.raises(LocalClipError, match="no backup was made: Input/output error"):
        backup.save(laptop.place, tmp_path / "sets", 7)


def test_a_backup_that_fails_takes_nothing(laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gets full in the middle; the next one works, and only then the oldest goes."""
    first = backup.save(laptop.place, tmp_path / "sets", 1).folder
    with monkeypatch.context() as patched:

        def full(*_: object) -> str:
            raise OSError(28, "No space left on device")

        patched.setattr(backup, "_save_object", full)
        with pytest.raises(LocalClipError, match="no backup was made: No space left on device"):
            backup.save(laptop.place, tmp_path / "sets", 1)
    assert backup.newest(tmp_path / "sets") == first
    assert backup.check(first) == 2
    second = backup.save(laptop.place, tmp_path / "sets", 1).folder
    assert sorted((tmp_path / "sets").glob(backup.SETS)) == [second]


def test_a_damaged_set_is_not_restored(laptop: Laptop, tmp_path: Path) -> None:
    """Nor anything while `localclip up` runs, nor what is no set."""
    made = backup.save(laptop.place, tmp_path / "sets", 7).folder
    laptop.add("three", b"3")
    saved = made / "objects/tasks/one/a.bin"
    saved.write_bytes(b"x")
    with pytest.raises(LocalClipError, match=r"is damaged: objects/tasks/one/a\.bin"):
        backup.restore(laptop.place, made)
    saved.write_bytes(b"1")
    running = DataLock(laptop.place.data)
    with pytest.raises(LocalClipError, match="another `localclip up`"):
        backup.restore(laptop.place, made)
    running.release()
    with pytest.raises(LocalClipError, match="holds no backup"):
        backup.restore(laptop.place, tmp_path)
    assert laptop.tasks() == ["one", "three", "two"]


def command(laptop: Laptop, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCALCLIP_", "S3_"))}
    return command_line(*arguments, environment={**clean, "NO_COLOR": "1", **more}, folder=laptop.place.data.parent)


def test_the_commands(laptop: Laptop) -> None:
    """Save, check, restore, with the folders they have by themselves; servers are pointed to their own scripts."""
    saved = command(laptop, "backup")
    assert saved.returncode == 0, saved.stderr
    assert ": 2 objects and the database" in saved.stdout
    assert "is whole: 2 objects" in command(laptop, "backup", "--check").stdout
    laptop.execute("DELETE FROM tasks")
    restored = command(laptop, "restore", "backups")
    assert restored.returncode == 0, restored.stderr
    assert laptop.tasks() == ["one", "two"]
    refused = command(laptop, "backup", DATABASE_URL="postgresql://somewhere/x")
    assert (refused.returncode, "use deploy/backup.sh" in refused.stderr) == (1, True)
    assert "Traceback" not in refused.stderr
