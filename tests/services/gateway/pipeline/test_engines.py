"""What the engines at hand can do."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from nats.errors import TimeoutError as NatsTimeout

from services.gateway.pipeline import workers
from services.gateway.pipeline.workers import Capabilities
from shared.messaging import EngineInfo
from shared.pipeline import Stage

BROKER: Any = SimpleNamespace(connection=SimpleNamespace(jetstream=lambda: None))
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
    known = Capabilities(BROKER)
    assert asyncio.run(known.announced()) == (SPEAKS, BROKEN)
    assert asyncio.run(known.engines()) == (SPEAKS,)


@pytest.mark.anyio
@pytest.mark.parametrize("is_away", [False, True])
async def test_of_many_who_ask_at_once_one_reads(monkeypatch: pytest.MonkeyPatch, is_away: bool) -> None:
    """Of two reads side by side the older might end last, and of ten that time out one behind the other the tenth
    would wait for all."""
    reads: list[int] = []

    async def announced(_: object) -> tuple[EngineInfo, ...]:
        reads.append(len(reads))
        await asyncio.sleep(0)
        if is_away:
            raise NatsTimeout
        return (SPEAKS,)

    monkeypatch.setattr(workers, "announced_engines", announced)
    monkeypatch.setattr(workers, "is_connected", lambda _: True)
    known = Capabilities(BROKER)
    for expected in ([0], [0, 1]):
        known._read_at = float("-inf")
        told = await asyncio.gather(*(known.announced() for _ in range(10)))
        assert told == [() if is_away else (SPEAKS,)] * 10
        assert reads == expected
