"""Put events on their way to webhooks, and send them until they have arrived."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpcore

from services.gateway.db import Session
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import DeliveryRow, DeliveryState, WebhookRow, now
from services.gateway.hooks import rows as hook_rows
from services.gateway.hooks.rules import (
    GIVEN_UP_AFTER,
    WAITS_FOR_PREDECESSOR,
    body_of,
    is_down,
    matches,
    pause,
    probe_pause,
    signed_headers,
    whose,
)
from services.gateway.pipeline.relay import Told
from services.gateway.web.signing import Signer
from shared.observability import logger
from shared.outside import Forbidden, Network, ascii_url, check_url, guarded_pool

_AT_ONCE = 4
_LOOK_AGAIN_S = 1.0
_REST_S = 10.0
_ATTEMPT_S, _CONNECT_S = 20.0, 10.0
_MOST_READ = 64 * 1024
_TRIES_KEPT = 20
_KEPT = timedelta(days=30)
_FORGET_EVERY_S = 3600.0
_GONE = 410
log = logger(__name__)


def put_on_their_way(session: Session, told: Sequence[Told]) -> None:
    """Note, for each webhook that wants it, every fact that was just published."""
    if not told or not (hooks := hook_rows.enabled(session)):
        return
    owners = hook_rows.owners(session, {whose(one.fact) for one in told})
    made = []
    for one in told:
        owner = owners.get(whose(one.fact))
        wanting = [hook for hook in hooks if hook.owner == owner and matches(hook.types, one.fact.type)]
        made += [new_delivery(hook, one) for hook in wanting]
    hook_rows.add(session, made)


def new_delivery(hook: WebhookRow, told: Told) -> DeliveryRow:
    """A fact on its way to a webhook."""
    return DeliveryRow(
        webhook_id=hook.webhook_id,
        message_id=told.fact.id,
        task_id=whose(told.fact),
        type=told.fact.type.removeprefix("localclip."),
        sequence=told.sequence,
        body=body_of(told.fact, told.sequence),
    )


def send_again(row: DeliveryRow) -> None:
    """Let a delivery begin anew."""
    row.state, row.next_at, row.created_at, row.ended_at = DeliveryState.WAITING, now(), now(), None


@dataclass(frozen=True)
class Letter:
    """What is sent, and where to, and what was known as it was.

    `asked_at`: when the delivery began, or began anew; `due_at`: when this attempt was due; `version`: the webhook's.
    """

    url: str
    secrets: tuple[str, ...]
    message_id: str
    body: str
    version: int
    asked_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """What became of an attempt."""

    status: int | None
    error: str | None
    seconds: float
    retry_after_s: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def letter(hook: WebhookRow, message_id: str, body: str, row: DeliveryRow | None = None) -> Letter:
    """A message to a webhook, signed by its secret and, for a day after a change, by the one before."""
    also = [hook.old_secret] if hook.old_secret and hook.old_until and hook.old_until > now() else []
    asked_at, due_at = (row.created_at, row.next_at) if row else (None, None)
    return Letter(hook.url, (hook.secret, *also), message_id, body, hook.version, asked_at, due_at)


async def send(pool: httpcore.AsyncConnectionPool, networks: Sequence[Network], what: Letter) -> Answer:
    """Make one attempt; whatever goes wrong is in the answer. Redirects are not followed: they are errors."""
    began = time.monotonic()

    def answer(status: int | None, error: str | None = None, retry_after_s: float | None = None) -> Answer:
        return Answer(status, error, round(time.monotonic() - began, 3), retry_after_s)

    try:
        check_url(what.url, networks)
        headers = signed_headers(what.message_id, what.body, what.secrets, now())
        async with asyncio.timeout(_ATTEMPT_S):
            status, retry_after = await _post(pool, what, headers)
    except Forbidden as error:
        return answer(None, str(error))
    except TimeoutError:
        return answer(None, f"no answer within {_ATTEMPT_S:.0f} s")
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        return answer(None, f"{type(error).__name__}: {error}"[:300])
    except Exception as error:  # what no receiver should be able to cause stops no other receiver's attempts
        log.exception("webhook_attempt_failed", message=what.message_id)
        return answer(None, f"{type(error).__name__}: {error}"[:300])
    refused = None if 200 <= status < 300 else f"it answered {status}"
    return answer(status, refused, _seconds(retry_after))


async def _post(pool: httpcore.AsyncConnectionPool, what: Letter, headers: dict[str, str]) -> tuple[int, str]:
    timeouts = {"connect": _CONNECT_S, "read": _ATTEMPT_S, "write": _ATTEMPT_S, "pool": _ATTEMPT_S}
    content, target = what.body.encode(), ascii_url(what.url)
    sent = {**headers, "host": urlsplit(target).netloc, "content-length": str(len(content))}
    async with pool.stream(
        "POST", target, headers=list(sent.items()), content=content, extensions={"timeout": timeouts}
    ) as response:
        read = 0
        async for chunk in response.aiter_stream():  # so that the connection can be used again
            read += len(chunk)
            if read > _MOST_READ:
                break
        named = {name.lower(): value for name, value in response.headers}
        return response.status, named.get(b"retry-after", b"").decode("latin-1")


def _seconds(retry_after: str) -> float | None:
    if retry_after.isdecimal():
        return float(retry_after)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, (parsedate_to_datetime(retry_after) - now()).total_seconds())
    return None


class Postman:
    """Sends what is due, each webhook by itself, so that one that is slow or away keeps nobody else waiting.

    A crash between an attempt and its note makes the attempt again, with the same `webhook-id`.
    """

    def __init__(self, database: Database, networks: Sequence[Network], signer: Signer) -> None:
        self._database, self._networks, self._signer = database, tuple(networks), signer
        self._forget_at = 0.0
        self._resting: dict[str, float] = {}

    async def turn(self) -> None:
        """Send until nothing is due."""
        if time.monotonic() >= self._forget_at:
            await asyncio.to_thread(self._forget)
            self._forget_at = time.monotonic() + _FORGET_EVERY_S
        under_way: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._resting = {one: until for one, until in self._resting.items() if until > time.monotonic()}
                for webhook_id in await asyncio.to_thread(self._with_due):
                    if webhook_id not in under_way and webhook_id not in self._resting:
                        under_way[webhook_id] = group.create_task(self._serve(webhook_id))
                if not under_way:
                    return
                await asyncio.wait(under_way.values(), timeout=_LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
                under_way = {webhook_id: task for webhook_id, task in under_way.items() if not task.done()}

    async def _serve(self, webhook_id: str) -> None:
        """Send what is due to one address. If that fails, it rests for a while, and the attempts of others go on."""
        try:
            await self._send_due(webhook_id)
        except DatabaseBusy as error:
            log.warning("webhook_waits", webhook=webhook_id, why=str(error))
        except Exception:  # a background loop: logged, and tried again
            log.exception("webhook_failed", webhook=webhook_id)
        else:
            return
        self._resting[webhook_id] = time.monotonic() + _REST_S

    async def _send_due(self, webhook_id: str) -> None:
        """Send what is due to one address; one that was changed meanwhile is served anew, by the rules of its own."""
        url = await asyncio.to_thread(self._url, webhook_id)
        async with guarded_pool(self._networks, encrypted=url.lower().startswith("https:")) as pool:
            while due := await asyncio.to_thread(self._due, webhook_id):
                if due[0][1].url != url:
                    return
                answers = await asyncio.gather(*(send(pool, self._networks, what) for _, what in due))
                ended = [(*attempt, answer) for attempt, answer in zip(due, answers, strict=True)]
                await asyncio.to_thread(self._note, webhook_id, ended)

    def _with_due(self) -> list[str]:
        """The webhooks with something to send; none while the database is busy: what is under way goes on."""
        try:
            with self._database.read() as session:
                return hook_rows.with_due(session, now())
        except DatabaseBusy as error:
            log.warning("webhooks_wait", why=str(error))
            return []

    def _url(self, webhook_id: str) -> str:
        with self._database.read() as session:
            hook = hook_rows.webhook(session, webhook_id)
            return hook.url if hook else ""

    def _due(self, webhook_id: str) -> list[tuple[int, Letter]]:
        """What to send now; one alone to a receiver that was away the last times."""
        with self._database.read() as session:
            hook, at = hook_rows.webhook(session, webhook_id), now()
            if hook is None or not hook.enabled or (hook.pause_until and hook.pause_until > at):
                return []
            most = 1 if is_down(hook.failures) else _AT_ONCE
            found = hook_rows.due(session, webhook_id, at, WAITS_FOR_PREDECESSOR, most)
            body = self._signer.renewed_body
            return [(int(row.id or 0), letter(hook, row.message_id, body(row.body), row)) for row in found]

    def _note(self, webhook_id: str, ended: Sequence[tuple[int, Letter, Answer]]) -> None:
        with self._database.write(quiet=True) as session:
            hook = hook_rows.webhook(session, webhook_id, lock=True)
            if hook is None:  # removed meanwhile
                return
            for id_, what, answer in ended:
                row = hook_rows.delivery(session, webhook_id, id_, lock=True)
                if row is not None:
                    note_try(row, what, answer, now())
                if hook.version == what.version:  # else it was changed meanwhile, and this is about what it was
                    note_health(session, hook, answer, now())

    def _forget(self) -> None:
        with self._database.write(quiet=True) as session:
            hook_rows.forget(session, now() - _KEPT)


def note_try(row: DeliveryRow, what: Letter, answer: Answer, at: datetime) -> None:
    """Write an attempt down, and when the next one is made; after three days there is none.

    One that was asked for again since the attempt began is sent again, whatever came of that, and one that was hurried
    since is not put off.
    """
    row.attempts += 1
    tried = {"at": at.isoformat(), "status": answer.status, "error": answer.error, "seconds": answer.seconds}
    row.tries = [*row.tries, tried][-_TRIES_KEPT:]
    if what.asked_at != row.created_at:
        return
    if answer.is_delivered:
        row.state, row.ended_at = DeliveryState.DELIVERED, at
    elif at - row.created_at >= GIVEN_UP_AFTER:
        row.state, row.ended_at = DeliveryState.FAILED, at
    elif row.next_at == what.due_at:
        row.next_at = at + pause(row.attempts, answer.retry_after_s) * random.uniform(1, 1.1)  # noqa: S311


def note_health(session: Session, hook: WebhookRow, answer: Answer, at: datetime) -> None:
    """A receiver that is away is left alone for a while; one that is back gets everything; one gone is given up."""
    if answer.is_delivered:
        if is_down(hook.failures):
            hook_rows.hurry(session, hook.webhook_id)
        hook.failures, hook.failing_since, hook.pause_until = 0, None, None
        return
    hook.failures += 1
    hook.failing_since = hook.failing_since or at
    hook.pause_until = at + probe_pause(hook.failures) if is_down(hook.failures) else None
    if answer.status == _GONE:
        give_up(hook, "it answered 410: gone for good")
    elif at - hook.failing_since >= GIVEN_UP_AFTER:
        give_up(hook, f"every attempt of three days failed; the last: {answer.error}")


def give_up(hook: WebhookRow, why: str) -> None:
    """Send nothing more until a person enables it again."""
    hook.enabled, hook.disabled_reason, hook.version = False, why, hook.version + 1
    log.error("webhook_disabled", webhook=hook.webhook_id, why=why)
