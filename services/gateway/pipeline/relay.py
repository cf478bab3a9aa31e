"""Publish cancel flags and facts from the outbox to the broker, the facts of one task in order."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js.errors import InvalidKeyError

from services.gateway.db import Session
from services.gateway.db.engine import Database
from services.gateway.db.tables import OutboxKind, OutboxRow
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.channels import Channels
from services.gateway.pipeline.facts import count_refusal
from services.gateway.web.signing import Signer
from shared.messaging import MOST_TRIES, Fact, is_refusal, subjects
from shared.observability import logger

_PORTION = 200
"""So many are sent before the next look for cancel flags; with more, a transaction for each hardly counts less."""

log = logger(__name__)


@dataclass(frozen=True)
class Told:
    """A fact that is in the stream of events, with its sequence number there."""

    fact: Fact
    sequence: int


@dataclass
class _Sent:
    """What became of some rows: published, or refused with a reason."""

    done: list[int] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


class Relay:
    """Publishes outbox rows and removes what the broker has acknowledged: cancel flags first, then facts of all tasks.

    Each portion has some facts of every task that has any: one with thousands of them does not hold up the others.
    What the broker refuses is tried ten times and then set aside; meanwhile it holds up only its own task. `on_told`
    gets the facts that were published in the transaction that removes them from the outbox, each exactly once.
    """

    def __init__(
        self,
        database: Database,
        broker: NatsBroker,
        channels: Channels,
        signer: Signer,
        on_told: Callable[[Session, Sequence[Told]], None],
    ) -> None:
        self._database, self._broker, self._channels = database, broker, channels
        self._signer, self._on_told = signer, on_told
        self._last = ""  # the task whose turn was the last one

    async def turn(self) -> None:
        """Empty the outbox; if the broker fails, the rest is left for the next turn."""
        while rows := await asyncio.to_thread(self._read):
            sent = _Sent()
            try:
                await self._send_all(rows, sent)
            finally:
                await asyncio.to_thread(self._settle, sent)
            if sent.refused:
                return

    async def _send_all(self, rows: Sequence[OutboxRow], sent: _Sent) -> None:
        held: set[str] = set()
        for row in rows:
            id_ = int(row.id or 0)
            if row.task_id in held:
                continue
            try:
                told = await self._send(row)
            except (NatsError, ValueError, KeyError) as error:
                is_its_own = isinstance(error, InvalidKeyError | ValueError | KeyError) or is_refusal(error)
                if not is_its_own:
                    raise
                sent.refused[id_] = f"{type(error).__name__}: {error}"[:2000]
                held.add(row.task_id)
            else:
                sent.done.append(id_)
                sent.told += told

    async def _send(self, row: OutboxRow) -> list[Told]:
        if row.kind == OutboxKind.CANCEL:
            flag = json.loads(row.payload)
            bucket = await self._broker.key_value(subjects.CANCEL_BUCKET, declare=False)
            await bucket.put(flag["key"], json.dumps({"epoch": flag["epoch"]}).encode())
            return []
        fact = self._signer.renewed(Fact.model_validate_json(row.payload))
        return [Told(fact, await self._channels.tell(fact))]

    def _read(self) -> list[OutboxRow]:
        with self._database.read() as session:
            flags = pipeline_rows.waiting_flags(session, _PORTION)
            facts = pipeline_rows.waiting_facts(session, _PORTION - len(flags), self._last)
        if facts:
            self._last = facts[-1].task_id
        return [*flags, *facts]

    def _settle(self, sent: _Sent) -> None:
        if not (sent.done or sent.refused):
            return
        with self._database.write(quiet=True) as session:
            pipeline_rows.drop_outbox(session, sent.done)
            self._on_told(session, sent.told)
            for id_, reason in sent.refused.items():
                log.warning("outbox_refused", row=id_, reason=reason)
                if count_refusal(session, id_, reason, MOST_TRIES):
                    log.error("outbox_set_aside", row=id_, reason=reason)
