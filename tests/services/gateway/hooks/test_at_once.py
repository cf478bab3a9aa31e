"""What a person, the sender and the relay do with a webhook in the same moment."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select, update

from services.gateway.db.engine import Database
from services.gateway.db.tables import DeliveryRow, DeliveryState, Task, WebhookRow
from services.gateway.hooks import rows as hook_rows
from services.gateway.hooks.replaying import _again
from services.gateway.hooks.sending import Answer, Postman, letter, put_on_their_way
from services.gateway.pipeline.relay import Told
from services.gateway.web.signing import Signer
from shared.messaging import fact
from tests.support.locks import wait_for_blocked

HOOK = "hook_1"
TOLD = Told(fact("1", "task_1", "base", "task", "created", {}), 7)


@pytest.fixture
def kept(database_url: str) -> Iterator[Database]:
    """A webhook, and an event on its way to it."""
    with closing(Database(database_url)) as database:
        _fill(database)
        yield database


@pytest.fixture
def kept_on_postgres(postgres: str) -> Iterator[Database]:
    """The same where transactions run beside each other."""
    with closing(Database(postgres)) as database:
        _fill(database)
        yield database


def _fill(database: Database) -> None:
    with database.write() as session:
        names = {"video_filename": "a", "video_original_name": "a", "video_key": "a"}
        session.add(Task.model_validate({"task_id": "task_1", "owner": "ann", "video_size": 1, **names}))
        session.add(WebhookRow(webhook_id=HOOK, owner="ann", url="https://x", secret="whsec_AAAA", types=["*"]))
        hook = hook_rows.webhook(session, HOOK)
        assert hook is not None
        put_on_their_way(session, [TOLD])


def _row(session: Session) -> DeliveryRow:
    return session.exec(select(DeliveryRow)).one()


def test_an_attempt_does_not_write_over_a_change_made_meanwhile(kept_on_postgres: Database) -> None:
    """It ends while the change is written: what it met says nothing of the webhook as it is then."""
    database = kept_on_postgres
    with database.read() as session:
        hook, row = session.exec(select(WebhookRow)).one(), _row(session)
        attempt = (int(row.id or 0), letter(hook, "1", "{}", row), Answer(410, "it answered 410", 0.1))
    postman = Postman(database, [], Signer(b"k", timedelta(hours=1)))
    with ThreadPoolExecutor(1) as thread, database.write() as session:
        session.exec(update(WebhookRow).values(version=2, url="https://y"))
        noting = thread.submit(postman._note, HOOK, [attempt])
        wait_for_blocked(database)
    noting.result()
    with database.read() as session:
        changed = session.exec(select(WebhookRow)).one()
        assert (changed.version, changed.enabled, changed.failures, changed.url) == (2, True, 0, "https://y")
        assert _row(session).attempts == 1


def test_a_replay_counts_although_the_event_arrives_meanwhile(kept_on_postgres: Database) -> None:
    """Who asks for it again gets it again."""
    database = kept_on_postgres
    with ThreadPoolExecutor(1) as thread, database.write() as session:
        session.exec(update(DeliveryRow).values(state=DeliveryState.DELIVERED))
        replaying = thread.submit(_again, database, "ann", HOOK, [TOLD])
        wait_for_blocked(database)
    assert replaying.result() == 1
    with database.read() as session:
        assert _row(session).state == DeliveryState.WAITING


def test_what_a_replay_found_first_does_not_stop_the_relay(kept: Database) -> None:
    """An event is on the stream before the relay notes it: who asks for it in between has it on its way already."""
    with kept.write() as session:
        put_on_their_way(session, [TOLD])
    with kept.read() as session:
        assert (_row(session).message_id, _row(session).state) == ("1", DeliveryState.WAITING)


def test_what_is_sent_again_just_now_is_not_forgotten(kept_on_postgres: Database) -> None:
    """Nor does anybody wait for it."""
    database, old = kept_on_postgres, datetime.now(UTC) - timedelta(days=40)
    with database.write() as session:
        session.exec(update(DeliveryRow).values(state=DeliveryState.DELIVERED, created_at=old))
    with database.write() as session:
        session.exec(update(DeliveryRow).where(col(DeliveryRow.webhook_id) == HOOK).values(state=DeliveryState.WAITING))
        with ThreadPoolExecutor(1) as thread:
            forgetting = thread.submit(Postman(database, [], Signer(b"k", timedelta(hours=1)))._forget)
            forgetting.result()
    with database.read() as session:
        assert _row(session).state == DeliveryState.WAITING


def test_what_is_noted_for_a_webhook_that_is_removed_meanwhile_does_not_stay(
    kept_on_postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would send it, nor see it."""
    database, owners = kept_on_postgres, hook_rows.owners

    def removed_meanwhile(session: Session, ids: Iterable[str]) -> dict[str, str]:
        with database.write() as other:
            hook = hook_rows.webhook(other, HOOK, lock=True)
            assert hook is not None
            hook_rows.drop(other, hook)
        return owners(session, ids)

    monkeypatch.setattr(hook_rows, "owners", removed_meanwhile)
    with database.write() as session:
        put_on_their_way(session, [TOLD])
    with database.read() as session:
        assert _row(session).state == DeliveryState.WAITING
    Postman(database, [], Signer(b"k", timedelta(hours=1)))._forget()
    with database.read() as session:
        assert session.exec(select(DeliveryRow)).all() == []


def test_what_ended_long_ago_is_forgotten(kept: Database) -> None:
    """What waits is not, however old it is."""
    old = datetime.now(UTC) - timedelta(days=40)
    postman = Postman(kept, [], Signer(b"k", timedelta(hours=1)))
    for state, left in ((DeliveryState.WAITING, 1), (DeliveryState.DELIVERED, 0)):
        with kept.write() as session:
            session.exec(update(DeliveryRow).values(state=state, created_at=old))
        postman._forget()
        with kept.read() as session:
            assert len(session.exec(select(DeliveryRow)).all()) == left
