"""What a list of tasks costs: beside work, and with many tasks in the database."""

import asyncio
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faststream.nats import NatsBroker

from benchmarks.orchestration.seeding import spread
from benchmarks.orchestration.stack import Stack, cost, stack
from services.gateway.db.engine import Database
from services.gateway.operations.sweep import Sweeper
from services.gateway.settings import GatewaySettings
from shared.messaging import BrokerSettings, connect_options

LINES = 40
BEFORE, SECONDS, EVERY_S = 150, 30.0, 0.25
MANY, LINES_OF_MANY = 100_000, 4
_LOOKS = 20


def beside_work(path: Path) -> dict[str, Any]:
    """`GET /api/tasks?limit=100` while tasks come at half the rate that the product keeps up with."""
    with stack(path) as running, running.workers():
        began = time.monotonic()
        for _ in range(6):
            template = running.send(LINES)
        running.finish(6)
        every_s = (time.monotonic() - began) / 6 * 2
        spread(running.database, template, BEFORE)
        stop = threading.Event()
        sender = threading.Thread(target=_keep_sending, args=(running, every_s, stop))
        sender.start()
        with cost(running) as figures:
            until, taken = time.monotonic() + SECONDS, list[float]()
            while time.monotonic() < until:
                taken.append(_timed(lambda: running.client.get("/api/tasks", params={"limit": 100}).raise_for_status()))
                time.sleep(EVERY_S)
        stop.set()
        sender.join()
        idle = _cpu_ms(running, "/api/tasks?limit=100")
    return {
        **_spread_ms(taken),
        "cpu_ms": idle,
        "task_every_s": round(every_s, 2),
        "others_share": figures["others_share"],
    }


def many(path: Path) -> dict[str, Any]:
    """A page, a search and a sweep among finished tasks."""
    with stack(path) as running:
        with running.workers():
            template = running.send(LINES_OF_MANY)
            running.finish(1)
        spread(running.database, template, MANY - 1)
        with running.database.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        found = {
            "tasks": MANY,
            "page": _calls(running, "/api/tasks?limit=100"),
            "page_in_the_middle": _calls(running, f"/api/tasks?limit=100&skip={MANY // 2}"),
            "search": _calls(running, "/api/tasks?limit=100&q=video%2077"),
        }
        found["sweep"] = asyncio.run(_sweeps(running, path))
    return found


async def _sweeps(running: Stack, path: Path) -> dict[str, float]:
    broker = NatsBroker(running.nats, **connect_options(BrokerSettings(nats_url=running.nats)))
    await broker.connect()
    database = Database(str(running.database.url))
    sweeper = Sweeper(database, broker, GatewaySettings())
    taken, at_work = [], time.process_time()
    for _ in range(_LOOKS):
        began = time.perf_counter()
        await sweeper.turn()
        taken.append(time.perf_counter() - began)
    at_work = time.process_time() - at_work
    await broker.stop()
    database.close()
    return {**_spread_ms(taken), "cpu_ms": round(at_work / _LOOKS * 1000, 1)}


def _calls(running: Stack, address: str) -> dict[str, float]:
    taken = [_timed(lambda: running.client.get(address).raise_for_status()) for _ in range(_LOOKS)]
    return {**_spread_ms(taken), "cpu_ms": _cpu_ms(running, address)}


def _cpu_ms(running: Stack, address: str) -> float:
    """CPU of the gateway for one call, which other work on the machine does not change."""
    with cost(running) as figures:
        for _ in range(_LOOKS):
            running.client.get(address).raise_for_status()
    return float(round(figures["cpu_s"]["gateway"] / _LOOKS * 1000, 1))


def _keep_sending(running: Stack, every_s: float, stop: threading.Event) -> None:
    while not stop.wait(every_s):
        running.send(LINES)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _spread_ms(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20)
    return {"p50_ms": round(statistics.median(seconds) * 1000, 1), "p95_ms": round(cuts[18] * 1000, 1)}
