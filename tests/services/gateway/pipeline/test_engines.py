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
