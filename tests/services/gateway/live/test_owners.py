"""Whose a task is, is asked once for all who watch, and what is not known yet is asked again."""

import asyncio
import threading
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faststream.nats import NatsBroker
from sqlalchemy import event

from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchRow, Task
from services.gateway.live import events
from services.gateway.live.audience import Audience
from services.gateway.live.owners import Owners
from services.gateway.web.keys import Caller
from shared.testing import wait_until_async

pytestmark = pytest.mark.anyio


class Tasks:
    """Their owners, and who was asked for; nothing is answered while it is closed."""

    def __init__(self, **owners: str) -> None:
        self.owners, self.asked = dict(owners), list[str]()
        self.open = threading.Event()
        self.open.set()
        self.at = 0.0

    def __call__(self, id_: str) -> str | None:
        self.asked.append(id_)
        assert self.open.wait(60)
        return self.owners.get(id_)

    def clock(self) -> float:
        return self.at


async def test_many_who_watch_ask_once() -> None:
    """At the same time as well as later."""
    tasks, owners = Tasks(a="ann", b="bob"), Owners()
    tasks.open.clear()
    watching = [asyncio.create_task(owners.owner(id_, tasks)) for id_ in ("a", "b") for _ in range(200)]
    await wait_until_async(lambda: len(tasks.asked) == 2, 30, "nobody is asked for")
    tasks.open.set()
    assert await asyncio.gather(*watching) == ["ann"] * 200 + ["bob"] * 200
    assert [await owners.owner("a", tasks) for _ in range(200)] == ["ann"] * 200
    assert sorted(tasks.asked) == ["a", "b"]


async def test_tabs_of_all_accounts_share_what_was_asked(database_url: str) -> None:
    """Each sees its own; of a task, and of a batch, the database is asked once."""
    database, hub = Database(database_url), Audience(NatsBroker(logger=None))
    named: dict[str, Any] = {"video_filename": "a.mp4", "video_original_name": "a.mp4", "video_key": "a"}

    def fill() -> None:
        with database.write() as session:
            session.add(Task(task_id="task_1", owner="ann", video_size=1, **named))
            session.add(BatchRow(batch_id="batch_1", owner="ann", name="x"))

    await asyncio.to_thread(fill)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, *___: asked.append(sql))
    parts = cast(Any, SimpleNamespace(database=database))
    tabs = [events._visibility(parts, hub, Caller(who)) for who in ("ann", "bob", None) for _ in range(50)]
    for id_ in ("task_1", "batch_1"):
        seen = await asyncio.gather(*(may_see(id_) for may_see in tabs))
        assert seen == [True] * 50 + [False] * 50 + [True] * 50
    assert sum(one.startswith("SELECT") for one in asked) == 2
    database.close()


async def test_what_is_not_known_yet_is_not_foreign_for_ever() -> None:
    """It is asked for again a few seconds later, and not for each event until then."""
    tasks = Tasks()
    owners = Owners(clock=tasks.clock)
    assert [await owners.owner("a", tasks) for _ in range(50)] == [None] * 50
    tasks.owners["a"] = "ann"
    tasks.at = 6
    assert [await owners.owner("a", tasks) for _ in range(50)] == ["ann"] * 50
    assert tasks.asked == ["a", "a"]


async def test_one_that_was_erased_stays_known() -> None:
    """Its end is told after it, however much later."""
    tasks = Tasks(a="ann")
    owners = Owners(clock=tasks.clock)
    assert await owners.owner("a", tasks) == "ann"
    del tasks.owners["a"]
    tasks.at = 1e6
    assert await owners.owner("a", tasks) == "ann"


async def test_so_many_are_kept() -> None:
    """The others are asked for again."""
    tasks = Tasks(**{f"t{number}": "ann" for number in range(20)})
    owners = Owners(most=10)
    for _ in range(2):
        for number in range(20):
            assert await owners.owner(f"t{number}", tasks) == "ann"
    assert (len(owners._known), len(tasks.asked)) == (10, 40)


async def test_a_client_that_leaves_takes_nothing_from_the_others() -> None:
    """Nor does a database that is away for a moment."""
    tasks, owners = Tasks(a="ann"), Owners()
    tasks.open.clear()
    first = asyncio.create_task(owners.owner("a", tasks))
    second = asyncio.create_task(owners.owner("a", tasks))
    await wait_until_async(lambda: tasks.asked == ["a"], 30, "nobody is asked for")
    first.cancel()
    tasks.open.set()
    assert await second == "ann"

    def away(_: str) -> str | None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await owners.owner("b", away)
    assert await owners.owner("b", partial(dict.get, {"b": "bob"})) == "bob"
