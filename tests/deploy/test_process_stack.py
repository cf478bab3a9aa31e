"""The compose file as processes: two gateways and two workers of each stage share the work and do nothing twice."""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from localclip.checks import check_export
from localclip.results import fetch
from localclip.sample import make_sample
from localclip_client import Client
from shared.testing import PostgresServer, ServerUnavailable, wait_until
from tests.deploy.processes import STAGES, ProcessStack, Replica, servers
from tests.deploy.stack_client import Listener, exchange_of, new_variables, upload, wait_for

pytestmark = pytest.mark.timeout(900)
CONFIG = {"target_languages": ["es", "fr"], "source_language": "en", "num_speakers": 2}


@pytest.fixture(scope="module")
def stack(postgres_cluster: PostgresServer) -> Iterator[ProcessStack]:
    """Two gateways, two workers of each stage, one progress service."""
    variables = new_variables()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="localclip-stack-", ignore_cleanup_errors=True) as name,
            servers(folder := Path(name), variables, postgres_cluster) as found,
        ):
            public = {"S3_PUBLIC_ENDPOINT": f"http://{found.minio.endpoint}"}
            running = ProcessStack(folder, {**variables, **public}, found)
            try:
                running.start(gateway=2, diarizer=2, translator=2, cloner=2, exporter=2)
                yield running
            finally:
                running.kill()
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample video."""
    return make_sample(tmp_path_factory.mktemp("sample") / "dialogue.mp4")


@pytest.fixture(scope="module")
def exchange(sample: Path) -> Path:
    """Its first sentences."""
    return exchange_of(sample.parent, sample)


@pytest.fixture(scope="module")
def dubbed(stack: ProcessStack, exchange: Path) -> dict[str, Any]:
    """Four videos, sent to both gateways at once and listened to on both."""
    one, other = stack.clients()
    ears = [Listener(one), Listener(other)]
    tasks = [upload(one, exchange, CONFIG)]
    tasks += [upload(http, exchange, {**CONFIG, "target_languages": ["es"]}) for http in (other, one, other)]
    for task_id in tasks:
        wait_for(other, task_id)

    def told() -> bool:
        return all(sum(name == "task.completed" for _, name, _ in ear.facts) == len(tasks) for ear in ears)

    wait_until(told, 60, "not everything was told")
    for ear in ears:
        ear.end()
    return {"tasks": tasks, "facts": [ear.facts for ear in ears], "clients": (one, other)}


def test_they_are_dubbed(stack: ProcessStack, dubbed: dict[str, Any], exchange: Path, tmp_path: Path) -> None:
    """Fetched from the other gateway, the exports pass what `make demo` checks."""
    _, other = dubbed["clients"]
    key = stack.variables["LOCALCLIP_API_KEYS"].partition(":")[2]
    with Client(str(other.base_url), key) as client:
        results = fetch(client, client.task(dubbed["tasks"][0]), ("es", "fr"), tmp_path)
    failed = [check for result in results for check in check_export(result, exchange) if not check.passed]
    assert failed == []


def jobs_done(replicas: list[Replica]) -> list[Counter[tuple[str, ...]]]:
    """What each worker has done, by its own log."""
    fields = ("task", "language", "stage", "job", "attempt")
    return [
        Counter(tuple(str(entry[name]) for name in fields) for entry in replica.said("job_done"))
        for replica in replicas
    ]


def test_the_work_is_shared_and_no_job_is_done_twice(stack: ProcessStack, dubbed: dict[str, Any]) -> None:
    """Every job row was done by exactly one worker, at the first try; both workers of the slowest stage had work."""
    query = "SELECT task_id, language, stage, shard, attempt, state, resends FROM jobs WHERE task_id = ANY(%s)"
    with psycopg.connect(stack.servers.database_url) as connection:
        rows = connection.execute(query, (dubbed["tasks"],)).fetchall()
    expected = Counter(tuple(str(value) for value in row[:5]) for row in rows)
    assert {(row[5], row[6]) for row in rows} == {("done", 0)}
    done: Counter[tuple[str, ...]] = Counter()
    for stage in STAGES:
        shares = jobs_done(stack.replicas[stage])
        for share in shares:
            done += share
        if stage == "diarizer":  # its jobs are long; with others one worker may be there first each time
            assert all(shares), f"one {stage} did nothing"
        for replica in stack.replicas[stage]:
            assert replica.said("job_done_elsewhere") == []
    assert done == expected


def test_clients_of_both_gateways_hear_the_same(dubbed: dict[str, Any]) -> None:
    """Every fact once, in the same order with the same number, whoever told it."""
    one, other = dubbed["facts"]
    ids = [int(number) for number, _, _ in one]
    assert ids == sorted(set(ids))
    assert one == other
    names = Counter(name for _, name, _ in one)
    assert names["speaker_diarization.completed"] == 4
    assert names["export.completed"] == 5


def test_ranges_and_downloads_come_from_the_object_store(dubbed: dict[str, Any]) -> None:
    """A range through the gateway; a download from the store itself, by an address that needs no key."""
    one, _ = dubbed["clients"]
    url = f"/api/tasks/{dubbed['tasks'][0]}/artifacts/es/export_es.mp4"
    whole = one.get(url)
    part = one.get(url, headers={"Range": "bytes=1000-1999", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert one.get(url, headers={"Range": "bytes=-500"}).content == whole.content[-500:]
    sent_on = one.get(url, params={"download": "true"})
    assert sent_on.status_code == 307
    assert sent_on.headers["location"].startswith("http://")
    straight = httpx.get(sent_on.headers["location"], headers={"Range": "bytes=0-99"})
    assert (straight.status_code, straight.content) == (206, whole.content[:100])
    assert straight.headers["content-disposition"].endswith("exchange.es.mp4")
    assert httpx.get(str(one.base_url.join(url))).status_code == 401


def test_a_gateway_that_stops_leaves_the_lead_to_the_other(
    stack: ProcessStack, dubbed: dict[str, Any], exchange: Path
) -> None:
    """The one that dispatches gets SIGTERM: the other takes over, and work goes on."""
    leaders = [gateway for gateway in stack.replicas["gateway"] if gateway.said("leadership_taken")]
    assert len(leaders) == 1
    other = next(gateway for gateway in stack.replicas["gateway"] if gateway is not leaders[0])
    leaders[0].send(signal.SIGTERM)
    assert leaders[0].end() in (0, -signal.SIGTERM)
    client = stack.clients()[stack.replicas["gateway"].index(other)]
    task_id = upload(client, exchange, {**CONFIG, "target_languages": ["es"]})
    wait_for(client, task_id)
    assert other.said("leadership_taken")
    leaders[0].start()
    stack.wait_until_healthy()


def test_a_worker_that_stops_ends_its_job_first(stack: ProcessStack, dubbed: dict[str, Any], sample: Path) -> None:
    """SIGTERM in mid-job: the job is done within the grace period, the exit code is 0, and nobody does it again."""
    client, _ = stack.clients()
    before = [len(replica.said("job_started")) for replica in stack.replicas["diarizer"]]
    task_id = upload(client, sample, {**CONFIG, "target_languages": ["es"]})

    def busy() -> Replica | None:
        for replica, count in zip(stack.replicas["diarizer"], before, strict=True):
            if len(replica.said("job_started")) > count:
                return replica
        return None

    worker = wait_until(busy, 60, "no diarizer begins")
    assert worker is not None
    worker.send(signal.SIGTERM)
    assert worker.end() == 0
    done = [entry for entry in worker.said("job_done") if entry["task"] == task_id]
    assert len(done) == 1
    wait_for(client, task_id)
    idle = next(replica for replica in stack.replicas["diarizer"] if replica is not worker)
    assert [entry for entry in idle.said("job_started") if entry["task"] == task_id] == []


def test_the_whole_stack_stops_in_order(stack: ProcessStack, dubbed: dict[str, Any]) -> None:
    """`docker compose stop`: everybody leaves by himself."""
    began = time.monotonic()
    codes = stack.stop()
    assert {name: code for name, code in codes.items() if code not in (0, -signal.SIGTERM)} == {}
    assert time.monotonic() - began < 150
