"""URLs with which anybody can read a file without a key, for a while.

A URL is signed with a key of this installation, which is stored in the database, so that all gateways accept what one
of them signed. Facts contain such URLs: those in the stream of events are signed when they are published, those of
webhooks again for each attempt, so that one that arrives hours later still leads to its file.
"""

import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from services.gateway.web.problems import Problem
from shared.messaging import Fact

PREFIX = "/api/files/"
_FIELDS = ("url", "files_url")
_CARRIERS = ("localclip.language.", "localclip.task.", "localclip.batch.")
_CALLERS_OWN = "metadata"


def file_address(task_id: str, language: str, name: str) -> str:
    """The path of a file of a task, still without its signature."""
    return f"{PREFIX}{task_id}/{quote(language)}/{quote(name)}"


def zip_address(batch_id: str) -> str:
    """The same for the files of a batch."""
    return f"{PREFIX}{batch_id}.zip"


@dataclass(frozen=True)
class Signer:
    """Signs URLs; `base` is put before them, as in https://dub.example.org, if it is known."""

    key: bytes
    lifetime: timedelta
    base: str = ""
    clock: Callable[[], float] = time.time

    def signed(self, path: str) -> str:
        """The URL, valid from now on for `lifetime`."""
        expires = int(self.clock() + self.lifetime.total_seconds())
        return f"{self.base}{path}?expires={expires}&signature={self._signature(path, expires)}"

    def check(self, path: str, expires: int, signature: str) -> None:
        """Raises: Problem 403 `bad_signature`, `address_expired`."""
        if not hmac.compare_digest(self._signature(path, expires).encode(), signature.encode()):
            raise Problem(403, "bad_signature", "this address was not made by LocalClip")
        if expires < self.clock():
            raise Problem(403, "address_expired", "ask for a new address")

    def renewed(self, event: Fact) -> Fact:
        """A fact whose URLs are valid from now on."""
        if not event.type.startswith(_CARRIERS):
            return event
        return event.model_copy(update={"data": self._renewed(event.data)})

    def renewed_body(self, body: str) -> str:
        """The same for a fact as it is sent, inside its envelope."""
        if PREFIX not in body:
            return body
        sent = json.loads(body)
        if not str(sent.get("type", "")).startswith(_CARRIERS):
            return body
        return json.dumps({**sent, "data": self._renewed(sent["data"])}, ensure_ascii=False)

    def _renewed(self, value: Any) -> Any:
        """Sign URLs, except in text that callers wrote themselves: they could name files of others."""
        if isinstance(value, list):
            return [self._renewed(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self._address(one)
            if name in _FIELDS and isinstance(one, str)
            else one
            if name == _CALLERS_OWN
            else self._renewed(one)
            for name, one in value.items()
        }

    def _address(self, address: str) -> str:
        path = address.removeprefix(self.base).partition("?")[0]
        return self.signed(path) if path.startswith(PREFIX) else address

    def _signature(self, path: str, expires: int) -> str:
        return hmac.new(self.key, f"{path}\n{expires}".encode(), "sha256").hexdigest()
