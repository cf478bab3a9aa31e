"""What the engines at hand can do."""

import asyncio

import pytest
from faststream.nats import NatsBroker

from services.gateway.pipeline import workers
from services.gateway.pipeline.workers import Capabilities
from shared.messaging import EngineInfo
from shared.pipeline import Stage

SPEAKS = EngineInfo(
    stage=Stage.CLONING, port="voice", name="espeak-ng", version="1", licence="GPL", commercial_use=True
)
BROKEN = EngineInfo.left_out(Stage.CLONING, "voice", "voxcpm", "Failed to find C compiler")


def test_an_engine_that_was_left_out_is_told_and_not_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without languages of its own it would seem to speak all of them."""

    async def announced(_: object) -> tuple[EngineInfo, ...]:
        return SPEAKS, BROKEN

    monkeypatch.setattr(workers, "announced_engines", announced)
    monkeypatch.setattr(workers, "is_connected", lambda _: True)
    monkeypatch.setattr(NatsBroker, "connection", type("Connection", (), {"jetstream": lambda _: None})())
    known = Capabilities(NatsBroker())
    assert asyncio.run(known.announced()) == (SPEAKS, BROKEN)
    assert asyncio.run(known.engines()) == (SPEAKS,)


async def _twice(known: Capabilities) -> None:
    await asyncio.gather(known.announced(), known.announced())


def test_engines_are_read_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two reads that run side by side the older might end last, and hide what a worker announced between them."""
    reads: list[int] = []

    async def announced(_: object) -> tuple[EngineInfo, ...]:
        reads.append(len(reads))
        await asyncio.sleep(0)
        return (SPEAKS,)

    monkeypatch.setattr(workers, "announced_engines", announced)
    monkeypatch.setattr(workers, "is_connected", lambda _: True)
    monkeypatch.setattr(NatsBroker, "connection", type("Connection", (), {"jetstream": lambda _: None})())
    asyncio.run(_twice(Capabilities(NatsBroker())))
    assert reads == [0]
