"""Who may do what on a real broker: what each user needs is allowed, and whatever else anybody tries is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import nats as nats_client
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from shared.messaging import STAGE_OF, Provisioning, Role, inbox_prefix, provision, subjects
from shared.messaging._streams import BUCKETS, bucket_stream, consumers, streams
from shared.pipeline import Lane, Stage
from shared.testing import NatsServer, ServerUnavailable, nats_server, wait_until_async
from tests.shared.messaging.conftest import flushed

pytestmark = pytest.mark.anyio

PLAN = Provisioning(automation=("automation", "billing"))
STREAMS = [str(stream.name) for stream in streams(PLAN)] + [bucket_stream(bucket) for bucket in BUCKETS]
COMMAND = f"{subjects.COMMANDS_PREFIX}.cancel"
FACT = subjects.event("t1", "es", "translation", "completed")


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A broker that is attacked; so what it refused is no fault here."""
    try:
        with nats_server(tmp_path_factory.mktemp("broker")) as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


@dataclass
class Somebody:
    """A connection of one user, and what the broker refused it."""

    client: Client
    refused: list[str] = field(default_factory=list)

    def got_away_with(self, attempts: list[tuple[str, bytes]]) -> list[str]:
        """Subjects of which the broker did not say that they are forbidden; the client writes its words small."""
        return [subject for subject, _ in attempts if not any(f'"{subject.lower()}"' in text for text in self.refused)]

    async def attempt(self, subject: str, body: bytes = b"", reply: str = "") -> None:
        """Publish, whatever comes of it."""
        await self.client.publish(subject, body, reply=reply)


@dataclass
class Place:
    """The broker with something in every stream, seen by someone who may see everything."""

    server: NatsServer
    js: JetStreamContext
    exits: AsyncExitStack

    async def user(self, role: Role) -> Somebody:
        """Connect as `role`, as a service does."""
        found = Somebody(Client())

        async def note(error: Exception) -> None:
            found.refused.append(str(error).lower())

        prefix = inbox_prefix(role)
        await found.client.connect(self.server.login(role), error_cb=note, inbox_prefix=prefix, allow_reconnect=False)
        self.exits.push_async_callback(found.client.close)
        return found

    async def is_counted(self) -> bool:
        """Whether every consumer knows of all messages, which it learns of a moment after they are stored."""
        for stream, consumer in consumers(PLAN):
            wanted = consumer.filter_subject or ">"
            held = (await self.js.stream_info(stream, subjects_filter=wanted)).state.subjects or {}
            info = await self.js.consumer_info(stream, str(consumer.durable_name))
            if info.num_pending != sum(held.values()):
                return False
        return True

    async def state(self) -> dict[str, Any]:
        """Configuration and content of everything, but for what was merely read."""
        found: dict[str, Any] = {}
        for info in await self.js.streams_info():
            name = str(info.config.name)
            messages = (info.state.messages, info.state.first_seq, info.state.last_seq)
            found[name] = (info.config, messages)
            for consumer in await self.js.consumers_info(name):
                taken = (consumer.num_pending, consumer.num_ack_pending, consumer.ack_floor.stream_seq)  # type: ignore[union-attr]
                found[f"{name}/{consumer.name}"] = (consumer.config, taken)
        return found


@pytest.fixture
async def place(broker: NatsServer) -> AsyncIterator[Place]:
    """Provisioned by the gateway's own user, with two tenants' facts and a job and a result under way."""
    async with AsyncExitStack() as exits:
        onlooker = await nats_client.connect(broker.url)
        exits.push_async_callback(onlooker.close)
        made = Place(broker, onlooker.jetstream(timeout=5), exits)
        gateway = await made.user(Role.GATEWAY)
        await provision(gateway.client.jetstream(), PLAN)
        assert gateway.refused == []
        for number in range(5):
            await made.js.publish(FACT.replace("t1", f"t{number}"), json.dumps({"number": number}).encode())
        for stage in Stage:
            await made.js.publish(job_of(stage), b"{}")
            await made.js.publish(subjects.results(stage), b"{}")
        await wait_until_async(made.is_counted, 60, "the broker to count what each consumer has before it")
        flags = await made.js.key_value(subjects.CANCEL_BUCKET)
        await flags.put("t1", b'{"epoch": 1}')
        yield made


def job_of(stage: Stage, lane: Lane = Lane.BATCH) -> str:
    """The subject of a job."""
    return str(subjects.JobSubject(stage, lane, "t1", "es", "0", 1))


def said_by_services() -> Iterator[str]:
    """Every kind of subject that a service publishes to, or keeps."""
    yield from (FACT, f"{subjects.LIVE_PREFIX}.t1.es.translation.completed", subjects.dead("unknown"))
    yield from (COMMAND, "_R_.abcdef.ghijkl")
    for stage in Stage:
        yield from (job_of(stage, lane) for lane in Lane)
        yield from (subjects.results(stage), subjects.dead(stage), subjects.raw_progress("t1", "es", stage))
        yield subjects.event("t1", "es", stage, "progress")
        yield f"$KV.{subjects.ENGINES_BUCKET}.{stage}"
    yield from (f"$KV.{subjects.CANCEL_BUCKET}.t1", f"$KV.{subjects.HANDED_BACK_BUCKET}.1")


def changes() -> Iterator[tuple[str, bytes]]:
    """Every request that changes a stream or a consumer, for each of them."""
    for stream in [*STREAMS, "NEW"]:
        config = json.dumps({"name": stream, "subjects": ["stolen.>", "localclip.results.>"]}).encode()
        yield f"$JS.API.STREAM.CREATE.{stream}", config
        yield f"$JS.API.STREAM.UPDATE.{stream}", config
        yield f"$JS.API.STREAM.DELETE.{stream}", b""
        yield f"$JS.API.STREAM.PURGE.{stream}", b""
        yield f"$JS.API.STREAM.MSG.DELETE.{stream}", b'{"seq": 1}'
        yield f"$JS.API.STREAM.SNAPSHOT.{stream}", b'{"deliver_subject": "localclip.results.export"}'
        push = {"deliver_subject": "localclip.results.export", "durable_name": "mine", "ack_policy": "none"}
        for subject in ("CONSUMER.DURABLE.CREATE.{}.mine", "CONSUMER.CREATE.{}", "CONSUMER.CREATE.{}.mine"):
            config = json.dumps({"stream_name": stream, "config": push}).encode()
            yield f"$JS.API.{subject.format(stream)}", config
    for stream, consumer in consumers(PLAN):
        yield f"$JS.API.CONSUMER.DELETE.{stream}.{consumer.durable_name}", b""
        yield f"$JS.API.CONSUMER.PAUSE.{stream}.{consumer.durable_name}", b'{"pause_until": "2099-01-01T00:00:00Z"}'


def thefts() -> Iterator[tuple[str, bytes]]:
    """Taking and settling what others are to work on, and reading what is not a fact."""
    for stream, consumer in consumers(PLAN):
        if stream != subjects.EVENTS:
            yield f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer.durable_name}", b"1"
            for word in (b"+ACK", b"+TERM", b"-NAK"):
                yield f"$JS.ACK.{stream}.{consumer.durable_name}.1.1.1.1.0", word
    for stream in STREAMS:
        if stream != subjects.EVENTS:
            yield f"$JS.API.STREAM.MSG.GET.{stream}", b'{"seq": 1}'
            yield f"$JS.API.DIRECT.GET.{stream}", b'{"seq": 1}'
            yield f"$JS.API.STREAM.INFO.{stream}", b""
    yield from (("$JS.API.STREAM.LIST", b""), ("$JS.API.STREAM.NAMES", b""), ("$JS.API.INFO", b""))
    yield from (("$SYS.REQ.SERVER.PING", b""), ("$SYS.REQ.ACCOUNT.PING.CONNZ", b""))


def diversions() -> Iterator[tuple[str, bytes]]:
    """What the reader may ask, with the answer sent where a service listens."""
    for name in PLAN.automation:
        yield f"$JS.API.CONSUMER.MSG.NEXT.{subjects.EVENTS}.{name}", b'{"batch": 1, "no_wait": true}'
    yield f"$JS.API.DIRECT.GET.{subjects.EVENTS}", b'{"seq": 1}'
    yield f"$JS.API.DIRECT.GET.{subjects.EVENTS}.{FACT}", b""


async def settled(somebody: Somebody) -> None:
    """Wait until the broker has worked through everything that was sent."""
    await flushed(somebody.client)
    await asyncio.sleep(0.2)  # refusals come before the answer to a flush; what is stored, a moment later


async def test_the_reader_changes_nothing(place: Place) -> None:
    """Of more than 200 attempts to publish, change, delete, take and divert, none succeeds and each is refused."""
    reader, before = await place.user(Role.AUTOMATION), await place.state()
    attempts = [(subject, b"{}") for subject in said_by_services()] + [*changes(), *thefts()]
    assert len(attempts) >= 200
    for subject, body in attempts:
        await reader.attempt(subject, body, reply=reader.client.new_inbox())
    await settled(reader)
    assert reader.got_away_with(attempts) == []
    assert await place.state() == before


async def test_who_gives_commands_changes_nothing_else(place: Place) -> None:
    """Of more than 200 attempts beyond commands, to read facts among them, none succeeds and each is refused."""
    operator, before = await place.user(Role.OPERATOR), await place.state()
    attempts = [(subject, b"{}") for subject in said_by_services() if subject != COMMAND]
    attempts += [*changes(), *thefts(), *diversions(), ("localclip.commands", b"{}"), (f"{COMMAND}.more", b"{}")]
    assert len(attempts) >= 200
    for subject, body in attempts:
        await operator.attempt(subject, body, reply=operator.client.new_inbox())
    await settled(operator)
    assert operator.got_away_with(attempts) == []
    assert await place.state() == before


async def test_answers_to_commands_go_nowhere_else(place: Place) -> None:
    """Whatever inbox a command names: no stream takes what it is answered, nobody hears it, and no bucket keeps it."""
    gateway, operator = await place.user(Role.GATEWAY), await place.user(Role.OPERATOR)
    taken = []

    async def answer(message: Any) -> None:
        taken.append(message.data)
        await message.respond(b"{}")

    await gateway.client.subscribe(f"{subjects.COMMANDS_PREFIX}.*", queue="gateway", cb=answer)
    await flushed(gateway.client)
    before = await place.state()
    targets = [*said_by_services(), *(subject for subject, _ in (*changes(), *thefts(), *diversions()))]
    targets = [target for target in targets if target != COMMAND]
    assert len(targets) >= 200
    for number, target in enumerate(targets):
        await operator.attempt(COMMAND, str(number).encode(), reply=target)
    assert (await operator.client.request(COMMAND, b"last", timeout=10)).data == b"{}"
    await settled(operator)
    assert set(taken) <= {*(str(number).encode() for number in range(len(targets))), b"last"}
    assert b"last" in taken
    assert (await place.state(), gateway.refused) == (before, [])


async def test_a_fact_is_never_taken_for_a_command(place: Place) -> None:
    """What a reader is given cannot be led to where commands are taken."""
    gateway, reader, heard = await place.user(Role.GATEWAY), await place.user(Role.AUTOMATION), []

    async def hear(message: Any) -> None:
        heard.append(message.subject)

    await gateway.client.subscribe(f"{subjects.COMMANDS_PREFIX}.*", cb=hear)
    await flushed(gateway.client)
    for subject, body in diversions():
        await reader.attempt(subject, body, reply=COMMAND)
    await settled(reader)
    await flushed(gateway.client)
    assert heard == []


async def test_the_answers_of_the_reader_go_nowhere_else(place: Place) -> None:
    """A request that is allowed cannot put its answer where a service takes it for a message of another."""
    reader = await place.user(Role.AUTOMATION)
    before = {name: kept for name, kept in (await place.state()).items() if not name.startswith(subjects.EVENTS)}
    for subject, body in diversions():
        for target in said_by_services():
            await reader.attempt(subject, body, reply=target)
    await settled(reader)
    after = {name: kept for name, kept in (await place.state()).items() if not name.startswith(subjects.EVENTS)}
    assert after == before
    info = await place.js.stream_info(subjects.EVENTS)
    assert info.state.messages == 5


SECRET_SUBJECTS = (
    ">",
    "localclip.>",
    "localclip.jobs.>",
    "localclip.results.>",
    "localclip.progress.>",
    "localclip.commands.>",
    "_R_.>",
    "$JS.>",
    "$KV.>",
)


@pytest.mark.parametrize("role", [Role.AUTOMATION, Role.OPERATOR, *STAGE_OF])
async def test_nobody_listens_in(place: Place, role: Role) -> None:
    """Neither programs of the operator nor workers hear jobs, results, commands or the answers of others."""
    somebody, heard = await place.user(role), []

    async def hear(message: Any) -> None:
        heard.append(message.subject)

    others = [f"{inbox_prefix(other)}.>" for other in Role if inbox_prefix(other) != inbox_prefix(role)]
    wanted = [*SECRET_SUBJECTS, *others]
    for subject in wanted:
        await somebody.client.subscribe(subject, cb=hear)
    await flushed(somebody.client)
    gateway, worker = await place.user(Role.GATEWAY), await place.user(Role.CLONER)
    await gateway.client.jetstream().publish(job_of(Stage.EXPORT, Lane.INTERACTIVE), b"{}")
    await worker.client.jetstream().publish(subjects.results(Stage.CLONING), b"{}")
    await settled(somebody)
    assert heard == []
    assert len(somebody.refused) == len(wanted)


async def test_the_reader_reads(place: Place) -> None:
    """Facts from the durable that the gateway made, by their number, the last of a subject, and live."""
    reader = await place.user(Role.AUTOMATION)
    js = reader.client.jetstream(timeout=5)
    for durable in PLAN.automation:
        subscription = await js.pull_subscribe_bind(durable, stream=subjects.EVENTS)
        messages = await subscription.fetch(10, timeout=5)
        assert [json.loads(message.data)["number"] for message in messages] == [0, 1, 2, 3, 4]
        for message in messages:
            await message.ack_sync(timeout=5)
        info = await place.js.consumer_info(subjects.EVENTS, durable)
        assert (info.num_pending, info.num_ack_pending) == (0, 0)
    third = await js.get_msg(subjects.EVENTS, seq=3, direct=True)
    assert json.loads(third.data or b"")["number"] == 2
    last = await js.get_last_msg(subjects.EVENTS, FACT.replace("t1", "t4"), direct=True)
    assert last.seq == 5
    live = await reader.client.subscribe(f"{subjects.LIVE_PREFIX}.>")
    await flushed(reader.client)
    await place.js.publish(FACT, b'{"number": 5}')
    heard = await live.next_msg(timeout=60)
    assert heard.subject == FACT.replace("events", "live")
    assert (heard.headers or {})["Nats-Sequence"] == "6"
    assert reader.refused == []


@pytest.mark.parametrize("role", STAGE_OF)
async def test_a_worker_speaks_for_its_stage_alone(place: Place, role: Role) -> None:
    """No facts, no jobs, no results of others, no streams and consumers to make or to remove."""
    worker, before, stage = await place.user(role), await place.state(), STAGE_OF[role]
    own = {
        subjects.results(stage),
        subjects.dead(stage),
        subjects.dead("unknown"),
        subjects.raw_progress("t1", "es", stage),
        subjects.raw_progress("t1", "es", Stage.CLONING),  # other stages hear takes and rewrite lines for it
        f"$KV.{subjects.ENGINES_BUCKET}.{stage}",
        f"$KV.{subjects.HANDED_BACK_BUCKET}.1",
    }
    if stage is Stage.DIARIZATION:
        own.add(subjects.raw_progress("t1", "es", Stage.TRANSLATION))  # it translates from sound
    foreign = [(subject, b"{}") for subject in said_by_services() if subject not in own]
    foreign += [*changes(), *(theft for theft in thefts() if f".{stage}-" not in theft[0] and ".KV_" not in theft[0])]
    foreign += list(diversions())
    for subject, body in foreign:
        await worker.attempt(subject, body, reply=worker.client.new_inbox())
    await settled(worker)
    assert worker.got_away_with(foreign) == []
    assert await place.state() == before


async def test_progress_tells_progress_alone(place: Place) -> None:
    """It folds what workers say into facts about progress, and may say no other."""
    progress, before = await place.user(Role.PROGRESS), await place.state()
    foreign = [(subject, b"{}") for subject in said_by_services() if not subject.endswith(".progress")]
    foreign += [*changes(), *thefts()]
    for subject, body in foreign:
        await progress.attempt(subject, body)
    await settled(progress)
    assert progress.got_away_with(foreign) == []
    assert await place.state() == before


@pytest.mark.parametrize("login", ["", "gateway:wrong@", "nobody:nothing@", "automation:@", "operator:@"])
async def test_nobody_comes_in_without_a_password(broker: NatsServer, login: str) -> None:
    """The broker is never open."""
    refusals: list[str] = []

    async def note(error: Exception) -> None:
        refusals.append(str(error))

    client = Client()
    with suppress(NatsError):
        await client.connect(f"nats://{login}{broker.address}", allow_reconnect=False, error_cb=note)
    await wait_until_async(lambda: refusals, 60, "the broker to refuse")
    assert not client.is_connected
    assert any("authorization" in text.lower() for text in refusals)
