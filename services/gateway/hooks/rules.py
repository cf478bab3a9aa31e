"""What a webhook is told, when an attempt is made again, how it is signed: without database and network."""

import base64
import json
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from shared.messaging import Fact

TYPE = re.compile(r"(\*|[a-z_]+)(\.(\*|[a-z_]+))?")
"""A pattern of types: `task.completed`, `language.*`, `*.failed`, `*`."""

_PAUSES_S = (5, 60, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""After the first failed attempt, the second, ...; the last one repeats. About what Standard Webhooks recommends."""

GIVEN_UP_AFTER = timedelta(days=3)
WAITS_FOR_PREDECESSOR = timedelta(minutes=5)
OLD_SECRET_LASTS = timedelta(days=1)
_DOWN_FROM = 3
_PROBE_S, _MOST_PROBE_S = 5, 300
_LONGEST_RETRY_AFTER_S = 24 * 3600


def matches(types: Iterable[str], type_: str) -> bool:
    """Whether one of the patterns fits a type such as `language.completed`, with or without `localclip.` before it."""
    subject, _, name = type_.removeprefix("localclip.").partition(".")
    for pattern in types:
        wanted, _, also = pattern.partition(".")
        if wanted in ("*", subject) and (also or "*") in ("*", name):
            return True
    return False


def whose(fact: Fact) -> str:
    """The id of the task, or of the batch, that a fact is of; empty where it is of none."""
    return str(fact.data.get("task_id") or fact.data.get("batch_id") or "")


def pause(attempts: int, retry_after_s: float | None = None) -> timedelta:
    """How long after `attempts` failed ones the next is made; a receiver may ask for more, up to a day."""
    ours = _PAUSES_S[min(attempts, len(_PAUSES_S)) - 1]
    theirs = min(retry_after_s or 0, _LONGEST_RETRY_AFTER_S)
    return timedelta(seconds=max(ours, theirs))


def is_down(failures: int) -> bool:
    """Whether so many attempts in a row failed that the receiver counts as away, not as refusing one event."""
    return failures >= _DOWN_FROM


def probe_pause(failures: int) -> timedelta:
    """How long a receiver that is away is left alone: 5 s, 10 s, ... 5 minutes."""
    return timedelta(seconds=min(_PROBE_S * 2 ** min(failures - _DOWN_FROM, 10), _MOST_PROBE_S))


def new_secret() -> str:
    """32 random bytes in the form of the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(message_id: str, body: str, secrets_: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a request, signed by each of the secrets (Standard Webhooks 1.0)."""
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "LocalClip-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in secrets_),
    }


def body_of(fact: Fact, sequence: int) -> str:
    """A fact as it is sent: with its number on the stream of events, which tells the order of a task's events."""
    return json.dumps({**fact.model_dump(mode="json"), "sequence": str(sequence)}, ensure_ascii=False)


def trial_fact(message_id: str) -> Fact:
    """An event that only says that it arrived."""
    return Fact(
        id=message_id,
        type="localclip.webhook.test",
        subject="localclip.webhook.test",
        time=datetime.now(UTC),
        data={"message": "It works: LocalClip reaches this address."},
    )
