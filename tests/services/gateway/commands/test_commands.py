"""Commands over the broker, by the operator's user: done as the API does, once, and always answered."""

import asyncio
import json
import signal
import sys
import uuid
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats as nats_client
import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError

from shared.messaging import Role
from shared.testing import ServerUnavailable, nats_server, wait_until_async
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.uploads.remote_files import File, Files, video

pytestmark = pytest.mark.anyio

LOOPBACK = {"LOCALCLIP_ALLOWED_NETWORKS": "127.0.0.1/32"}
TEAMS = {"LOCALCLIP_API_KEYS": "ann:aaaaaaaaaaaaaaaa,bob:bbbbbbbbbbbbbbbb"}
RECIPE = {"audio": [{"kind": "dub", "language": "es", "default": True}]}
EXAMPLE = Path(__file__).parents[4] / "examples" / "command.py"
NOBODY = "task_20260101_000000_00000000"


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with one gateway, for what changes nothing in it."""
    folder = tmp_path_factory.mktemp("lone")
    try:
        with nats_server(folder / "nats") as broker:
            world = World(folder, broker, f"sqlite:///{folder}/localclip.db")
            try:
                yield world
            finally:
                world.close()
    except ServerUnavailable as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def gateway(lone: World) -> Gateway:
    """That gateway."""
    return lone.gateway()


@pytest.fixture
def files() -> Iterator[Files]:
    """A server of files."""
    found = Files()
    found.files["/talk.mp4"] = File(video(1, b"t"))
    yield found
    found.close()


@dataclass
class Operator:
    """A program of the operator."""

    client: Client

    async def ask(self, command: str, *, within_s: float = 60, **fields: Any) -> dict[str, Any]:
        """Send a command, with an id of its own where none is named, and return the answer."""
        sent = json.dumps({"id": uuid.uuid4().hex, **fields}).encode()
        return await self.send(command, sent, within_s)

    async def send(self, command: str, body: bytes, within_s: float = 60) -> dict[str, Any]:
        """Send any bytes."""
        answer = await self.client.request(f"localclip.commands.{command}", body, timeout=within_s)
        found: dict[str, Any] = json.loads(answer.data)
        return found

    async def insist(self, command: str, **fields: Any) -> dict[str, Any]:
        """Ask under one id until there is an answer.

        A gateway that is ready for HTTP may begin to listen a moment later, and the broker may hand something to one
        that died a moment ago.
        """
        fields.setdefault("id", uuid.uuid4().hex)
        for _ in range(120):
            with suppress(TimeoutError, NoRespondersError):  # which newer servers say at once
                return await self.ask(command, within_s=1, **fields)
            await asyncio.sleep(0.5)
        raise AssertionError("no gateway takes commands")

    async def heard(self) -> None:
        """Wait until a gateway listens."""
        await self.insist("cancel", task_id=NOBODY, account="nobody")


@asynccontextmanager
async def operator(world: World) -> AsyncIterator[Operator]:
    """Log in as the user that gives commands."""
    client = await nats_client.connect(world.nats.login(Role.OPERATOR), allow_reconnect=False)
    program = Operator(client)
    try:
        await program.heard()
        yield program
    finally:
        await client.close()


async def test_a_video_is_dubbed_by_commands_alone(small_world: World, files: Files) -> None:
    """From a video that is elsewhere over approval to lines spoken again and files by recipe."""
    gateway, _ = small_world.gateway(**LOOPBACK), small_world.workers()
    async with operator(small_world) as program:
        config = {"target_languages": ["es", "fr"], "source_language": "en", "stop_after": "translation"}
        made = await program.ask("create", source_url=f"{files.url}/talk.mp4", config=config, start=True)
        assert (made["status"], made["repeated"], made["problem"]) == (201, False, None), made
        task_id = made["result"]["task_id"]

        def waits() -> bool:
            return gateway.task(task_id)["language_status"]["es"]["waiting_for"] == "approval"

        await wait_until_async(waits, 60, "it does not come to its stop")
        early = await program.ask("process", task_id=task_id, languages=["es"])
        assert (early["status"], early["problem"]["code"]) == (409, "approval_required")
        approved = await program.ask("approve", task_id=task_id, language="es", by="Ann")
        assert approved["result"]["language_status"]["es"]["approved_by"] == "Ann"
        stopped = await program.ask("cancel", task_id=task_id, languages=["fr"])
        assert (stopped["status"], stopped["result"]["task_id"]) == (202, task_id)
        await wait_until_async(lambda: _status(gateway, task_id) == "completed", 60, "Spanish is not completed")
        again = await program.ask("redub", task_id=task_id, language="es", segment_ids=["s0000", "s0001"])
        assert (again["status"], again["result"]["lines"]) == (202, 2)
        recipe = RECIPE
        export = await program.ask("export", task_id=task_id, recipe=recipe, lane="batch")
        assert export["status"] == 202, export
        url = f"/api/tasks/{task_id}/exports/{export['result']['export_id']}"
        ended = lambda: gateway.http.get(url).json()["status"] == "completed"  # noqa: E731
        await wait_until_async(ended, 60, "the files are not made")
        more = await program.ask("process", task_id=task_id, languages=["es"], stage="translation")
        assert (more["status"], more["result"]["task_id"]) == (202, task_id)


async def test_the_example_gives_a_command(lone: World, gateway: Gateway) -> None:
    """`examples/command.py`, with the login of `data/broker/operator.env`."""
    assert gateway.http.get("/readyz").status_code == 200
    word = lone.nats.login(Role.OPERATOR).split("@")[0].rpartition(":")[2]
    environment = {"NATS_URL": f"nats://{lone.nats.address}", "NATS_USER": "operator", "NATS_PASSWORD": word}
    command = [str(EXAMPLE), "cancel", json.dumps({"task_id": NOBODY}), "--id", "an example"]
    script = await asyncio.create_subprocess_exec(sys.executable, *command, env=environment, stdout=PIPE)
    said, _ = await script.communicate()
    assert (script.returncode, json.loads(said)["status"]) == (1, 422), "an id has no spaces"
    script = await asyncio.create_subprocess_exec(sys.executable, *command[:3], env=environment, stdout=PIPE)
    said, _ = await script.communicate()
    assert (script.returncode, json.loads(said)["problem"]["code"]) == (1, "not_found")


def _status(gateway: Gateway, task_id: str) -> str:
    return str(gateway.task(task_id)["language_status"]["es"]["status"])


REFUSED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("process", {"task_id": NOBODY}, "/api/tasks/{task}/process", {}),
    ("cancel", {"task_id": NOBODY}, "/api/tasks/{task}/cancel", {}),
    ("approve", {"task_id": NOBODY, "language": "es"}, "/api/tasks/{task}/languages/es/approve", {}),
    ("redub", {"task_id": NOBODY, "language": "es", "only_stale": True}, "/api/tasks/{task}/languages/es/dub", {}),
    ("export", {"task_id": NOBODY, "recipe": RECIPE}, "/api/tasks/{task}/exports", RECIPE),
    ("create", {"source_url": "https://127.0.0.1/a.mp4"}, "/api/tasks", {"source_url": "https://127.0.0.1/a.mp4"}),
    ("create", {}, "/api/tasks", {}),
]


async def test_what_is_refused_is_refused_as_by_the_api(lone: World, gateway: Gateway) -> None:
    """Status, code and words are those of the request that the command stands for."""
    async with operator(lone) as program:
        for command, fields, path, body in REFUSED:
            body = body or {key: value for key, value in fields.items() if key not in ("task_id", "language", "recipe")}
            by_http = gateway.http.post(path.format(task=NOBODY), json=body)
            answer = await program.ask(command, **fields)
            assert answer["status"] == by_http.status_code >= 400, (command, answer)
            told = {name: value for name, value in by_http.json().items() if name != "errors"}
            assert {name: answer["problem"][name] for name in told} == told
            assert [one["pointer"] for one in answer["problem"]["errors"]] == [
                one["pointer"] for one in by_http.json().get("errors", [])
            ]
            assert answer["result"] is None


UNREADABLE = (
    *(b"", b"{", b"\xff\xfe", b"null", b"[]", b'"cancel"', b"NaN", b"[" * 100_000, b'{"task_id": ' * 5000),
    *(b'{"task_id": "t"}', b'{"id": "", "task_id": "t"}', b'{"id": "a b", "task_id": "t"}'),
    *(b'{"id": "a", "task_id": "../../x"}', b'{"id": "a", "task_id": "t", "languages": ["xx"]}'),
    *(b'{"id": "a", "task_id": "t", "surprise": 1}', b'{"id": "\\ud800", "task_id": "t"}'),
    json.dumps({"id": "a", **{f"f{number}": 1 for number in range(20_000)}}).encode(),
)


async def test_what_cannot_be_read_is_answered(lone: World, gateway: Gateway) -> None:
    """With what is wrong; and the next command is taken as if nothing had been."""
    assert gateway.http.get("/readyz").status_code == 200
    async with operator(lone) as program:
        for body in UNREADABLE:
            answer = await program.send("cancel", body, 20)
            assert (answer["status"], answer["problem"]["code"]) == (422, "invalid_request"), (body[:80], answer)
        unknown = await program.ask("cancel", task_id=NOBODY)
        assert (unknown["status"], unknown["problem"]["code"]) == (404, "not_found")
        with pytest.raises((NoRespondersError, TimeoutError)):
            await program.ask("drop", within_s=2)


async def test_an_answer_that_leads_to_a_command_ends_there(lone: World, gateway: Gateway) -> None:
    """An answer is no command, so two of them never talk to each other for ever."""
    async with operator(lone) as program:
        count = lambda: gateway.service.log.read_text().count('"command_answered"')  # noqa: E731
        before = count()
        body = json.dumps({"id": "round", "task_id": NOBODY}).encode()
        await program.client.publish("localclip.commands.cancel", body, reply="localclip.commands.process")
        await program.client.publish("localclip.commands.cancel", b"{", reply="localclip.commands.cancel")
        for _ in range(3):
            await program.ask("cancel", task_id=NOBODY)
        await wait_until_async(lambda: count() - before >= 4, 60, "the first, and three that were asked for")
        await program.ask("cancel", task_id=NOBODY)
        assert count() - before == 5


async def test_a_thousand_at_once_are_done_once_each(small_world: World, files: Files) -> None:
    """Forty commands, each sent 25 times in the same moment: forty tasks, and every request has its task."""
    gateway = small_world.gateway(**LOOPBACK)
    async with operator(small_world) as program:
        ids = [f"talk-{number}" for number in range(40)] * 25
        about = {"source_url": f"{files.url}/gone.mp4", "within_s": 300}
        answers = await asyncio.gather(*(program.ask("create", id=one, **about) for one in ids))
        assert Counter(answer["status"] for answer in answers) == {201: 1000}
        made = {(answer["id"], answer["result"]["task_id"]) for answer in answers}
        assert len(made) == 40
        assert sum(not answer["repeated"] for answer in answers) == 40
        tasks = gateway.http.get("/api/tasks", params={"limit": 100}).json()
        assert {task["task_id"] for task in tasks} == {task_id for _, task_id in made}
        other = await program.ask("create", id="talk-1", source_url=f"{files.url}/other.mp4")
        assert (other["status"], other["problem"]["code"]) == (422, "idempotency_key_reused")


async def test_of_two_gateways_one_answers(tmp_path: Path, nats: Any, postgres: str) -> None:
    """Each command goes to one of them, and after one is gone to the other."""
    world = World(tmp_path, nats, postgres)
    try:
        first, second = world.gateway(), world.gateway()
        async with operator(world) as program:
            for _ in range(40):
                assert (await program.ask("cancel", task_id=NOBODY))["status"] == 404
            taken = [one.service.log.read_text().count('"command_answered"') for one in (first, second)]
            assert sum(taken) == 40
            assert min(taken) > 0
            first.service.end(signal.SIGKILL)
            assert (await program.insist("cancel", task_id=NOBODY))["status"] == 404
    finally:
        world.close()


async def test_a_gateway_that_dies_before_it_answers_has_done_it_once(small_world: World, files: Files) -> None:
    """Who asked hears nothing, asks the next gateway the same, and is told of the task that is there."""
    about = {"id": "once", "source_url": f"{files.url}/talk.mp4"}
    mortal = small_world.gateway(
        "tests.services.gateway.mortal_gateway", MORTAL_GATEWAY=str(small_world.folder / "x"), **LOOPBACK
    )
    async with operator(small_world) as program:
        with pytest.raises((NoRespondersError, TimeoutError)):
            await program.ask("create", within_s=1, **about)
        assert mortal.service.process is not None
        assert mortal.service.process.wait(60) == -signal.SIGKILL
        with pytest.raises((NoRespondersError, TimeoutError)):  # nobody is there, and nothing waits for who comes
            await program.ask("create", within_s=1, **about)
        gateway = small_world.gateway(**LOOPBACK)
        await program.heard()
        answer = await program.ask("create", **about)
        assert (answer["status"], answer["repeated"]) == (201, True)
        (task,) = gateway.http.get("/api/tasks").json()
        assert task["task_id"] == answer["result"]["task_id"]


async def test_a_command_is_done_in_the_name_of_an_account(small_world: World, files: Files) -> None:
    """It names one where there are several, and sees no more than its API key would."""
    gateway = small_world.gateway(**TEAMS, **LOOPBACK)
    async with operator(small_world) as program:
        about = {"source_url": f"{files.url}/talk.mp4"}
        answers = [await program.ask("create", **about), await program.ask("create", account="eve", **about)]
        assert [answer["problem"]["code"] for answer in answers] == ["account_required", "unknown_account"]
        assert answers[0]["id"]
        made = await program.ask("create", account="ann", **about)
        task_id = made["result"]["task_id"]
        seen = [gateway.http.get(f"/api/tasks/{task_id}", headers={"X-API-Key": key * 16}).status_code for key in "ab"]
        assert seen == [200, 404]
        assert (await program.ask("cancel", account="bob", task_id=task_id))["status"] == 404
        assert (await program.ask("cancel", account="ann", task_id=task_id))["status"] == 202


async def test_where_there_is_one_account_it_need_not_be_named(small_world: World) -> None:
    """And where there is none, none may be."""
    small_world.gateway(LOCALCLIP_API_KEYS="ann:aaaaaaaaaaaaaaaa")
    async with operator(small_world) as program:
        assert (await program.ask("cancel", task_id=NOBODY))["status"] == 404
        assert (await program.ask("cancel", task_id=NOBODY, account="ann"))["status"] == 404
        small_world.services[0].end()
        small_world.gateway()
        await program.heard()
        assert (await program.ask("cancel", task_id=NOBODY))["status"] == 404
        named = await program.ask("cancel", task_id=NOBODY, account="ann")
        assert named["problem"]["code"] == "unknown_account"
