"""Clients that reconnect together are served from what the gateway heard, and miss nothing where it heard not all."""

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from services.gateway.live.audience import Audience, Frame, Recent
from services.gateway.live.stream import Visit, frames
from shared.messaging import subjects

pytestmark = pytest.mark.anyio


def fact(number: int, data: bytes = b"{}") -> Frame:
    return Frame(f"task_{number % 2}", "x.y", data, number)


def numbers(found: list[Frame] | None) -> list[int | None] | None:
    return None if found is None else [one.sequence for one in found]


def test_what_is_kept_has_no_gap() -> None:
    """Facts and progress are numbered together; after a number that is missing it begins again."""
    recent = Recent()
    for number in range(11, 21):
        recent.add(fact(number) if number % 2 else None, number)
    assert numbers(recent.after(10, 20)) == [11, 13, 15, 17, 19]
    assert numbers(recent.after(14, 18)) == [15, 17]
    assert numbers(recent.after(20, 25)) == []
    assert recent.after(9, 20) is None
    assert recent.after(21, 25) is None
    recent.add(fact(22), 22)
    assert recent.after(20, 22) is None
    assert numbers(recent.after(21, 22)) == [22]
    recent.add(fact(3), 3)  # the stream was made anew
    assert numbers(recent.after(2, 3)) == [3]
    recent.clear()
    assert recent.after(2, 3) is None


@pytest.mark.parametrize(("most", "most_bytes"), [(4, 1000), (1000, 40)])
def test_so_much_is_kept(most: int, most_bytes: int) -> None:
    """By number and by size."""
    recent = Recent(most, most_bytes)
    for number in range(1, 101):
        recent.add(fact(number, b"x" * 10), number)
    assert numbers(recent.after(96, 100)) == [97, 98, 99, 100]
    assert recent.after(95, 100) is None


class Broker:
    """A stream of facts, and how often one of them was asked for."""

    is_connected = True

    def __init__(self, last: int) -> None:
        self.connection, self.last, self.asked = self, last, 0

    def jetstream(self) -> "Broker":
        return self

    async def stream_info(self, _: str) -> Any:
        return SimpleNamespace(state=SimpleNamespace(first_seq=1, last_seq=self.last))

    async def get_msg(self, _: str, seq: int, subject: str, **__: Any) -> RawStreamMsg:
        self.asked += 1
        found = [one for one in range(seq, self.last + 1) if subject.split(".")[2] in ("*", f"task_{one % 2}")]
        if not found:
            raise NotFoundError
        return RawStreamMsg(subject=told(found[0]).replace(".live.", ".events."), data=b"{}", seq=found[0])


def told(number: int) -> str:
    return f"{subjects.LIVE_PREFIX}.task_{number % 2}.es.translation.started"


async def hear(hub: Audience, *heard: int) -> None:
    for number in heard:
        live: Any = None
        await hub._receive(Msg(live, subject=told(number), data=b"{}", headers={"Nats-Sequence": str(number)}))


async def missed(hub: Audience, broker: Broker, known: int, task_id: str | None = None) -> list[int]:
    """The facts that a client gets which had `known`."""

    async def see(id_: str) -> bool:
        return id_ != "task_9"

    async def hello() -> bytes:
        return b"{}"

    visit = Visit(task_id, known, see, hello, 0.001)
    found: list[int] = []
    async for chunk in frames(hub, cast(Any, broker), visit):
        if b"heartbeat" in chunk:
            break
        found += [int(number) for number in re.findall(rb"id: (\d+)\nevent: translation", chunk)]
    return found


async def test_clients_that_reconnect_together_ask_the_broker_for_nothing() -> None:
    """Each gets what it missed, of all tasks or of one."""
    broker = Broker(200)
    hub = Audience(cast(Any, broker))
    await hear(hub, *range(101, 201))
    for _ in range(20):
        assert await missed(hub, broker, 150) == [*range(151, 201)]
        assert await missed(hub, broker, 100, "task_1") == [*range(101, 201, 2)]
    assert broker.asked == 0


async def test_the_rest_is_asked_of_the_broker() -> None:
    """What was told before this gateway began to listen, or has not been heard yet."""
    broker = Broker(200)
    hub = Audience(cast(Any, broker))
    assert await missed(hub, broker, 180) == [*range(181, 201)]
    await hear(hub, *range(150, 191))
    assert await missed(hub, broker, 100) == [*range(101, 201)]
    broker.asked = 0
    assert await missed(hub, broker, 170) == [*range(171, 201)]
    assert broker.asked == 11
    assert await missed(hub, broker, 195) == [*range(196, 201)]


async def test_what_was_told_while_the_broker_was_away_is_asked_for() -> None:
    """Every stream ends then, and its client comes back."""
    broker = Broker(100)
    hub = Audience(cast(Any, broker))
    await hear(hub, *range(1, 81))
    hub.close_all()
    await hear(hub, *range(91, 101))
    assert await missed(hub, broker, 70) == [*range(71, 101)]
