"""Who waits for whom: many clips, films before a clip, one owner beside another, and one look at 100 000 ready jobs.

Engines sleep, so that what is measured is the order of work. Every figure is against the same clip alone on the same
stack, or against the running jobs it may have to wait for.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa
from faststream.nats import NatsBroker

from benchmarks.measure import broker, folder, gateway, process
from benchmarks.sleeping_workers import HEADER
from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow
from services.gateway.pipeline.dispatch import Dispatcher
from services.gateway.pipeline.fair_share import rank
from services.gateway.pipeline.workers import Workers
from services.gateway.web.threads import Threads
from shared.observability import configure_logging
from shared.pipeline import Stage
from shared.storage import DirectoryStore

CLIP = {"lines": 4, "seconds": 60, "work_s": 1}
FILM = {"lines": 2000, "seconds": 10_800, "work_s": 20}
CLIPS, MANY_OF_ONE, READY = 100, 300, 100_000
KEYS = {"ada": "a" * 16, "bob": "b" * 16}


@contextmanager
def _stack(path: Path) -> Iterator[dict[str, httpx.Client]]:
    """A gateway with two owners and workers that do two jobs of each stage at a time; yields a client of each owner."""
    path.mkdir()
    with broker(path) as nats:
        keys = ",".join(f"{owner}:{key}" for owner, key in KEYS.items())
        with gateway(path, nats, LOCALCLIP_API_KEYS=keys) as (url, _):
            settings = {"NATS_URL": nats, "UPLOAD_DIR": str(path / "objects"), "LOCALCLIP_WORK_DIR": str(path / "tmp")}
            with process([sys.executable, "-m", "benchmarks.sleeping_workers"], settings):
                owners = {
                    owner: httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=120)
                    for owner, key in KEYS.items()
                }
                _until_slots(owners["ada"])
                yield owners
                for client in owners.values():
                    client.close()


def _until_slots(client: httpx.Client) -> None:
    while any(client.get(f"/metrics/queues/{stage}").json()["slots"] == 0 for stage in Stage):
        time.sleep(0.1)


def _send(client: httpx.Client, video: Mapping[str, float], count: int = 1) -> list[str]:
    config = json.dumps({"target_languages": ["es"], "source_language": "en"})
    parts = [
        ("config", (None, config.encode())),
        ("start", (None, b"true")),
        ("video", ("v.mp4", HEADER + json.dumps(dict(video)).encode())),
    ]
    return [client.post("/api/tasks", files=parts).raise_for_status().json()["task_id"] for _ in range(count)]


def _finished(client: httpx.Client, tasks: Sequence[str], began: float, limit_s: float = 600.0) -> list[float]:
    """Seconds from `began` to the end of each task, looked at ten times a second."""
    ended: dict[str, float] = {}
    while len(ended) < len(tasks):
        if time.monotonic() - began > limit_s:
            raise TimeoutError(f"{len(ended)} of {len(tasks)} tasks ended")
        for skip in range(0, len(tasks) + 10, 1000):
            for task in client.get("/api/tasks", params={"skip": skip, "limit": 1000}).json():
                if task["task_id"] in set(tasks) - ended.keys() and task["status"] != "processing":
                    if task["status"] != "completed":
                        raise RuntimeError(f"{task['task_id']} ended {task['status']}: {task['error_message']}")
                    ended[task["task_id"]] = time.monotonic() - began
        time.sleep(0.1)
    return list(ended.values())


def _dub(client: httpx.Client, video: Mapping[str, float], count: int = 1) -> list[float]:
    began = time.monotonic()
    return _finished(client, _send(client, video, count), began)


def _clips(path: Path) -> dict[str, float]:
    """A hundred equal clips at once, against one alone."""
    with _stack(path) as owners:
        alone = min(*_dub(owners["ada"], CLIP), *_dub(owners["ada"], CLIP))
        ended = sorted(_dub(owners["ada"], CLIP, CLIPS))
    return {
        "alone_s": round(alone, 2),
        "first_s": round(ended[0], 2),
        "all_s": round(ended[-1], 2),
        "first_ratio": round(ended[0] / alone, 2),
        "mean_ratio": round(statistics.mean(ended) / ended[-1], 3),
    }


def _films(path: Path) -> dict[str, float]:
    """A clip sent when three films of the same owner are on their way, against a running job of theirs per stage."""
    with _stack(path) as owners:
        client = owners["ada"]
        alone = min(*_dub(client, CLIP), *_dub(client, CLIP))
        _send(client, FILM, 3)
        while not client.get(f"/metrics/queues/{Stage.CLONING}").json()["open"]:
            time.sleep(0.1)
        (clip,) = _dub(client, CLIP)
    running = 2 * FILM["work_s"] + 2  # recognition and export of a film, one shard of translation and of voices
    return {"alone_s": round(alone, 2), "clip_s": round(clip, 2), "ratio": round(clip / (alone + running), 2)}


def _owners(path: Path) -> dict[str, float]:
    """A clip of one owner while another has hundreds under way, against the clip alone and a job of each stage."""
    with _stack(path) as owners:
        alone = min(*_dub(owners["bob"], CLIP), *_dub(owners["bob"], CLIP))
        _send(owners["ada"], CLIP, MANY_OF_ONE)
        beside = statistics.median(_dub(owners["bob"], CLIP)[0] for _ in range(5))
    running = len(Stage) * CLIP["work_s"]
    return {"alone_s": round(alone, 2), "beside_s": round(beside, 2), "ratio": round(beside / (alone + running), 2)}


def _look(path: Path) -> dict[str, float]:
    """One look at `READY` jobs of three owners in every stage: the choice alone, nothing is sent."""
    path.mkdir()
    database = Database(f"sqlite:///{path}/look.db")
    database.migrate()
    rows = [
        JobRow(
            task_id=f"task{number}",
            language="es",
            stage=list(Stage)[number % 4],
            shard="0",
            attempt=1,
            payload="{}",
            owner="abc"[number % 3],
            **vars(rank(list(Stage)[number % 4], number, 60.0 + number % 977, 1, long=False)),
        ).model_dump(exclude={"id"})
        for number in range(READY)
    ]
    with database.write() as session:
        session.execute(sa.insert(JobRow), rows)
    threads = Threads()
    dispatcher = Dispatcher(database, NatsBroker(), DirectoryStore(path / "objects"), threads, Workers())
    looks = []
    for _ in range(50):
        began = time.perf_counter()
        chosen = dispatcher.choose()
        looks.append(time.perf_counter() - began)
        if not chosen:
            raise RuntimeError("no job was chosen")
    threads.close()
    database.close()
    return {"ready": READY, "p50_ms": round(statistics.median(looks) * 1000, 2)}


def run() -> dict[str, object]:
    """Each on servers of its own."""
    with folder() as path:
        return {
            "name": "fairness",
            "clips": _clips(path / "clips"),
            "films": _films(path / "films"),
            "owners": _owners(path / "owners"),
            "look": _look(path / "look"),
        }


if __name__ == "__main__":
    configure_logging("benchmark", "ERROR")  # filling a table at once holds the write lock for seconds
    json.dump(run(), sys.stdout, indent=2)
