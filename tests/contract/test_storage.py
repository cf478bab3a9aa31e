"""What every object store promises, run on every adapter."""

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

import httpx
import pytest

from shared.storage import (
    DirectoryStore,
    InvalidKey,
    ObjectNotFound,
    ObjectStore,
    Part,
    StorageError,
    StorageSettings,
    UploadStore,
    open_store,
    put_bytes,
    put_file,
    read_bytes,
)
from shared.testing import MinioServer, wait_until

MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]


class Slow:
    """A source that stops in the middle until it is told to go on."""

    def __init__(self, size: int) -> None:
        self.left, self.reached, self.go_on = size, threading.Event(), threading.Event()
        self.half = size // 2

    def read(self, size: int = -1) -> bytes:
        if self.left <= self.half and not self.go_on.is_set():
            self.reached.set()
            assert self.go_on.wait(20)
        size = min(self.left, MIB if size < 0 else size)
        self.left -= size
        return b"n" * size


class Broken:
    """A source that fails after some parts."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            raise ConnectionResetError("the client went away")
        size = min(self.left, MIB if size < 0 else size)
        self.left -= size
        return bytes(size)


def keys_of(store: ObjectStore, prefix: str) -> list[str]:
    return [info.key for info in store.list(prefix)]


def unfinished(store: ObjectStore) -> int:
    """Traces of writes that did not come to their end."""
    if isinstance(store, DirectoryStore):
        places = (store._root / ".incoming", store._root / ".parts")
        return sum(1 for place in places for path in place.rglob("*") if path.is_file())
    client = store._client  # type: ignore[attr-defined]
    return len(client._list_multipart_uploads(store._bucket).uploads)  # type: ignore[attr-defined]


def test_round_trip(store: ObjectStore, tmp_path: Path) -> None:
    """Bytes come back as they were put, whether the size was told or not, the empty object included."""
    for size in (0, 1, 5 * MIB, 17 * MIB):
        data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        assert store.put("a/told", io.BytesIO(data), size).size == size
        assert store.put("a/untold", io.BytesIO(data)).size == size
        assert read_bytes(store, "a/told") == data
        assert read_bytes(store, "a/untold") == data
    file = tmp_path / "file"
    file.write_bytes(b"content")
    assert put_file(store, "b/file", file).key == "b/file"
    assert read_bytes(store, "b/file") == b"content"


@pytest.mark.parametrize("size", [5 * MIB, 40 * MIB])
def test_reader_during_a_slow_put_sees_the_old_object(store: ObjectStore, size: int) -> None:
    """A write in progress is invisible: first nothing, and when replacing, the object before it."""
    for before in (None, b"old"):
        if before is not None:
            put_bytes(store, "a/object", before)
        source = Slow(size)
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(store.put, "a/object", cast(BinaryIO, source))
            assert source.reached.wait(20)
            if before is None:
                assert keys_of(store, "a/") == []
                with pytest.raises(ObjectNotFound):
                    store.open("a/object")
            else:
                assert read_bytes(store, "a/object") == before
            source.go_on.set()
            assert writing.result().size == size
        store.delete("a/")


@pytest.mark.parametrize(("size", "told"), [(MIB, None), (40 * MIB, None), (40 * MIB, 60 * MIB)])
def test_failing_source_leaves_nothing(store: ObjectStore, size: int, told: int | None) -> None:
    """An exception in the source stores no object and leaves no unfinished write, and the old object stays."""
    put_bytes(store, "a/old", b"old")
    for key in ("a/new", "a/old"):
        with pytest.raises(ConnectionResetError):
            store.put(key, cast(BinaryIO, Broken(size)), told)
    assert keys_of(store, "a/") == ["a/old"]
    assert read_bytes(store, "a/old") == b"old"
    assert unfinished(store) == 0


@pytest.mark.parametrize("told", [3, 5, 20 * MIB])
def test_source_of_another_size_is_refused(store: ObjectStore, told: int) -> None:
    """A source that is shorter or longer than was told stores nothing."""
    with pytest.raises(StorageError):
        store.put("a/object", io.BytesIO(b"four"), told)
    assert keys_of(store, "a/") == []
    assert unfinished(store) == 0


def test_create_has_one_winner(store: ObjectStore) -> None:
    """Of many writers at once exactly one creates the object, and its bytes are what everyone reads."""
    for round_ in range(5):
        key, gate = f"jobs/{round_}.json", threading.Barrier(8)

        def write(number: int, key: str = key, gate: threading.Barrier = gate) -> bool:
            gate.wait()
            return store.create(key, f"writer {number}".encode())

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(write, range(8)))
        assert won.count(True) == 1
        assert read_bytes(store, key) == f"writer {won.index(True)}".encode()
        assert store.create(key, b"late") is False
    assert unfinished(store) == 0


def test_ranges(store: ObjectStore) -> None:
    """A range begins where asked, ends where asked or at the end, and beyond the end there is nothing."""
    put_bytes(store, "a/object", b"0123456789")
    wanted = {(0, None): b"0123456789", (3, None): b"3456789", (0, 4): b"0123", (3, 4): b"3456", (8, 9): b"89"}
    wanted |= {(9, 1): b"9", (4, 0): b"", (10, None): b"", (99, 3): b""}
    for (start, length), expected in wanted.items():
        with store.open("a/object", start, length) as source:
            assert source.read() == expected, (start, length)
    with store.open("a/object", 2, 5) as source:
        assert [source.read(2), source.read(2), source.read(2), source.read(2)] == [b"23", b"45", b"6", b""]


def test_stat_follows_the_content(store: ObjectStore) -> None:
    """The description names key and size, and the etag changes with the content."""
    first = put_bytes(store, "a/object", b"one")
    assert (first.key, first.size) == ("a/object", 3)
    assert store.stat("a/object") == first
    second = put_bytes(store, "a/object", b"two")
    assert second.etag
    assert second.etag != first.etag
    assert list(store.list("a/")) == [second]


def test_missing(store: ObjectStore, tmp_path: Path) -> None:
    """What is not there is reported as such, a folder and a name below an object included."""
    put_bytes(store, "a/b/object", b"x")
    for key in ("a/nothing", "nowhere/at/all", "a/b", "a/b/object/below"):
        for ask in (store.stat, store.open, lambda key: store.local(key, tmp_path), lambda key: read_bytes(store, key)):
            with pytest.raises(ObjectNotFound):
                ask(key)
    assert list(store.list("nowhere/")) == []
    assert store.delete("nowhere/") == 0


def test_list_is_ordered_and_complete(store: ObjectStore) -> None:
    """More objects than a page holds come back once each, in key order, and only those below the prefix."""
    wanted = sorted([f"many/{number % 7}/{number:04}" for number in range(1050)])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: put_bytes(store, key, b"x"), [*wanted, "manyfold/other", "other/many/1"]))
    assert keys_of(store, "many/") == wanted
    assert keys_of(store, "many/3/") == [key for key in wanted if key.startswith("many/3/")]
    assert store.delete("many/") == len(wanted)
    assert keys_of(store, "many/") == []
    assert keys_of(store, "manyfold/") == ["manyfold/other"]
    assert keys_of(store, "other/") == ["other/many/1"]


def test_delete_can_be_repeated(store: ObjectStore) -> None:
    """Deleting removes every object below the prefix, and once more removes nothing."""
    for key in ("tasks/1/a", "tasks/1/b/c", "tasks/10/a"):
        put_bytes(store, key, b"x")
    assert store.delete("tasks/1/") == 2
    assert store.delete("tasks/1/") == 0
    assert keys_of(store, "tasks/") == keys_of(store, "") == ["tasks/10/a"]
    put_bytes(store, "tasks/1/a", b"again")
    assert read_bytes(store, "tasks/1/a") == b"again"


def test_delete_ends_writes_below_the_prefix(store: ObjectStore) -> None:
    """An upload that was under way when its folder was deleted brings nothing back."""
    source = Slow(40 * MIB)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(store.put, "tasks/1/input/video.mp4", cast(BinaryIO, source), 40 * MIB)
        assert source.reached.wait(20)
        store.delete("tasks/1/")
        source.go_on.set()
        with pytest.raises(StorageError):
            writing.result()
    assert keys_of(store, "tasks/") == []
    assert unfinished(store) == 0


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 12 * MIB + 7])
def test_pushed_bytes_become_one_object(store: UploadStore, size: int) -> None:
    """Handed over in pieces of any length, they are seen once the write is finished, and not before."""
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    put_bytes(store, "a/video", b"old")
    writer = store.open_writer("a/video")
    for start in range(0, size, 700_001):
        writer.write(data[start : start + 700_001])
    assert read_bytes(store, "a/video") == b"old"
    assert writer.finish() == store.stat("a/video")
    writer.abort()  # it has ended: nothing is taken back
    assert read_bytes(store, "a/video") == data
    assert unfinished(store) == 0


@pytest.mark.parametrize("size", [0, MIB, 12 * MIB])
def test_an_aborted_write_leaves_nothing(store: UploadStore, size: int) -> None:
    """Whatever was handed over is gone, once or twice aborted, and the object before it stays."""
    put_bytes(store, "a/old", b"old")
    for key in ("a/new", "a/old"):
        writer = store.open_writer(key)
        for _ in range(size // MIB):
            writer.write(bytes(MIB))
        writer.abort()
        writer.abort()
    assert keys_of(store, "a/") == ["a/old"]
    assert read_bytes(store, "a/old") == b"old"
    assert unfinished(store) == 0


def test_delete_ends_pushed_writes_below_the_prefix(store: UploadStore) -> None:
    """What had been handed over goes with the folder, the write cannot be finished, and aborting it is no error."""
    writer = store.open_writer("tasks/1/input/video.mp4")
    for _ in range(7):
        writer.write(bytes(MIB))
    store.delete("tasks/1/")
    assert unfinished(store) == 0
    with pytest.raises(StorageError):
        writer.finish()
    writer.abort()
    assert keys_of(store, "tasks/") == []
    assert unfinished(store) == 0


def test_many_writes_at_once_do_not_mix(store: UploadStore) -> None:
    """Each piece by another thread, as the gateway does it: every object has its own bytes."""
    writers = [store.open_writer(f"a/{number:02}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            list(pool.map(lambda number: writers[number].write(bytes([number]) * (MIB // 4)), range(40)))
        infos = list(pool.map(lambda writer: writer.finish(), writers))
    assert [info.size for info in infos] == [3 * MIB // 4] * 40
    for number in range(40):
        assert read_bytes(store, f"a/{number:02}") == bytes([number]) * (3 * MIB // 4)


_DIES = """
import os, sys
from shared.storage import StorageSettings, open_store

store = open_store(StorageSettings())
writer, part = store.open_writer("tasks/1/video"), store.open_part("tasks/1/parts", store.begin("tasks/1/parts"), 1, 99)
for _ in range(7):
    writer.write(bytes(1 << 20))
part.write(b"half")
print("written", flush=True)
os._exit(9)
"""


def test_what_a_dead_process_was_writing_goes_with_its_folder(environment: dict[str, str]) -> None:
    """Nothing of it is an object, and deleting the prefix removes what is left."""
    done = subprocess.run([sys.executable, "-c", _DIES], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (9, "written\n"), done.stderr
    store = open_store(StorageSettings(**{name.lower(): value for name, value in environment.items()}))
    assert unfinished(store) > 0
    assert keys_of(store, "tasks/") == []
    assert store.delete("tasks/1/") == 0
    assert unfinished(store) == 0


def put_part(store: UploadStore, key: str, write_id: str, number: int, data: bytes, size: int | None = None) -> Part:
    writer = store.open_part(key, write_id, number, len(data) if size is None else size)
    try:
        for start in range(0, len(data), MIB):
            writer.write(data[start : start + MIB])
        return writer.finish()
    finally:
        writer.abort()


def write_parts(store: UploadStore, key: str, write_id: str, *parts: bytes) -> list[Part]:
    return [put_part(store, key, write_id, number, data) for number, data in enumerate(parts, start=1)]


def test_parts_become_one_object(store: UploadStore) -> None:
    """Parts come in any order and may come again; the object exists once they are joined, and the write is over."""
    write_id = store.begin("a/video")
    first, last = b"1" * 5 * MIB, b"end"
    put_part(store, "a/video", write_id, 2, last)
    put_part(store, "a/video", write_id, 1, b"0" * 5 * MIB)
    assert keys_of(store, "a/") == []
    again = put_part(store, "a/video", write_id, 1, first)
    arrived = store.parts("a/video", write_id)
    assert [(part.number, part.size) for part in arrived] == [(1, len(first)), (2, len(last))]
    assert arrived[0] == again
    info = store.join("a/video", write_id, arrived)
    assert (info.key, info.size) == ("a/video", len(first) + len(last))
    assert read_bytes(store, "a/video") == first + last
    for late in (lambda: store.parts("a/video", write_id), lambda: write_parts(store, "a/video", write_id, b"late")):
        with pytest.raises(ObjectNotFound):
            late()
    assert keys_of(store, "a/") == ["a/video"]


def test_writes_of_the_same_key_do_not_mix(store: UploadStore) -> None:
    """Each has parts of its own."""
    one, two = store.begin("a/video"), store.begin("a/video")
    write_parts(store, "a/video", one, b"one")
    assert store.parts("a/video", two) == []
    store.join("a/video", one, store.parts("a/video", one))
    assert read_bytes(store, "a/video") == b"one"


@pytest.mark.parametrize("told", [2, 5])
def test_a_part_of_another_size_is_refused(store: UploadStore, told: int) -> None:
    """Shorter or longer than was told: nothing is kept of it."""
    write_id = store.begin("a/video")
    with pytest.raises(StorageError):
        put_part(store, "a/video", write_id, 1, b"four", told)
    assert store.parts("a/video", write_id) == []


def test_delete_ends_partial_writes_below_the_prefix(store: UploadStore) -> None:
    """What had arrived is gone and nothing more is taken; a neighbour goes on."""
    gone, stays = store.begin("tasks/1/video"), store.begin("tasks/10/video")
    write_parts(store, "tasks/1/video", gone, b"x" * MIB)
    write_parts(store, "tasks/10/video", stays, b"y")
    store.delete("tasks/1/")
    with pytest.raises(ObjectNotFound):
        write_parts(store, "tasks/1/video", gone, b"late")
    assert [part.number for part in store.parts("tasks/10/video", stays)] == [1]
    store.delete("tasks/10/")
    assert unfinished(store) == 0


def test_parts_survive_a_restart(store: UploadStore) -> None:
    """Another process of the same store goes on where the first one ended."""
    write_id = store.begin("a/video")
    write_parts(store, "a/video", write_id, b"kept")
    other: UploadStore = DirectoryStore(store._root) if isinstance(store, DirectoryStore) else store
    other.join("a/video", write_id, other.parts("a/video", write_id))
    assert read_bytes(store, "a/video") == b"kept"


def test_a_presigned_part_needs_no_key(minio: MinioServer) -> None:
    """Where browsers reach the service, a part goes there by a plain PUT; the directory store has no addresses."""
    settings = minio.settings("presigned").model_copy(update={"s3_public_endpoint": f"http://{minio.endpoint}"})
    store = open_store(settings)
    write_id = store.begin("a/video 1.mp4")
    url = store.part_url("a/video 1.mp4", write_id, 1, timedelta(minutes=5))
    assert url is not None
    assert url.startswith(str(store.upload_origin) + "/")
    answer = httpx.put(url, content=b"straight", headers={"Origin": "http://app.example"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] in ("*", "http://app.example")
    store.join("a/video 1.mp4", write_id, store.parts("a/video 1.mp4", write_id))
    assert read_bytes(store, "a/video 1.mp4") == b"straight"


def test_a_presigned_download_needs_no_key(minio: MinioServer) -> None:
    """It has the name and the type asked for, in ranges too, and ends with its time."""
    settings = minio.settings("presigned").model_copy(update={"s3_public_endpoint": f"http://{minio.endpoint}"})
    store = open_store(settings)
    put_bytes(store, "a/export.mp4", b"0123456789")
    url = store.read_url("a/export.mp4", timedelta(minutes=5), "회의 1.es.mp4", "video/mp4")
    assert url is not None
    answer = httpx.get(url, headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%ED%9A%8C%EC%9D%98%201.es.mp4"
    assert httpx.get(url.replace("export", "other")).status_code == 403
    gone = store.read_url("a/export.mp4", timedelta(seconds=1), "x", "video/mp4")
    wait_until(lambda: httpx.get(str(gone)).status_code == 403, 60, "the address outlives its time")


def test_a_directory_has_no_addresses(directory_store: DirectoryStore) -> None:
    """Its parts come through the gateway."""
    write_id = directory_store.begin("a/video")
    assert directory_store.part_url("a/video", write_id, 1, timedelta(minutes=5)) is None
    assert directory_store.read_url("a/video", timedelta(minutes=5), "video", "video/mp4") is None


BAD_KEYS = [
    "",
    "/absolute",
    "a/../b",
    "..",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "a/\x00b",
    "a/\nb",
    "a/\x7f",
    "a/\ud800",
    ".incoming/a",
    "a/" + "x" * 300,
    "가" * 100,
    "/".join(["x" * 200] * 6),
]


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: ascii(key)[:20])
def test_bad_keys_are_refused(store: ObjectStore, key: str, tmp_path: Path) -> None:
    """A key that could leave the store, or that one of the adapters could not keep, is refused by all."""
    calls = [
        lambda: put_bytes(store, key, b"x"),
        lambda: store.create(key, b"x"),
        lambda: store.open(key),
        lambda: store.stat(key),
        lambda: store.local(key, tmp_path),
        lambda: list(store.list(key + "/")),
        lambda: store.delete(key + "/"),
    ]
    for call in calls:
        with pytest.raises(InvalidKey):
            call()


def test_prefix_ends_with_a_slash(store: ObjectStore) -> None:
    """`tasks/1` would take `tasks/10` with it."""
    put_bytes(store, "tasks/10/a", b"x")
    for call in (lambda: list(store.list("tasks/1")), lambda: store.delete("tasks/1"), lambda: store.delete("")):
        with pytest.raises(InvalidKey):
            call()
    assert keys_of(store, "tasks/") == keys_of(store, "") == ["tasks/10/a"]


@pytest.mark.parametrize(
    "name", ["영상 파일.mp4", "日本語" * 25, "a b+c&d=e?f#g%h", "ümlaut'\"$(x)`;|", "-rf", "x" * 240]
)
def test_odd_names_are_kept(store: ObjectStore, name: str) -> None:
    """Every key that is allowed is kept under exactly this name."""
    put_bytes(store, f"a/{name}", b"odd")
    assert keys_of(store, "a/") == [f"a/{name}"]
    assert read_bytes(store, f"a/{name}") == b"odd"
    assert store.delete("a/") == 1


def test_local_is_a_file_with_the_content(store: ObjectStore, tmp_path: Path) -> None:
    """Tools get a file of the same ending; objects of one name in two folders are not confused."""
    put_bytes(store, "a/clip.wav", b"first")
    put_bytes(store, "b/clip.wav", b"second")
    first, second = store.local("a/clip.wav", tmp_path), store.local("b/clip.wav", tmp_path)
    assert (first.suffix, first.read_bytes(), second.read_bytes()) == (".wav", b"first", b"second")
    assert store.local("a/clip.wav", tmp_path) == first


_MEASURE = """
import resource, sys
from pathlib import Path
from shared.storage import StorageSettings, open_store

class Zeros:
    left = int(sys.argv[2])
    def read(self, size=-1):
        size = min(self.left, size)
        self.left -= size
        return bytes(size)

store = open_store(StorageSettings())
store.put("a/warm", Path(sys.argv[1]).open("rb"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store.put("a/large", Zeros())
with store.open("a/large") as source:
    total = sum(len(chunk) for chunk in iter(lambda: source.read(1 << 20), b""))
assert total == int(sys.argv[2]), total
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture(params=["directory", "s3"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings of every kind of store for a process of its own."""
    if request.param == "directory":
        yield {"UPLOAD_DIR": str(tmp_path / "objects")}
        return
    server: MinioServer = request.getfixturevalue("minio")
    keys = {"S3_ACCESS_KEY": server.access_key, "S3_SECRET_KEY": server.secret_key, "S3_BUCKET": "large"}
    yield {"S3_ENDPOINT": server.endpoint, **keys}


def test_large_objects_stream(environment: dict[str, str]) -> None:
    """200 MiB go through without being held in memory."""
    command = [sys.executable, "-c", _MEASURE, __file__, str(200 * MIB)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 110 * MIB
