"""Webhooks of an account: make, change, try, see what was sent, send again."""

import asyncio
import json
import uuid
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from services.gateway.db import Session
from services.gateway.db.tables import DeliveryRow, DeliveryState, WebhookRow, now
from services.gateway.hooks import rows as hook_rows
from services.gateway.hooks.replaying import replay
from services.gateway.hooks.rules import OLD_SECRET_LASTS, body_of, new_secret, trial_fact
from services.gateway.hooks.schemas import (
    DeliveryRead,
    Replay,
    Replayed,
    Tested,
    WebhookRead,
    WebhookUpdate,
    WebhookWrite,
)
from services.gateway.hooks.sending import Letter, letter, send, send_again
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.web.claims import keep
from services.gateway.web.etags import check_version_sent, etag
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from shared.outside import Forbidden, check_url, guarded_pool

MAX_WEBHOOKS = 20
_KEPT = timedelta(days=7)
router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


@router.get("", operation_id="list_webhooks")
def list_webhooks(parts: Parts, who: Who) -> list[WebhookRead]:
    """The webhooks of the account."""
    with parts.database.read() as session:
        return _read_all(session, hook_rows.webhooks(session, who.account))


@router.post("", status_code=201, operation_id="create_webhook")
def create_webhook(body: WebhookWrite, parts: Parts, who: Who, response: Response) -> WebhookRead:
    """Have events sent to an address, as POST requests signed by Standard Webhooks with the `secret` of this answer.

    Raises: 422 `forbidden_address`, 409 `too_many_webhooks`.
    """
    _check(parts, body.url)
    with parts.database.write() as session:
        if len(hook_rows.webhooks(session, who.account)) >= MAX_WEBHOOKS:
            raise Problem(409, "too_many_webhooks", f"an account has at most {MAX_WEBHOOKS} webhooks")
        row = WebhookRow(
            webhook_id=f"hook_{uuid.uuid4().hex[:16]}", owner=who.account, secret=new_secret(), **body.model_dump()
        )
        session.add(row)
        session.flush()
        return keep(session, who.claim, _answer(session, row, response, secret=row.secret), response.headers)


@router.get("/{webhook_id}", operation_id="get_webhook")
def get_webhook(webhook_id: str, parts: Parts, who: Who, response: Response) -> WebhookRead:
    """One webhook."""
    with parts.database.read() as session:
        return _answer(session, _known(session, who.account, webhook_id), response)


@router.patch("/{webhook_id}", operation_id="update_webhook")
def update_webhook(
    webhook_id: str, body: WebhookUpdate, request: Request, parts: Parts, who: Who, response: Response
) -> WebhookRead:
    """Change a webhook, switch it off, or on again: then what waited is sent at once.

    What happens while it is off is not kept for it; `replay` sends it later.
    """
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    if "url" in changes:
        _check(parts, changes["url"])
    with parts.database.write() as session:
        row = _known(session, who.account, webhook_id, lock=True)
        check_version_sent(request, row.version)
        for name, value in changes.items():
            setattr(row, name, value)
        if "enabled" in changes or "url" in changes:
            row.disabled_reason, row.failing_since, row.pause_until, row.failures = None, None, None, 0
            hook_rows.hurry(session, row.webhook_id)
        row.version += 1
        return _answer(session, row, response)


@router.delete("/{webhook_id}", status_code=204, operation_id="delete_webhook")
def delete_webhook(webhook_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Remove a webhook, with what has not arrived."""
    with parts.database.write() as session:
        row = _known(session, who.account, webhook_id, lock=True)
        check_version_sent(request, row.version)
        hook_rows.drop(session, row)


@router.post("/{webhook_id}/secret", operation_id="change_webhook_secret")
def change_secret(webhook_id: str, parts: Parts, who: Who, response: Response) -> WebhookRead:
    """Make a new secret. For a day every message is signed by both, so that receivers can change theirs."""
    with parts.database.write() as session:
        row = _known(session, who.account, webhook_id, lock=True)
        row.old_secret, row.old_until = row.secret, now() + OLD_SECRET_LASTS
        row.secret, row.version = new_secret(), row.version + 1
        return keep(session, who.claim, _answer(session, row, response, secret=row.secret), response.headers)


@router.post("/{webhook_id}/test", operation_id="test_webhook")
async def try_webhook(webhook_id: str, parts: Parts, who: Who) -> Tested:
    """Send one event of the type `webhook.test` now, and say what became of it."""
    fact, networks = trial_fact(f"test_{uuid.uuid4().hex}"), parts.settings.networks()

    def write() -> Letter:
        with parts.database.read() as session:
            return letter(_known(session, who.account, webhook_id), fact.id, body_of(fact, 0))

    what = await asyncio.to_thread(write)
    async with guarded_pool(networks, encrypted=what.url.lower().startswith("https:")) as pool:
        answer = await send(pool, networks, what)
    return Tested(delivered=answer.is_delivered, status=answer.status, error=answer.error)


@router.get("/{webhook_id}/deliveries", operation_id="list_deliveries")
def list_deliveries(
    webhook_id: str,
    parts: Parts,
    who: Who,
    response: Response,
    state: Annotated[Literal["waiting", "delivered", "failed"] | None, Query()] = None,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[DeliveryRead]:
    """What was sent and what waits, newest first, with every attempt; kept for 30 days."""
    with parts.database.read() as session:
        row = _known(session, who.account, webhook_id)
        found, total = hook_rows.deliveries(session, row.webhook_id, state, skip, limit)
        response.headers["X-Total-Count"] = str(total)
        return [_delivery(one) for one in found]


@router.get("/{webhook_id}/deliveries/{delivery_id}", operation_id="get_delivery")
def get_delivery(webhook_id: str, delivery_id: int, parts: Parts, who: Who) -> DeliveryRead:
    """One delivery, with the event that is sent."""
    with parts.database.read() as session:
        row = _known_delivery(session, who.account, webhook_id, delivery_id)
        return _delivery(row).model_copy(update={"event": json.loads(row.body)})


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202, operation_id="replay_delivery")
def replay_delivery(webhook_id: str, delivery_id: int, parts: Parts, who: Who) -> DeliveryRead:
    """Send one event again, under its own id."""
    with parts.database.write() as session:
        row = _known_delivery(session, who.account, webhook_id, delivery_id, lock=True)
        send_again(row)
        return _delivery(row)


@router.post("/{webhook_id}/replay", status_code=202, operation_id="replay_webhook")
async def replay_webhook(webhook_id: str, body: Replay, parts: Parts, who: Who) -> Replayed:
    """Send again what happened since a time, each event under its own id; at most 1000 with one request."""
    until = body.until or now()
    since = max(_with_zone(body.since, "/since"), now() - _KEPT)
    return await replay(parts, who.account, webhook_id, since, _with_zone(until, "/until"))


def _with_zone(at: datetime, pointer: str) -> datetime:
    if at.tzinfo is None:
        raise unprocessable("time_without_zone", "say the zone, as in 2026-01-31T09:00:00Z", pointer)
    return at


def _check(parts: Gateway, url: str) -> None:
    try:
        check_url(url, parts.settings.networks())
    except Forbidden as error:
        raise unprocessable("forbidden_address", str(error), "/url") from error


def _known(session: Session, owner: str, webhook_id: str, *, lock: bool = False) -> WebhookRow:
    found = hook_rows.webhook(session, webhook_id, owner, lock=lock)
    if found is None:
        raise not_found(f"webhook '{webhook_id[:40]}'")
    return found


def _known_delivery(session: Session, owner: str, webhook_id: str, id_: int, *, lock: bool = False) -> DeliveryRow:
    row = _known(session, owner, webhook_id, lock=lock)
    found = hook_rows.delivery(session, row.webhook_id, id_, lock=lock) if abs(id_) < 2**31 else None
    if found is None:
        raise not_found(f"delivery {id_}")
    return found


def _read_all(session: Session, found: list[WebhookRow]) -> list[WebhookRead]:
    waiting = hook_rows.waiting(session, [row.webhook_id for row in found])
    return [_read(row, waiting.get(row.webhook_id, 0)) for row in found]


def _answer(session: Session, row: WebhookRow, response: Response, secret: str | None = None) -> WebhookRead:
    response.headers["ETag"] = etag(row.version)
    return _read_all(session, [row])[0].model_copy(update={"secret": secret})


def _read(row: WebhookRow, waiting: int) -> WebhookRead:
    told = set(WebhookRead.model_fields) - {"waiting", "secret"}
    return WebhookRead(**row.model_dump(include=told), waiting=waiting)


def _delivery(row: DeliveryRow) -> DeliveryRead:
    told = set(DeliveryRead.model_fields) - {"delivery_id", "event", "next_at"}
    next_at = row.next_at if row.state == DeliveryState.WAITING else None
    return DeliveryRead(**row.model_dump(include=told), delivery_id=int(row.id or 0), next_at=next_at)
