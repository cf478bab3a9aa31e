"""deploy/backup.sh and restore.sh on a real PostgreSQL and a real MinIO: sets are whole or not there, and stay so."""

import io
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from shared.storage import UploadStore, open_store, read_bytes
from shared.testing import MinioServer, PostgresServer
from tests.deploy.composition import ROOT
from tests.deploy.processes import tool

NOWHERE = "127.0.0.1:9"


@dataclass
class Place:
    """A database and a bucket, and how the scripts are told of them."""

    database_url: str
    store: UploadStore
    environment: dict[str, str]
    path: list[str] = field(default_factory=list)

    def run(self, script: str, *arguments: Path | str, **more: str) -> subprocess.CompletedProcess[str]:
        """A script of deploy/."""
        beside = str(Path(str(tool("pg_dump"))).parent)
        path = os.pathsep.join([*self.path, os.environ["PATH"], beside])
        command = [str(ROOT / "deploy" / script), *map(str, arguments)]
        environment = {**self.environment, "PATH": path, **more}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    def save(self, folder: Path, **more: str) -> Path:
        """Make a backup that must succeed; the folder of the set."""
        done = self.run("backup.sh", folder, **more)
        assert done.returncode == 0, done.stderr
        return sets_of(folder)[-1]

    def put(self, **objects: bytes) -> None:
        for name, data in objects.items():
            self.store.put(f"tasks/{name}/ü 1.bin", io.BytesIO(data))

    def remove(self, name: str) -> None:
        self.store.delete(f"tasks/{name}/")

    def objects(self) -> dict[str, bytes]:
        return {
            key.split("/")[1]: read_bytes(self.store, key) for key in (entry.key for entry in self.store.list("tasks/"))
        }

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database_url) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def tasks(self) -> list[str]:
        return [str(name) for (name,) in self.execute("SELECT name FROM tasks ORDER BY name")]


@pytest.fixture
def place(minio: MinioServer, postgres_cluster: PostgresServer) -> Iterator[Place]:
    """Two tasks, with an object each."""
    if missing := [name for name in ("pg_dump", "pg_restore", "psql", "rclone") if tool(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    with new_place(minio, postgres_cluster) as made:
        made.execute("CREATE TABLE tasks (name text)")
        made.execute("INSERT INTO tasks VALUES ('one'), ('two')")
        made.put(one=b"1" * 1000, two=b"2" * 1000)
        yield made


@pytest.fixture
def elsewhere(minio: MinioServer, postgres_cluster: PostgresServer) -> Iterator[Place]:
    """Another machine, with something else on it."""
    with new_place(minio, postgres_cluster) as made:
        made.execute("CREATE TABLE newer (name text)")
        made.put(other=b"x")
        yield made


@contextmanager
def new_place(minio: MinioServer, postgres: PostgresServer) -> Iterator[Place]:
    """A database and a bucket of their own."""
    name = f"backup{uuid.uuid4().hex[:12]}"
    url, settings = postgres.create_database(name), minio.settings(name)
    environment = {
        "DATABASE_URL": url,
        "S3_ENDPOINT": minio.endpoint,
        "S3_ACCESS_KEY": minio.access_key,
        "S3_SECRET_KEY": minio.secret_key,
        "S3_BUCKET": name,
    }
    yield Place(url.replace("+psycopg", ""), open_store(settings), environment)
    postgres.drop_database(name)


def sets_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*T[0-9]*Z"))


def saved_objects(backup: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in (backup / "objects").rglob("*") if path.is_file()}


def test_a_deletion_leaves_older_sets_whole(place: Place, tmp_path: Path) -> None:
    """A set per run; what did not change is on the disk once, what changed or went is still in the older set."""
    first = place.save(tmp_path)
    before = saved_objects(first)
    assert before == {"one": b"1" * 1000, "two": b"2" * 1000}
    place.remove("one")
    place.put(two=b"2" * 1000, three=b"3")  # the second is written anew, the third is new
    place.execute("DELETE FROM tasks WHERE name = 'one'")
    second = place.save(tmp_path)
    third = place.save(tmp_path)
    assert saved_objects(first) == before
    assert saved_objects(second) == saved_objects(third) == place.objects()
    assert (second / "objects/tasks/three/ü 1.bin").samefile(third / "objects/tasks/three/ü 1.bin")
    for backup in (first, second, third):
        assert place.run("backup.sh", "--check", backup).returncode == 0
    assert [path.name for path in third.iterdir() if path.is_file()].sort() == [
        "checksums.sha256",
        "database.dump",
    ].sort()


@pytest.mark.parametrize(
    ("away", "more"),
    [
        ("the store", {"S3_ENDPOINT": NOWHERE}),
        ("the database", {"DATABASE_URL": f"postgresql+psycopg://localclip@{NOWHERE}/localclip"}),
        ("the bucket", {"S3_BUCKET": "no-such-bucket"}),
    ],
)
def test_what_is_away_costs_nothing_that_is_there(
    place: Place, tmp_path: Path, away: str, more: dict[str, str]
) -> None:
    """The exit code says that no backup was made, nothing looks like one, and the next run works."""
    first = place.save(tmp_path)
    failed = place.run("backup.sh", tmp_path, LOCALCLIP_BACKUP_KEEP="1", **more)
    assert failed.returncode != 0, away
    assert "no backup was made; the sets that were there are untouched" in failed.stderr
    assert sets_of(tmp_path) == [first]
    assert place.run("backup.sh", "--check", tmp_path).returncode == 0
    place.put(three=b"3")
    assert saved_objects(place.save(tmp_path)) == place.objects()


def test_a_store_that_hangs_does_not_hold_a_backup_for_ever(place: Place, tmp_path: Path) -> None:
    """It takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hung = f"127.0.0.1:{silent.getsockname()[1]}"
        failed = place.run("backup.sh", tmp_path, S3_ENDPOINT=hung, LOCALCLIP_BACKUP_LIMIT_S="3")
    assert failed.returncode != 0
    assert sets_of(tmp_path) == []


def test_the_newest_are_kept(place: Place, tmp_path: Path) -> None:
    """Older ones go only once a newer one is there; what is not a set is left alone."""
    (tmp_path / "mine").mkdir()
    for day in range(1, 4):
        place.save(tmp_path).rename(tmp_path / f"2020-01-0{day}T000000Z")
    place.save(tmp_path, LOCALCLIP_BACKUP_KEEP="2")
    names = [path.name for path in sets_of(tmp_path)]
    assert (len(names), names[0]) == (2, "2020-01-03T000000Z")
    assert (tmp_path / "mine").is_dir()
    refused = place.run("backup.sh", tmp_path, LOCALCLIP_BACKUP_KEEP="0")
    assert (refused.returncode, "must be 1 or more" in refused.stderr) == (1, True)


def test_what_is_deleted_meanwhile_is_no_half_task(place: Place, tmp_path: Path) -> None:
    """A task that goes between dump and objects: it is begun again, and the set has neither the row nor the file."""
    beside, mark = tmp_path / "bin", tmp_path / "done"
    beside.mkdir()
    rclone, bucket = tool("rclone"), place.environment["S3_BUCKET"]
    forget = f"{tool('psql')} -qd '{place.database_url}' -c 'TRUNCATE tasks'"
    once = f"[ -e {mark} ] || {{ touch {mark}; {rclone} delete 'store:{bucket}/tasks/one'; {forget}; }}"
    (beside / "pg_dump").write_text(f'#!/bin/sh\n{tool("pg_dump")} "$@" || exit 1\n{once}\n')
    (beside / "pg_dump").chmod(0o755)
    place.path = [str(beside)]
    backup = place.save(tmp_path / "sets")
    assert mark.exists()
    assert saved_objects(backup).keys() == {"two"}
    place.execute("INSERT INTO tasks VALUES ('new')")
    assert place.run("restore.sh", backup).returncode == 0
    assert place.tasks() == []


def test_two_backups_do_not_meet(place: Place, tmp_path: Path) -> None:
    """The second says so."""
    holder = subprocess.Popen(["flock", str(tmp_path / ".lock"), "cat"], stdin=subprocess.PIPE)
    try:
        subprocess.run(["sh", "-c", f"while flock -n {tmp_path / '.lock'} true; do sleep 0.05; done"], check=True)
        refused = place.run("backup.sh", tmp_path)
    finally:
        holder.communicate()
    assert (refused.returncode, "is under way" in refused.stderr) == (1, True)


def test_a_restore_elsewhere_replaces_everything(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    """The newest set of a folder; what was there before is gone, and doing it twice changes nothing."""
    place.save(tmp_path)
    for _ in range(2):
        done = elsewhere.run("restore.sh", tmp_path)
        assert done.returncode == 0, done.stderr
        assert elsewhere.tasks() == ["one", "two"]
        assert elsewhere.objects() == place.objects()
        assert elsewhere.execute("SELECT to_regclass('newer')") == [(None,)]


def test_a_damaged_set_is_not_restored(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    """A flipped bit, a lost object, half a dump: each is found before anything is changed."""
    backup = place.save(tmp_path)
    saved, dump = backup / "objects/tasks/one/ü 1.bin", backup / "database.dump"
    for path, wrong in ((saved, b"1" * 999 + b"x"), (saved, None), (dump, dump.read_bytes()[:-200])):
        right = path.read_bytes()
        path.write_bytes(wrong) if wrong else path.unlink()
        assert place.run("backup.sh", "--check", tmp_path).returncode == 1
        assert elsewhere.run("restore.sh", tmp_path).returncode == 1
        path.write_bytes(right)
    assert elsewhere.objects() == {"other": b"x"}
    assert elsewhere.execute("SELECT count(*) FROM newer") == [(0,)]
    assert place.run("backup.sh", "--check", tmp_path).returncode == 0


def test_a_restore_refuses_while_anything_writes(place: Place, tmp_path: Path) -> None:
    """A gateway uses the database; workers, wherever they are, have a broker."""
    place.save(tmp_path)
    with psycopg.connect(place.database_url):
        refused = place.run("restore.sh", tmp_path)
    assert (refused.returncode, "stop every gateway first" in refused.stderr) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as broker:
        address = f"127.0.0.1:{broker.getsockname()[1]}"
        refused = place.run("restore.sh", tmp_path, LOCALCLIP_BROKER=address)
    assert (refused.returncode, "every worker, also those with a GPU" in refused.stderr) == (1, True)
    assert place.run("restore.sh", tmp_path, LOCALCLIP_BROKER=address).returncode == 0


def test_a_dump_that_cannot_be_restored_leaves_the_database(place: Place, tmp_path: Path) -> None:
    """The old tables go and the saved ones come in one transaction."""
    place.save(tmp_path)
    place.execute("INSERT INTO tasks VALUES ('three')")
    place.execute("CREATE VIEW public.kept AS SELECT 1 AS one")
    beside = tmp_path / "bin"
    beside.mkdir()
    real = tool("pg_restore")
    (beside / "pg_restore").write_text(
        f'#!/bin/sh\ncase "$*" in *=/dev/null*) exec {real} "$@" ;; esac\n{real} "$@" | head -n 30; exit 1\n'
    )
    (beside / "pg_restore").chmod(0o755)
    place.path = [str(beside)]
    assert place.run("restore.sh", tmp_path).returncode != 0
    assert place.tasks() == ["one", "three", "two"]
