"""Addresses that are told of events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from localclip_client._async.transport import AsyncTransport
from localclip_client._wire import as_list, as_model, at, given
from localclip_client.models import Delivery, Replayed, Tested, Webhook


class AsyncWebhooks(AsyncTransport):
    """`verify_webhook` is for who receives."""

    async def webhooks(self) -> tuple[Webhook, ...]:
        """The addresses that are told of events."""
        return as_list(Webhook, await self._get(at("webhooks")))

    async def add_webhook(
        self, url: str, types: Sequence[str], description: str = "", key: str | None = None
    ) -> Webhook:
        """Have events of some types told to an address; the answer has its secret, this once."""
        body = {"url": url, "types": list(types), "description": description}
        return as_model(Webhook, await self._post(at("webhooks"), key, json=body))

    async def update_webhook(self, webhook_id: str, **changes: Any) -> Webhook:
        """Change `url`, `types`, `description` or `enabled`; what is left out stays."""
        return as_model(Webhook, await self._ask("PATCH", at("webhooks", webhook_id), json=changes))

    async def remove_webhook(self, webhook_id: str) -> None:
        """Tell an address nothing more."""
        await self._delete(at("webhooks", webhook_id))

    async def change_webhook_secret(self, webhook_id: str) -> Webhook:
        """Make a new secret, which the answer has; the old one signs beside it for a day."""
        return as_model(Webhook, await self._post(at("webhooks", webhook_id, "secret")))

    async def test_webhook(self, webhook_id: str) -> Tested:
        """Send an event `webhook.test`, and tell what became of it."""
        return as_model(Tested, await self._post(at("webhooks", webhook_id, "test")))

    async def deliveries(self, webhook_id: str, state: str | None = None, limit: int = 50) -> tuple[Delivery, ...]:
        """Events for an address with their attempts, newest first."""
        asked = given(limit=limit, state=state)
        return as_list(Delivery, await self._get(at("webhooks", webhook_id, "deliveries"), params=asked))

    async def replay_delivery(self, webhook_id: str, delivery_id: int) -> Delivery:
        """Send an event again."""
        return as_model(Delivery, await self._post(at("webhooks", webhook_id, "deliveries", delivery_id, "replay")))

    async def replay_webhook(self, webhook_id: str, since: datetime, until: datetime | None = None) -> Replayed:
        """Send again everything since a time, a week back at most."""
        body = {"since": since.isoformat(), **given(until=until.isoformat() if until else None)}
        return as_model(Replayed, await self._post(at("webhooks", webhook_id, "replay"), json=body))
