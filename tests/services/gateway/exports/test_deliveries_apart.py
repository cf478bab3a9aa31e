"""Deliveries are apart: large ones of one account, or a busy database, stop none of others."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, select

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import BatchRow, HandoverRow, now
from services.gateway.exports import deliveries
from services.gateway.exports import rows as exports_rows
from services.gateway.exports.deliveries import Deliverer
from services.gateway.exports.zips import Entry
from services.gateway.settings import GatewaySettings
from services.gateway.web.threads import Threads

LARGE = 120


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty one, on each kind of server."""
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


def add(database: Database, number: int, owner: str, **fields: Any) -> None:
    batch_id = f"{owner}{number}"
    with database.write() as session:
        session.add(BatchRow(batch_id=batch_id, owner=owner, name="Season"))
        session.add(HandoverRow(delivery_id=batch_id, batch_id=batch_id, prefix="season", **fields))


def files_of(_: Session, batch_id: str, __: Sequence[str]) -> list[Entry]:
    """Many for Ann, one for anybody else."""
    return [Entry(f"{batch_id}/{number}", "x") for number in range(LARGE if batch_id.startswith("ann") else 1)]


def deliver(database: Database) -> list[str]:
    """Deliver all; returns what was copied, in order."""
    copied: list[str] = []
    target: Any = SimpleNamespace(bucket="shelf", check=lambda: None, copy=lambda _, key, __: copied.append(key))
    asyncio.run(Deliverer(database, Threads(), GatewaySettings(delivery_prefix="shelf"), target).turn())
    return copied


def states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(HandoverRow.state).order_by(col(HandoverRow.id))))


def test_large_deliveries_of_one_account_let_others_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of others need not wait until one of them is done, and all are done in the end."""
    monkeypatch.setattr(deliveries, "files_of", files_of)
    for number in (1, 2, 3):
        add(database, number, "ann")
    add(database, 1, "bob")
    copied = deliver(database)
    assert len(copied) == 3 * LARGE + 1
    assert copied.index("season/bob1/0") < LARGE
    assert states(database) == ["completed"] * 4


def test_owners_take_turns(database: Database) -> None:
    """The oldest of each come first; what is not due does not come."""
    for number in (1, 2, 3):
        add(database, number, "ann")
    add(database, 1, "bob", next_at=now() + timedelta(hours=1))
    for number in (2, 3):
        add(database, number, "bob")
    with database.read() as session:
        found = exports_rows.due_handovers(session, now(), 2)
    assert [(one[0], one[1]) for one in found] == [("ann1", "ann"), ("bob2", "bob"), ("ann2", "ann"), ("bob3", "bob")]


def test_a_busy_database_ends_no_delivery(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to know what else is due is no reason to leave off what is under way."""
    monkeypatch.setattr(deliveries, "_LOOK_S", 0.01)
    monkeypatch.setattr(deliveries, "files_of", files_of)
    add(database, 1, "bob")
    looked: list[None] = []
    due, again = exports_rows.due_handovers, threading.Event()

    def busy_then(*arguments: Any) -> Any:
        looked.append(None)
        if len(looked) == 2:
            again.set()
            raise DatabaseBusy("every connection is in use")
        return due(*arguments)

    def copy(*_: Any) -> None:
        assert again.wait(30)

    monkeypatch.setattr(exports_rows, "due_handovers", busy_then)
    target: Any = SimpleNamespace(bucket="shelf", check=lambda: None, copy=copy)
    asyncio.run(Deliverer(database, Threads(), GatewaySettings(delivery_prefix="shelf"), target).turn())
    assert states(database) == ["completed"]
