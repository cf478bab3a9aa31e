"""Two thousand event streams that all get one event a second."""

import asyncio
import json
import resource
import selectors
import socket
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import nats

from benchmarks.orchestration.stack import Stack, cost, stack
from shared.messaging import subjects

STREAMS, EVENTS = 2000, 20
_SUBJECT = subjects.event("task_20260101_000000_00000000", "base", "task", "updated")


def streams(path: Path) -> dict[str, Any]:
    """The time from publishing an event to the arrival at each stream, and what a stream keeps in memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * STREAMS)), hard))
    with stack(path) as running:
        (gateway,) = running.parts["gateway"]
        empty = gateway.memory_info().rss
        clients = _connect(running)
        full = gateway.memory_info().rss
        with cost(running) as figures:
            taken = _listen(running, clients)
        for client in clients:
            client.close()
    cuts = statistics.quantiles(taken, n=100)
    return {
        "streams": STREAMS,
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "cpu_ms_per_event": round(figures["cpu_s"]["gateway"] / EVENTS * 1000, 1),
        "kib_each": round((full - empty) / STREAMS / 1024, 1),
        "others_share": figures["others_share"],
    }


def _connect(running: Stack) -> list[socket.socket]:
    """Open every stream and read up to its `hello`."""
    host, port = running.url.removeprefix("http://").split(":")
    request = f"GET /api/events HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode()
    clients = []
    for _ in range(STREAMS):
        client = socket.create_connection((host, int(port)), 60)
        client.sendall(request)
        said = b""
        while b"event: hello" not in said:
            said += client.recv(65536)
        client.setblocking(False)
        clients.append(client)
    return clients


def _listen(running: Stack, clients: list[socket.socket]) -> list[float]:
    """Seconds from each event to each client: plain sockets, so that reading costs next to nothing."""
    waiting = selectors.DefaultSelector()
    for client in clients:
        waiting.register(client, selectors.EVENT_READ)
    sent: list[float] = []
    sender = threading.Thread(target=lambda: asyncio.run(_publish(running.nats, sent)))
    sender.start()
    taken: list[float] = []
    deadline = time.monotonic() + EVENTS * 10
    while len(taken) < EVENTS * STREAMS and time.monotonic() < deadline:
        for key, _ in waiting.select(1.0):
            said = key.fileobj.recv(65536)  # type: ignore[union-attr]
            at = time.monotonic()
            for part in said.split(b'"number":')[1:]:
                taken.append(at - sent[int(part.split(b"}")[0])])
    sender.join()
    if len(taken) < EVENTS * STREAMS:
        raise TimeoutError(f"{len(taken)} of {EVENTS * STREAMS} events came")
    return taken


async def _publish(url: str, sent: list[float]) -> None:
    client = await nats.connect(url)
    for number in range(EVENTS):
        await asyncio.sleep(1.0)
        sent.append(time.monotonic())
        event = {
            "specversion": "1.0",
            "id": str(number),
            "source": "benchmark",
            "type": "t",
            "data": {"number": number},
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        await client.jetstream().publish(_SUBJECT, body)
    await client.close()
