"""Webhooks: what arrives, signed and in order, whatever the receiver does, and what never leaves."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlmodel import Session, col, select
from standardwebhooks import Webhook, WebhookVerificationError

from services.gateway.db.engine import Database
from services.gateway.db.tables import DeliveryRow, DeliveryState, WebhookRow
from services.gateway.hooks.rules import matches
from services.gateway.hooks.sending import Answer, Postman, letter, note_health, note_try, send_again
from services.gateway.web.signing import Signer
from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World

LOOPBACK = {"LOCALCLIP_ALLOWED_NETWORKS": "127.0.0.0/8"}


class Receiver:
    """An address that keeps what it is sent; `answer` decides the status by the event."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        self.answer: Callable[[dict[str, Any]], int] = lambda _: 200
        self.retry_after = "0"
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status = receiver.answer(json.loads(body))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://169.254.169.254/latest/meta-data")
                if status == 503:
                    self.send_header("Retry-After", receiver.retry_after)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def types(self) -> list[str]:
        return [json.loads(body)["type"].removeprefix("localclip.") for _, body in self.got]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def make(gateway: Gateway, receiver: Receiver, *types: str) -> dict[str, Any]:
    answer = gateway.http.post("/api/webhooks", json={"url": receiver.url, "types": types or ["*"]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def log(gateway: Gateway, hook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gateway.http.get(
        f"/api/webhooks/{hook['webhook_id']}/deliveries", params=query
    ).json()
    return found


def test_a_dub_is_told_in_order_and_signed(world: World, receiver: Receiver) -> None:
    """Every fact of the task once, by its number, with signatures that the specification's own library accepts."""
    gateway, _ = world.gateway(**LOOPBACK), world.workers()
    hook = make(gateway, receiver)
    task = gateway.create('{"target_languages": ["es"]}', start=True)
    gateway.wait_for(task["task_id"])
    wait_until(lambda: "task.completed" in receiver.types(), 60, "the end of the task was not told")
    for headers, body in receiver.got:
        event = Webhook(hook["secret"]).verify(body, headers)
        assert event["id"] == headers["webhook-id"]
        with pytest.raises(WebhookVerificationError):
            Webhook(hook["secret"]).verify(body + " ", headers)
    numbers = [int(json.loads(body)["sequence"]) for _, body in receiver.got]
    assert numbers == sorted(set(numbers))
    types = receiver.types()
    assert types[0] == "task.created"
    assert {"speaker_diarization.completed", "export.completed", "language.completed"} <= set(types)
    assert not [type_ for type_ in types if type_.endswith(".progress")]
    wait_until(lambda: not log(gateway, hook, state="waiting"), 30, "something still waits")
    assert [row["type"] for row in reversed(log(gateway, hook, limit="200"))] == types


def test_types_are_chosen_and_accounts_apart(small_world: World, receiver: Receiver) -> None:
    """A webhook hears of what it asked for, and of its own account's tasks only."""
    keys = {"LOCALCLIP_API_KEYS": "ann:aaaaaaaaaaaaaaaa,bob:bbbbbbbbbbbbbbbb"}
    gateway = small_world.gateway(**LOOPBACK, **keys)
    gateway.http.headers["X-API-Key"] = "a" * 16
    hook = make(gateway, receiver, "task.*")
    own = gateway.create()["task_id"]
    gateway.http.patch(f"/api/tasks/{own}", json={"name": "another.mp4"}, headers={"If-Match": "*"})
    gateway.http.headers["X-API-Key"] = "b" * 16
    assert gateway.http.get("/api/webhooks").json() == []
    assert gateway.http.get(f"/api/webhooks/{hook['webhook_id']}").status_code == 404
    other = gateway.create()["task_id"]
    gateway.http.headers["X-API-Key"] = "a" * 16
    gateway.http.delete(f"/api/tasks/{own}")
    wait_until(lambda: "task.deleted" in receiver.types(), 60, "the deletion was not told")
    assert other not in "".join(body for _, body in receiver.got)
    assert {type_.partition(".")[0] for type_ in receiver.types()} == {"task"}


def test_a_receiver_that_was_away_gets_everything(small_world: World, receiver: Receiver) -> None:
    """Also across a killed gateway: nothing lost, every repetition under its first id, in the order of the task."""
    gateway = small_world.gateway(**LOOPBACK)
    hook = make(gateway, receiver)
    receiver.answer = lambda _: 503
    for _ in range(6):
        gateway.create()
    wait_until(lambda: len(receiver.got) >= 4, 60, "nothing was tried")
    state = lambda: gateway.http.get(f"/api/webhooks/{hook['webhook_id']}").json()  # noqa: E731
    wait_until(lambda: state()["failing_since"], 60, "the failure was not noted")
    wait_until(lambda: (state()["enabled"], state()["waiting"]) == (True, 6), 60, "not all six wait")
    gateway.service.end(signal.SIGKILL)
    gateway.service.start()
    gateway.wait_ready()
    receiver.answer = lambda _: 200
    gateway.http.patch(f"/api/webhooks/{hook['webhook_id']}", json={"enabled": True})  # do not wait for the next probe
    wait_until(lambda: not log(gateway, hook, state="waiting"), 60, "not everything arrived")
    arrived = {row["message_id"]: row for row in log(gateway, hook, state="delivered")}
    assert len(arrived) == 6
    assert {headers["webhook-id"] for headers, _ in receiver.got} == set(arrived)
    assert max(row["attempts"] for row in arrived.values()) >= 2


def test_what_arrived_is_sent_again_on_request(small_world: World, receiver: Receiver) -> None:
    """By its number, or everything since a time: under the same ids, and also what a webhook made later never got."""
    gateway = small_world.gateway(**LOOPBACK)
    began = datetime.now(UTC) - timedelta(minutes=1)
    told = make(gateway, receiver)
    gateway.create()
    wait_until(lambda: log(gateway, told, state="delivered"), 60, "the first task was not told")  # or a later one hears
    gateway.http.delete(f"/api/webhooks/{told['webhook_id']}").raise_for_status()
    receiver.got.clear()
    hook = make(gateway, receiver)
    second = gateway.create()["task_id"]
    wait_until(lambda: log(gateway, hook, state="delivered"), 60, "the second task was not told")
    [row] = log(gateway, hook)
    url = f"/api/webhooks/{hook['webhook_id']}"
    assert gateway.http.get(f"{url}/deliveries/{row['delivery_id']}").json()["event"]["data"]["task_id"] == second
    assert gateway.http.post(f"{url}/deliveries/{row['delivery_id']}/replay").status_code == 202
    wait_until(lambda: len(receiver.got) == 2, 60, "it was not sent again")
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    answer = gateway.http.post(f"{url}/replay", json={"since": began.isoformat()})
    assert (answer.status_code, answer.json()["events"]) == (202, 2), answer.text
    wait_until(lambda: len(receiver.got) == 4, 60, "the first task was not told")
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2


def test_a_receiver_says_that_it_is_gone(small_world: World, receiver: Receiver) -> None:
    """410 ends it, and the account is told why; a redirect is an error and is not followed."""
    gateway = small_world.gateway(**LOOPBACK)
    hook = make(gateway, receiver)
    url = f"/api/webhooks/{hook['webhook_id']}"
    receiver.answer = lambda _: 302
    assert gateway.http.post(f"{url}/test").json() == {"delivered": False, "status": 302, "error": "it answered 302"}
    receiver.answer = lambda _: 410
    gateway.create()
    wait_until(lambda: not gateway.http.get(url).json()["enabled"], 60, "it is still enabled")
    assert "410" in gateway.http.get(url).json()["disabled_reason"]
    receiver.answer = lambda _: 200
    assert gateway.http.patch(url, json={"enabled": True}).json()["disabled_reason"] is None
    wait_until(lambda: not log(gateway, hook, state="waiting"), 60, "what waited was not sent")


def test_a_secret_is_changed_without_a_gap(small_world: World, receiver: Receiver) -> None:
    """For a day both secrets sign."""
    gateway = small_world.gateway(**LOOPBACK)
    hook = make(gateway, receiver)
    changed = gateway.http.post(f"/api/webhooks/{hook['webhook_id']}/secret").json()["secret"]
    assert gateway.http.post(f"/api/webhooks/{hook['webhook_id']}/test").json()["delivered"]
    [(headers, body)] = receiver.got
    for secret in (hook["secret"], changed):
        assert Webhook(secret).verify(body, headers)["type"] == "localclip.webhook.test"
    assert gateway.http.get(f"/api/webhooks/{hook['webhook_id']}").json()["secret"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://10.0.0.7/",
        "https://[::1]/",
        "https://[::ffff:192.168.1.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://user:pass@example.org/",
        "ftp://example.org/",
        "https://",
        "https://example.org:99999/",
    ],
)
def test_addresses_of_this_network_are_refused(gateway: Gateway, url: str) -> None:
    """With the field and the way out."""
    answer = gateway.http.post("/api/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_address"), answer.text
    assert answer.json()["errors"][0]["pointer"] == "/url"


def test_a_name_that_leads_inside_is_not_reached(gateway: Gateway) -> None:
    """What a name answers counts when the connection is made: the test says why nothing was sent."""
    made = gateway.http.post("/api/webhooks", json={"url": "https://localhost.localdomain/x"})
    assert made.status_code == 201
    tried = gateway.http.post(f"/api/webhooks/{made.json()['webhook_id']}/test").json()
    assert (tried["delivered"], tried["status"]) == (False, None)
    assert any(why in tried["error"] for why in ("private network", "not known", "took too long"))  # or no DNS
    assert gateway.http.delete(f"/api/webhooks/{made.json()['webhook_id']}").status_code == 204


def test_patterns_of_types() -> None:
    assert matches(["*"], "localclip.task.completed")
    assert matches(["language.*"], "localclip.language.failed")
    assert matches(["*.failed"], "export.failed")
    assert matches(["task"], "task.created")
    assert not matches(["task.*", "*.failed"], "language.completed")


def test_after_three_days_it_is_given_up(sqlite_url: str) -> None:
    """Attempts grow rarer; then the event fails, and the webhook is disabled with the last error."""
    database = Database(sqlite_url)
    database.migrate()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    hook = WebhookRow(webhook_id="hook_1", url="https://x", secret="whsec_AAAA")
    row = DeliveryRow(webhook_id="hook_1", message_id="m", type="task.created", sequence=1, body="{}", created_at=began)
    failed, at, gaps = Answer(503, "it answered 503", 0.1), began, []
    with database.write() as session:
        session.add_all([hook, row])
        while row.state == "waiting":
            note_try(row, letter(hook, "m", "{}", row), failed, at)
            note_health(session, hook, failed, at)
            gaps.append((row.next_at - at).total_seconds())
            at = max(row.next_at, at)
            assert len(gaps) < 30
    database.close()
    assert gaps[:-1] == sorted(gaps[:-1])
    assert at - began >= timedelta(days=3)
    assert (hook.enabled, row.state) == (False, "failed")
    assert "503" in str(hook.disabled_reason)


def test_what_is_asked_for_while_it_is_sent_is_sent_again() -> None:
    """The answer to the attempt under way is no answer to the next."""
    row = DeliveryRow(webhook_id="hook_1", message_id="1", type="task.created", sequence=1, body="{}")
    hook = WebhookRow(webhook_id="hook_1", url="https://x", secret="whsec_AAAA")
    begun = letter(hook, "1", "{}", row)
    send_again(row)
    note_try(row, begun, Answer(200, None, 0.1), datetime.now(UTC))
    assert (row.state, row.attempts) == (DeliveryState.WAITING, 1)
    note_try(row, letter(hook, "1", "{}", row), Answer(200, None, 0.1), datetime.now(UTC))
    assert (row.state, row.attempts) == (DeliveryState.DELIVERED, 2)


def test_a_failure_under_way_does_not_undo_that_it_was_enabled_again(small_world: World, receiver: Receiver) -> None:
    """What waited is sent at once then, as that promises, and what the old attempt met is not counted."""
    gateway, over = small_world.gateway(**LOOPBACK), threading.Event()
    hook = make(gateway, receiver)

    def refuse(_: dict[str, Any]) -> int:
        over.wait(20)
        return 503

    receiver.answer, receiver.retry_after = refuse, "3600"
    gateway.create()
    wait_until(lambda: receiver.got, 60, "nothing was tried")
    gateway.http.patch(f"/api/webhooks/{hook['webhook_id']}", json={"enabled": True})
    receiver.answer = lambda _: 200
    over.set()
    wait_until(lambda: log(gateway, hook, state="delivered"), 60, "it was put off for an hour")
    (arrived,) = log(gateway, hook)
    assert [one["status"] for one in arrived["tries"]] == [503, 200]


def test_what_an_attempt_before_a_change_met_says_nothing_of_what_it_is_now(sqlite_url: str) -> None:
    """An address that is gone, and was replaced while it was asked, does not switch the new one off."""
    database = Database(sqlite_url)
    database.migrate()
    hook = WebhookRow(webhook_id="hook_1", url="https://x", secret="whsec_AAAA")
    row = DeliveryRow(webhook_id="hook_1", message_id="1", type="task.created", sequence=1, body="{}")
    with database.write() as session:
        session.add_all([hook, row])
        session.flush()
        attempt = (int(row.id or 0), letter(hook, "1", "{}", row), Answer(410, "it answered 410", 0.1))
        hook.version += 1
    postman = Postman(database, [], Signer(b"k", timedelta(hours=1)))
    postman._note("hook_1", [attempt])
    with database.read() as session:
        kept = session.exec(select(WebhookRow)).one()
    assert (kept.enabled, kept.failures) == (True, 0)
    database.close()


def test_one_bad_event_keeps_others_waiting_five_minutes_only(sqlite_url: str) -> None:
    """An event waits for the one before it in its task; another task's does not."""
    database = Database(sqlite_url)
    database.migrate()
    now = datetime.now(UTC)
    with database.write() as session:
        session.add(WebhookRow(webhook_id="hook_1", url="https://x", secret="whsec_AAAA"))
        for number, (task, age_s) in enumerate([("a", 400), ("a", 350), ("a", 10), ("b", 10), ("b", 5)]):
            session.add(_waiting(number, task, now - timedelta(seconds=age_s), held=number == 0))
    assert _due(database, now) == ["1", "3"]
    database.close()


def _waiting(number: int, task: str, created: datetime, *, held: bool) -> DeliveryRow:
    return DeliveryRow(
        webhook_id="hook_1",
        message_id=str(number),
        task_id=task,
        type="task.updated",
        sequence=number,
        body="{}",
        created_at=created,
        next_at=created + timedelta(hours=1) if held else created,
    )


def _due(database: Database, at: datetime) -> list[str]:
    from services.gateway.hooks import rows as hook_rows
    from services.gateway.hooks.rules import WAITS_FOR_PREDECESSOR

    with database.read() as session:
        assert isinstance(session, Session)
        assert hook_rows.with_due(session, at) == ["hook_1"]
        assert len(session.exec(select(DeliveryRow).where(col(DeliveryRow.state) == "waiting")).all()) == 5
        return [row.message_id for row in hook_rows.due(session, "hook_1", at, WAITS_FOR_PREDECESSOR, 10)]
