"""Webhooks are apart: what goes wrong with one is nothing to those of other accounts."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import DeliveryRow, DeliveryState, WebhookRow
from services.gateway.hooks import rows as hook_rows
from services.gateway.hooks import sending
from services.gateway.hooks.rules import new_secret
from services.gateway.hooks.sending import Postman
from services.gateway.web.signing import Signer
from shared.outside import parse_networks
from tests.services.gateway.conftest import World
from tests.services.gateway.hooks.test_webhooks import LOOPBACK, Receiver, make

FAR = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
"""A date that is too large for the machine, not only for the calendar."""


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    """Ann's, which makes trouble, and Bob's."""
    with ExitStack() as stack:
        yield stack.enter_context(closing(Receiver())), stack.enter_context(closing(Receiver()))


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with closing(Database(sqlite_url)) as found:
        yield found


def keep(database: Database, **hooks: dict[str, Any]) -> Postman:
    """A sender, and a webhook with one event of each of these accounts."""
    with database.write() as session:
        for owner, fields in hooks.items():
            hook_id = f"hook_{owner}"
            session.add(WebhookRow(**{"webhook_id": hook_id, "owner": owner, "secret": new_secret(), **fields}))
            event = DeliveryRow(webhook_id=hook_id, message_id=owner, type="task.created", sequence=1, body="{}")
            session.add(event)
    return Postman(database, parse_networks("127.0.0.0/8"), Signer(b"k" * 32, timedelta(hours=1)))


def delivery(database: Database, owner: str) -> DeliveryRow:
    with database.read() as session:
        return session.exec(select(DeliveryRow).where(DeliveryRow.webhook_id == f"hook_{owner}")).one()


@pytest.mark.parametrize(
    ("path", "secret", "status"),
    [
        pytest.param("/hä?ö=ü", new_secret(), 200, id="an address with umlauts"),
        pytest.param("/later", new_secret(), 503, id="a time beyond all calendars"),
        pytest.param("/secret", "whsec_A", None, id="a secret that is none"),
    ],
)
def test_one_webhook_stops_no_other(
    database: Database, receivers: tuple[Receiver, Receiver], path: str, secret: str, status: int | None
) -> None:
    """Whatever it makes of its attempt, which is noted as any other, the event of the other account arrives once."""
    bad, good = receivers
    bad.answer, bad.retry_after = lambda _: status or 200, FAR
    postman = keep(database, ann={"url": bad.url + path, "secret": secret}, bob={"url": good.url})
    asyncio.run(postman.turn())
    assert len(good.got) == 1
    assert (delivery(database, "bob").state, delivery(database, "bob").attempts) == (DeliveryState.DELIVERED, 1)
    assert [one["status"] for one in delivery(database, "ann").tries] == [status]


def test_an_attempt_that_cannot_be_noted_ends_no_other(
    database: Database, receivers: tuple[Receiver, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made again after a rest; what was under way meanwhile is noted."""
    bad, good = receivers
    failed, note = threading.Event(), Postman._note

    def busy_once(postman: Postman, webhook_id: str, ended: Sequence[Any]) -> None:
        if webhook_id == "hook_ann" and not failed.is_set():
            failed.set()
            raise DatabaseBusy("others were writing all the time")
        note(postman, webhook_id, ended)

    monkeypatch.setattr(Postman, "_note", busy_once)
    monkeypatch.setattr(sending, "_REST_S", 3600.0)
    good.answer = lambda _: 200 if failed.wait(30) else 500
    postman = keep(database, ann={"url": bad.url}, bob={"url": good.url})
    for _ in range(2):  # the second finds it at rest
        asyncio.run(postman.turn())
        assert (len(bad.got), len(good.got)) == (1, 1)
    assert (delivery(database, "bob").state, delivery(database, "bob").attempts) == (DeliveryState.DELIVERED, 1)
    assert delivery(database, "ann").state == DeliveryState.WAITING
    postman._resting.clear()
    asyncio.run(postman.turn())
    assert delivery(database, "ann").state == DeliveryState.DELIVERED
    assert len(good.got) == 1


def test_a_busy_database_ends_no_attempt(
    database: Database, receivers: tuple[Receiver, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not to know what else is due is no reason to leave off what is under way."""
    _, good = receivers
    looked, with_due = [], hook_rows.with_due
    again = threading.Event()

    def busy_then(session: Session, at: datetime) -> list[str]:
        looked.append(at)
        if len(looked) == 2:
            again.set()
            raise DatabaseBusy("every connection is in use")
        return with_due(session, at)

    monkeypatch.setattr(hook_rows, "with_due", busy_then)
    good.answer = lambda _: 200 if again.wait(30) else 500
    asyncio.run(keep(database, bob={"url": good.url}).turn())
    assert len(good.got) == 1
    assert delivery(database, "bob").state == DeliveryState.DELIVERED


def test_a_trial_says_what_became_of_it(small_world: World, receivers: tuple[Receiver, Receiver]) -> None:
    """Also of addresses with umlauts, and of answers that nobody can read."""
    gateway = small_world.gateway(**LOOPBACK)
    bad, good = receivers
    bad.answer, bad.retry_after, good.url = lambda _: 503, FAR, good.url + "/hä"

    def tried(hook: dict[str, Any]) -> dict[str, Any]:
        answer = gateway.http.post(f"/api/webhooks/{hook['webhook_id']}/test")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    assert tried(make(gateway, bad)) == {"delivered": False, "status": 503, "error": "it answered 503"}
    assert tried(make(gateway, good))["delivered"]
    made = gateway.http.post("/api/webhooks", json={"url": "https://münchen.invalid/hook"})
    assert made.status_code == 201
    named = tried(made.json())
    assert (named["delivered"], named["status"]) == (False, None)
    assert "xn--mnchen-3ya.invalid" in named["error"] or "took too long" in named["error"]
