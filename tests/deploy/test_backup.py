"""Moving house: a backup of a working stack, restored beside an empty broker, and an upgrade of the database."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from services.gateway.db.engine import MIGRATIONS, Database
from shared.testing import PostgresServer, ServerUnavailable, wait_until
from tests.deploy.composition import ROOT, compose
from tests.deploy.processes import ProcessStack, Servers, servers, tool
from tests.deploy.stack_client import exchange_of, new_variables, upload, wait_for

pytestmark = pytest.mark.timeout(900)
CONFIG = {"target_languages": ["es"], "source_language": "en", "num_speakers": 2}
TOOLS = ("pg_dump", "pg_restore", "psql", "rclone")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach."""
    if missing := [name for name in TOOLS if tool(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="localclip-backup-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@dataclass
class Saved:
    """A backup, and what was there when it was made."""

    variables: dict[str, str]
    backup: Path
    finished: str
    under_way: str
    video: bytes
    lines: list[dict[str, Any]]


def run(script: str, variables: dict[str, str], there: Servers, where: Path) -> subprocess.CompletedProcess[str]:
    """A script of deploy/ with the environment that the compose file gives the `backup` service."""
    environment = dict(compose(variables)["backup"].environment)
    for name, value in environment.items():
        for old, new in there.places.items():
            value = value.replace(old, new)
        environment[name] = value
    path = os.pathsep.join([os.environ["PATH"], str(Path(str(tool("pg_dump"))).parent)])
    arguments = [str(ROOT / "deploy" / script), str(where)]
    return subprocess.run(arguments, env={**environment, "PATH": path}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def saved(folder: Path, postgres_cluster: PostgresServer) -> Saved:
    """A stack with one task done and another in the middle, saved while it works and then lost."""
    variables = new_variables()
    (folder / "before").mkdir()
    try:
        with servers(folder / "before", variables, postgres_cluster) as there:
            stack = ProcessStack(folder / "before", variables, there)
            try:
                stack.start()
                return _worked_and_saved(stack, folder)
            finally:
                stack.kill()
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


def _worked_and_saved(stack: ProcessStack, folder: Path) -> Saved:
    (http,) = stack.clients()
    video = exchange_of(folder)
    finished = upload(http, video, CONFIG)
    wait_for(http, finished)
    stack.stop_service("cloner")  # the next task stops before its voices, with jobs in the queue
    under_way = upload(http, video, CONFIG)

    def waits_for_a_voice() -> bool:
        stages = http.get(f"/api/tasks/{under_way}").json()["language_status"]["es"]["stages"]
        return bool(stages["translation"]["status"] == "completed" and stages["voice_cloning"]["status"] != "pending")

    wait_until(waits_for_a_voice, 300, "the second task does not get to its voices")
    done = run("backup.sh", dict(stack.variables), stack.servers, folder / "saved")
    assert done.returncode == 0, done.stderr
    refused = run("restore.sh", dict(stack.variables), stack.servers, folder / "saved")
    assert refused.returncode == 1
    assert "stop every gateway first" in refused.stderr
    return Saved(
        dict(stack.variables),
        folder / "saved",
        finished,
        under_way,
        http.get(f"/api/tasks/{finished}/artifacts/es/export_es.mp4").content,
        http.get(f"/api/tasks/{finished}/languages/es/lines").json(),
    )


@pytest.fixture(scope="module")
def elsewhere(saved: Saved, folder: Path, postgres_cluster: PostgresServer) -> Iterator[ProcessStack]:
    """Another place with nothing in it, restored from the backup and not started yet."""
    (folder / "after").mkdir()
    with servers(folder / "after", saved.variables, postgres_cluster) as there:
        done = run("restore.sh", saved.variables, there, saved.backup)
        assert done.returncode == 0, done.stderr
        stack = ProcessStack(folder / "after", saved.variables, there)
        try:
            yield stack
        finally:
            stack.kill()


def test_two_gateways_upgrade_a_database_with_tasks_in_it(elsewhere: ProcessStack, saved: Saved) -> None:
    """Taken back by one revision it is what an older version left; both start at once, and it is the newest again."""
    newest = _revision(elsewhere)
    _migrate_back(elsewhere)
    assert _revision(elsewhere) != newest
    elsewhere.start(gateway=2)
    assert _revision(elsewhere) == newest
    for http in elsewhere.clients():
        listed = [task["task_id"] for task in http.get("/api/tasks").json()]
        assert listed == [saved.under_way, saved.finished]


def test_what_was_finished_is_back(elsewhere: ProcessStack, saved: Saved) -> None:
    """The same lines, the same video to the byte."""
    http = elsewhere.clients()[0]
    assert http.get(f"/api/tasks/{saved.finished}/languages/es/lines").json() == saved.lines
    assert http.get(f"/api/tasks/{saved.finished}/artifacts/es/export_es.mp4").content == saved.video


def test_what_was_under_way_goes_on(elsewhere: ProcessStack, saved: Saved) -> None:
    """Its jobs were in a queue that is gone: they are handed out again from the database."""
    http = elsewhere.clients()[1]
    task = wait_for(http, saved.under_way)
    assert task["language_status"]["es"]["status"] == "completed"
    assert any(gateway.said("job_reissued") for gateway in elsewhere.replicas["gateway"])
    assert http.get(f"/api/tasks/{saved.under_way}/artifacts/es/export_es.mp4").status_code == 200


def test_a_line_can_be_edited_after_the_move(elsewhere: ProcessStack, saved: Saved) -> None:
    """The restored task is not only to be looked at."""
    http = elsewhere.clients()[0]
    url = f"/api/tasks/{saved.finished}/languages/es/lines/{saved.lines[0]['segment_id']}"
    edited = http.patch(url, json={"text": "Buenos días."}, headers={"If-Match": f'"{saved.lines[0]["version"]}"'})
    assert (edited.status_code, edited.json()["text"]) == (200, "Buenos días.")
    http.post(f"/api/tasks/{saved.finished}/languages/es/process", json={"stage": "export"}).raise_for_status()
    wait_for(http, saved.finished)


def _revision(stack: ProcessStack) -> str:
    with psycopg.connect(stack.servers.database_url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def _migrate_back(stack: ProcessStack) -> None:
    """Take the schema back by one revision."""
    database, config = Database(stack.servers.database_url), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    database.close()


def test_a_folder_without_a_backup_changes_nothing(elsewhere: ProcessStack, saved: Saved, tmp_path: Path) -> None:
    """A mistyped name must not empty the store."""
    refused = run("restore.sh", saved.variables, elsewhere.servers, tmp_path)
    assert refused.returncode == 1
    assert "holds no backup" in refused.stderr
    assert elsewhere.clients()[0].get(f"/api/tasks/{saved.finished}").status_code == 200
