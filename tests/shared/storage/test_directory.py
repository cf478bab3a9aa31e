"""The directory store beyond the common promises: crashes, sharing, odd states of the disk."""

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.storage import DirectoryStore, ObjectNotFound, StorageError, put_bytes, read_bytes
from shared.testing import wait_until

_WRITER = """
import sys, time
from pathlib import Path
from shared.storage import DirectoryStore

class Endless:
    def read(self, size):
        time.sleep(0.01)
        return bytes(1000)

DirectoryStore(Path(sys.argv[1])).put("tasks/1/input/video.mp4", Endless())
"""


def unfinished(root: Path) -> list[Path]:
    return [path for path in (root / ".incoming").rglob("*") if path.is_file()]


def test_unfinished_writes_of_dead_processes_are_removed(tmp_path: Path) -> None:
    """kill -9 in the middle of a write leaves a file that the next start removes; a living writer keeps its own."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], cwd=Path(__file__).parents[3], stderr=subprocess.DEVNULL
    )
    try:
        (file,) = wait_until(lambda: _begun(tmp_path), 60, "the write to begin")
        _age(file)
        DirectoryStore(tmp_path)
        assert unfinished(tmp_path) == [file]
    finally:
        writer.kill()
        writer.wait()
    _age(file)
    DirectoryStore(tmp_path)
    assert unfinished(tmp_path) == []


def _begun(root: Path) -> list[Path]:
    """Writes of which something is on the disk: they are locked before."""
    return [file for file in unfinished(root) if file.stat().st_size]


def _age(file: Path) -> None:
    old = time.time() - 3600
    os.utime(file, (old, old))


def test_an_object_is_no_folder(tmp_path: Path) -> None:
    """A key below an object, or in place of a folder, is refused in the words of the store."""
    store = DirectoryStore(tmp_path)
    put_bytes(store, "a/b", b"object")
    put_bytes(store, "c/d/e", b"object")
    for key in ("a/b/c", "c/d"):
        with pytest.raises(StorageError):
            put_bytes(store, key, b"x")
        with pytest.raises(StorageError):
            store.create(key, b"x")
    assert read_bytes(store, "a/b") == b"object"
    assert unfinished(tmp_path) == []


def test_create_keeps_its_object_from_replacement_only_by_put(tmp_path: Path) -> None:
    """`create` never replaces, `put` does; both leave one file."""
    store = DirectoryStore(tmp_path)
    assert store.create("a/b", b"first")
    assert not store.create("a/b", b"second")
    store.put("a/b", io.BytesIO(b"third"))
    assert read_bytes(store, "a/b") == b"third"


def test_two_stores_see_each_other(tmp_path: Path) -> None:
    """Processes share the directory without talking to each other, and empty folders do not stay."""
    one, two = DirectoryStore(tmp_path), DirectoryStore(tmp_path)
    put_bytes(one, "a/b/c", b"x")
    assert read_bytes(two, "a/b/c") == b"x"
    assert two.delete("a/b/") == 1
    assert list(one.list("a/")) == []
    assert not (tmp_path / "a").exists()


def test_listing_while_others_write_and_delete(tmp_path: Path) -> None:
    """A folder that vanishes under a listing is no error."""
    store, stop = DirectoryStore(tmp_path), threading.Event()

    def churn(number: int) -> None:
        while not stop.is_set():
            put_bytes(store, f"a/{number}/b/c/d", b"x")
            store.delete(f"a/{number}/")

    put_bytes(store, "a/kept", b"x")
    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(churn, number) for number in range(3)]
        try:
            for _ in range(150):
                assert "a/kept" in [info.key for info in store.list("a/")]
                DirectoryStore(tmp_path)
        finally:
            stop.set()
        assert [done.exception() for done in work] == [None, None, None]
    assert unfinished(tmp_path) == []


def test_parts_that_are_joined_while_they_are_listed_are_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was opened before the join is empty when it is read after it: the write is over, not incomplete."""
    store = DirectoryStore(tmp_path)
    write_id = store.begin("a/video.mp4")
    writer = store.open_part("a/video.mp4", write_id, 1, 3)
    writer.write(b"abc")
    writer.finish()
    listed = Path.iterdir

    def late(folder: Path) -> Iterator[Path]:
        monkeypatch.setattr(Path, "iterdir", listed)
        store.join("a/video.mp4", write_id, store.parts("a/video.mp4", write_id))
        return iter(())

    monkeypatch.setattr(Path, "iterdir", late)
    with pytest.raises(ObjectNotFound):
        store.parts("a/video.mp4", write_id)


def test_parts_of_a_joined_object_go_even_if_their_process_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway was killed after the join, before the parts were removed: they are as large as the video."""
    store = DirectoryStore(tmp_path)
    for key in ("a/video.mp4", "b/talk.over"):
        write_id = store.begin(key)
        writer = store.open_part(key, write_id, 1, 3)
        writer.write(b"abc")
        writer.finish()
        if key == "a/video.mp4":
            with monkeypatch.context() as dying:
                dying.setattr("shutil.rmtree", lambda *_, **__: None)
                store.join(key, write_id, store.parts(key, write_id))
    assert len(list((tmp_path / ".parts/a").rglob("00001"))) == 1
    again = DirectoryStore(tmp_path)
    assert list((tmp_path / ".parts/a").rglob("00001")) == []
    assert read_bytes(again, "a/video.mp4") == b"abc"
    assert [part.number for part in again.parts("b/talk.over", write_id)] == [1]  # not joined yet
