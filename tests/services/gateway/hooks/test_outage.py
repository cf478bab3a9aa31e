"""A receiver that is down for an hour, on a clock of the test's own."""

import asyncio
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from services.gateway.db.engine import Database
from services.gateway.db.tables import DeliveryRow, WebhookRow
from services.gateway.hooks import sending
from services.gateway.hooks.rules import new_secret
from services.gateway.hooks.sending import Postman
from services.gateway.web.signing import Signer
from shared.outside import parse_networks
from tests.services.gateway.hooks.test_webhooks import Receiver, receiver

__all__ = ["receiver"]
EVENTS, TASKS = 500, 50
DOWN = timedelta(hours=1)
STEP = timedelta(seconds=30)


class Clock:
    """What the sender takes for now."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


def test_nothing_is_lost_to_an_hour_without_a_receiver(
    sqlite_url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything arrives afterwards, under its first id, in the order of each task; meanwhile hardly anybody knocks."""
    clock = Clock()
    monkeypatch.setattr(sending, "now", clock)
    database = Database(sqlite_url)
    database.migrate()
    with database.write() as session:
        session.add(WebhookRow(webhook_id="hook_1", url=receiver.url, secret=new_secret(), types=["*"]))
        session.add_all(_event(number, clock.at) for number in range(EVENTS))
    began, back = clock.at, clock.at + DOWN
    receiver.answer = lambda _: 200 if clock.at >= back else 503
    postman = Postman(database, parse_networks("127.0.0.0/8"), Signer(b"k" * 32, timedelta(hours=1)))
    while (left := _left(database)) or clock.at < back:
        asyncio.run(postman.turn())
        clock.at += STEP
        assert clock.at - began < 2 * DOWN, f"{left} events still wait"
    knocked = receiver.got[:-EVENTS]
    assert len(knocked) < 40  # once in five minutes, in the end
    arrived = [headers["webhook-id"] for headers, _ in receiver.got[-EVENTS:]]
    assert sorted(arrived) == sorted(f"m{number}" for number in range(EVENTS))
    assert {headers["webhook-id"] for headers, _ in knocked} <= set(arrived)
    of_task = defaultdict(list)
    for _, body in receiver.got[-EVENTS:]:
        event = json.loads(body)
        of_task[event["task"]].append(event["number"])
    assert all(numbers == sorted(numbers) for numbers in of_task.values())
    assert len(of_task) == TASKS
    database.close()


def _event(number: int, at: datetime) -> DeliveryRow:
    task = f"task_{number % TASKS}"
    return DeliveryRow(
        webhook_id="hook_1",
        message_id=f"m{number}",
        task_id=task,
        type="task.updated",
        sequence=number,
        body=json.dumps({"task": task, "number": number}),
        created_at=at,
        next_at=at,
    )


def _left(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(DeliveryRow.id).where(DeliveryRow.state == "waiting")).all())
