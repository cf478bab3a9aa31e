"""Who is asking: API keys and the caller they belong to."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from services.gateway.web.claims import Claim
from services.gateway.web.problems import Problem


@dataclass(frozen=True)
class Caller:
    """Who is asking; `owner` None sees every task (no keys are configured). `claim` is on an `Idempotency-Key`."""

    owner: str | None
    claim: Claim | None = field(default=None, compare=False, repr=False)

    @property
    def account(self) -> str:
        """Whose glossary, memory, cast, clips and settings apply; shared by everybody if there are no keys."""
        return self.owner or ""


def authenticate(connection: HTTPConnection, keys: Mapping[str, str]) -> Caller:
    """Check the API key: `Authorization: Bearer`, `X-API-Key`, or the cookie `localclip_key`.

    Raises:
        Problem: 401 when there are keys and none of them was sent.
    """
    if not keys:
        return Caller(None)
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    sent = bearer if scheme.lower() == "bearer" else connection.headers.get("x-api-key", "")
    sent = sent or connection.cookies.get("localclip_key", "")
    for key, name in keys.items():
        if secrets.compare_digest(key.encode(), sent.encode()):
            return Caller(name)
    raise Problem(401, "unauthorized", "send an API key", headers={"WWW-Authenticate": "Bearer"})


def caller(connection: HTTPConnection) -> Caller:
    """The authenticated caller; a route that the entrance does not guard has none, and requesting one is an error."""
    found: Caller = connection.scope["state"]["caller"]
    return found


def _caller(request: Request) -> Caller:
    return caller(request)


Who = Annotated[Caller, Depends(_caller)]
