"""Bring facts and cancel flags from the outbox to the broker, in order."""

import asyncio
import json

from faststream.nats import NatsBroker

from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.tables import OutboxKind, OutboxRow
from shared.messaging import Fact, publish_once, subjects


class Relay:
    """Publishes outbox rows oldest first and removes what the broker has acknowledged."""

    def __init__(self, database: Database, broker: NatsBroker) -> None:
        self._database, self._broker = database, broker

    async def turn(self) -> None:
        """Empty the outbox; an error leaves the rest for the next turn."""
        while rows := await asyncio.to_thread(self._read):
            done: list[int] = []
            try:
                for row in rows:
                    await self._send(row)
                    done.append(int(row.id or 0))
            finally:
                await asyncio.to_thread(self._drop, done)

    async def _send(self, row: OutboxRow) -> None:
        if row.kind == OutboxKind.CANCEL:
            flag = json.loads(row.payload)
            bucket = await self._broker.key_value(subjects.CANCEL_BUCKET, declare=False)
            await bucket.put(flag["key"], json.dumps({"epoch": flag["epoch"]}).encode())
            return
        event = Fact.model_validate_json(row.payload)
        await publish_once(
            self._broker, event, subject=event.subject, stream=subjects.EVENTS, message_id=f"fact:{event.id}"
        )

    def _read(self) -> list[OutboxRow]:
        with self._database.read() as session:
            return list(queries.outbox(session))

    def _drop(self, ids: list[int]) -> None:
        if ids:
            with self._database.write() as session:
                queries.drop_outbox(session, ids)
