"""What the gateway is made of: database, store, broker, background loops, HTTP."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from types import FrameType
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from services.gateway.batches import routes as batches
from services.gateway.batches.keeper import Keeper
from services.gateway.commands.taking import Commands
from services.gateway.db.engine import Database
from services.gateway.db.secrets import signing_key
from services.gateway.editing import (
    auditions,
    bringing,
    engines,
    lines,
    picture,
    review,
    segments,
    speakers,
    takes,
    undo,
    wishes,
)
from services.gateway.editing import tasks as changed_tasks
from services.gateway.exports import deliveries, files, making, signed, zips
from services.gateway.exports.deliveries import Deliverer
from services.gateway.hooks import routes as webhooks
from services.gateway.hooks.sending import Postman, put_on_their_way
from services.gateway.library import cast, clips, glossary, memory
from services.gateway.library import settings as account_settings
from services.gateway.live import events
from services.gateway.live.audience import Audience
from services.gateway.operations import metrics, system, waits
from services.gateway.operations.asyncapi import document
from services.gateway.operations.erasing import Eraser
from services.gateway.operations.sweep import Sweeper
from services.gateway.pipeline import ingest, jobs, tasks, undeliverable, work
from services.gateway.pipeline.channels import Channels
from services.gateway.pipeline.dispatch import Dispatcher
from services.gateway.pipeline.kept_engines import ENGINES
from services.gateway.pipeline.loops import Leadership, Wake, ended, repeat, watch_loop
from services.gateway.pipeline.parts import Gateway
from services.gateway.pipeline.relay import Relay
from services.gateway.pipeline.steps import Cutter
from services.gateway.pipeline.wishes import GRANT
from services.gateway.pipeline.workers import Capabilities, Workers
from services.gateway.settings import DatabaseSettings, GatewaySettings
from services.gateway.uploads import create, parts
from services.gateway.uploads.fetching import Fetcher
from services.gateway.web import openapi, problems, static
from services.gateway.web.compression import JsonCompression
from services.gateway.web.connection import Connection
from services.gateway.web.entrance import Entrance
from services.gateway.web.idempotency import IdempotencyMiddleware
from services.gateway.web.readiness import Readiness
from services.gateway.web.signing import Signer
from services.gateway.web.threads import Threads, Turn, Turns
from shared.messaging import (
    BrokerSettings,
    Provisioning,
    ProvisioningError,
    Trouble,
    broker_problem,
    connect_options,
    is_connected,
    provision,
)
from shared.observability import configure_logging, ends_with_a_sentence, logger
from shared.storage import (
    CopyTarget,
    ObjectStore,
    StorageError,
    StorageSettings,
    UploadStore,
    open_bucket,
    open_copy_target,
    store_when_ready,
)

_POLL_S = 0.5
_POST_S = _KEEP_S = _FETCH_S = 1.0
_CUT_S = 0.5
_PROVISION_S = 30.0
_OPEN_FILES = 65_536
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MODULES = (
    create,
    tasks,
    changed_tasks,
    parts,
    work,
    waits,
    jobs,
    segments,
    lines,
    takes,
    speakers,
    auditions,
    wishes,
    undo,
    engines,
    picture,
    files,
    bringing,
    making,
    review,
    glossary,
    memory,
    cast,
    clips,
    account_settings,
    batches,
    zips,
    deliveries,
    signed,
    webhooks,
    events,
    metrics,
    system,
    static,
)
# FastAPI makes what it needs of a route for each router that includes it: once, however many applications there are.
ROUTES = APIRouter(dependencies=[Turn])
for _module in _MODULES:
    ROUTES.include_router(_module.router)
log = logger(__name__)


def create_app(
    settings: GatewaySettings,
    database: Database,
    store: UploadStore,
    broker_settings: BrokerSettings,
    bucket: ObjectStore | None = None,
    target: CopyTarget | None = None,
) -> FastAPI:
    """Put the application together; nothing runs before its lifespan begins.

    `bucket` is what tasks may take videos from, `target` where files of batches are copied.
    """
    reconnected = asyncio.Event()

    async def on_reconnect() -> None:
        audience.close_all()  # facts told while the broker was away did not reach it; clients resume by id
        reconnected.set()

    options = connect_options(broker_settings)
    broker = NatsBroker(broker_settings.nats_url, reconnected_cb=on_reconnect, **options)
    audience = Audience(broker)
    gateway = _parts(settings, database, store, broker, audience)
    gateway.bucket, gateway.target = bucket, target
    database.facts = lambda: {ENGINES: gateway.capabilities.known(), GRANT: wishes.grant}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gateway.threads.use()
        watching = asyncio.create_task(watch_loop(gateway.stood))
        await asyncio.to_thread(database.migrate)
        gateway.signer = replace(gateway.signer, key=await asyncio.to_thread(signing_key, database))
        plan = replace(broker_settings.provisioning(), automation=settings.automation_consumers)
        running = asyncio.create_task(_background(gateway, broker_settings, plan, reconnected))
        restore = _close_streams_on_stop(audience)
        try:
            yield
        finally:
            restore()
            audience.close_all()
            await ended(running)
            await ended(watching)
            await broker.stop()
            gateway.threads.close()
            database.close()

    app = FastAPI(
        title="LocalClip",
        version="1.0.0",
        description="Dub videos in batches: who speaks, what they say, in other languages, in their voices.",
        lifespan=lifespan,
        openapi_url=None,  # `openapi.install` serves it
        docs_url=None,
        redoc_url=None,
    )
    app.state.gateway, app.state.turns, app.state.audience = gateway, Turns(database.wait_s), audience
    problems.install(app)
    app.add_middleware(IdempotencyMiddleware, database=database)
    app.add_middleware(JsonCompression)
    app.add_middleware(Entrance, settings=settings)  # the last one added is passed first
    app.router.routes.extend(ROUTES.routes)
    _listen(app, gateway, broker)
    gateway.asyncapi = cache(partial(document, partial(_declare, app, gateway)))
    openapi.install(app)
    static.install(app, settings.web_folder, store.upload_origin)
    return app


def _parts(
    settings: GatewaySettings, database: Database, store: UploadStore, broker: NatsBroker, audience: Audience
) -> Gateway:
    """The parts the application is made of."""
    threads = Threads()
    return Gateway(
        settings=settings,
        database=database,
        store=store,
        broker=broker,
        channels=Channels(broker),
        audience=audience,
        capabilities=Capabilities(broker),
        threads=threads,
        readiness=Readiness(database, store, threads),
        workers=Workers(),
        signer=Signer(b"", timedelta(hours=settings.file_address_hours), settings.public_url.rstrip("/")),
    )


def _listen(app: FastAPI, gateway: Gateway, broker: NatsBroker) -> None:
    """Everything the gateway hears on a broker, before that starts."""
    gateway.workers.listen(broker)
    retry_s = gateway.settings.result_retry_s
    ingest.listen(broker, gateway.database, gateway.store, gateway.threads, gateway.capabilities, retry_s)
    undeliverable.listen(broker, retry_s)
    Commands(app, broker, gateway.settings)


def _declare(app: FastAPI, gateway: Gateway, broker: NatsBroker) -> None:
    """Everything that is said and heard, for the document."""
    Channels(broker)
    _listen(app, gateway, broker)


async def _background(
    gateway: Gateway,
    broker_settings: BrokerSettings,
    plan: Provisioning,
    reconnected: asyncio.Event,
) -> None:
    """Connect, provision, then run every loop; REST answers all the while."""
    broker, database, settings = gateway.broker, gateway.database, gateway.settings
    await _connect(broker, broker_settings, plan)
    await gateway.audience.start()
    leadership = Leadership(database)
    to_dispatch, to_relay, to_post = Wake(), Wake(), Wake()
    to_keep, to_fetch, to_deliver = Wake(), Wake(), Wake()
    database.on_commit += [to_dispatch.set, to_relay.set]
    dispatcher = Dispatcher(
        database, broker, gateway.store, gateway.threads, gateway.workers, settings.task_queue_workers
    )
    relay = Relay(database, broker, gateway.channels, gateway.signer, put_on_their_way)
    fetcher = Fetcher(database, gateway.store, gateway.threads, settings, gateway.bucket)
    deliverer = Deliverer(database, gateway.threads, settings, gateway.target)
    eraser = Eraser(database, broker, gateway.store, gateway.threads, settings)
    gateway.erase = eraser.wake
    log.info("gateway_ready")
    await asyncio.gather(
        leadership.keep(),
        repeat("dispatch", dispatcher.turn, to_dispatch, _POLL_S, leadership),
        repeat("cut", Cutter(database).turn, Wake(), _CUT_S, leadership),
        repeat("relay", relay.turn, to_relay, _POLL_S, leadership),
        repeat("batches", Keeper(database, settings, eraser.wake.set).turn, to_keep, _KEEP_S, leadership),
        repeat("sources", fetcher.turn, to_fetch, _FETCH_S, leadership),
        repeat("deliveries", deliverer.turn, to_deliver, _FETCH_S, leadership),
        repeat("webhooks", Postman(database, settings.networks(), gateway.signer).turn, to_post, _POST_S, leadership),
        repeat("erase", eraser.turn, eraser.wake, settings.sweep_s, leadership),
        repeat("sweep", Sweeper(database, broker, settings).turn, Wake(), settings.sweep_s, leadership),
        _keep_provisioned(broker, broker_settings, plan, reconnected),
    )


async def _connect(broker: NatsBroker, broker_settings: BrokerSettings, plan: Provisioning) -> None:
    trouble = Trouble("broker_not_ready")
    while True:
        try:
            await broker.connect()
            await provision(broker.connection.jetstream(), plan)
            await broker.start()
        except (NatsError, APIError, ProvisioningError, OSError, TimeoutError) as error:  # it may come up later
            await asyncio.sleep(trouble.tell(broker_problem(error, broker_settings)))
        else:
            return


async def _keep_provisioned(
    broker: NatsBroker, broker_settings: BrokerSettings, plan: Provisioning, reconnected: asyncio.Event
) -> None:
    """Recreate missing streams and consumers: only the gateway may, and a broker can come back without its disk."""
    trouble = Trouble("provisioning_delayed")
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PROVISION_S):
                await reconnected.wait()
        reconnected.clear()
        if not is_connected(broker):
            continue
        try:
            await provision(broker.connection.jetstream(), plan)
        except (NatsError, APIError, ProvisioningError, OSError, TimeoutError) as error:
            await asyncio.sleep(trouble.tell(broker_problem(error, broker_settings)))
            reconnected.set()  # try again soon, not in half a minute
        else:
            trouble.over()


def _close_streams_on_stop(audience: Audience) -> Callable[[], None]:
    """End event streams at the signal: the server waits for open answers before it lets the lifespan end."""
    loop = asyncio.get_running_loop()
    previous: dict[int, Any] = {}

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(audience.close_all)
        handler = previous[number]
        if callable(handler):
            handler(number, frame)

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            previous[number] = signal.signal(number, on_signal)
        except ValueError:  # not the main thread: whoever runs us there stops us another way
            return lambda: None

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    return restore


def refuse_open_door(settings: GatewaySettings) -> None:
    """Raises: SystemExit, when others could reach a gateway without keys."""
    if settings.keys() or settings.allow_anonymous or settings.host in _LOOPBACK:
        return
    sys.exit(
        f"refusing to listen on {settings.host} without API keys: set LOCALCLIP_API_KEYS=name:key, "
        "or LOCALCLIP_ALLOW_ANONYMOUS=true if everyone who can reach this address may use it"
    )


def open_database(where: DatabaseSettings) -> Database:
    """Raises: SystemExit, with a sentence, when this is not an address or the database cannot be read."""
    try:
        database = Database(where.database_url, where.database_wait_s)
    except OSError as error:
        sys.exit(f"gateway: the folder of the database {where.database_url} cannot be made: {error}")
    except ArgumentError:
        sys.exit("gateway: DATABASE_URL is no address of a database, such as postgresql://user:password@host:5432/name")
    try:
        database.engine.connect().close()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        sys.exit(f"gateway: the database at {database.url!r} (DATABASE_URL) cannot be used: {reason}")
    return database


def open_sources(settings: GatewaySettings, storage: StorageSettings) -> ObjectStore | None:
    """The bucket that tasks may take videos from. Raises: SystemExit, with a sentence, where there is no S3 service."""
    if not settings.source_prefix:
        return None
    try:
        return open_bucket(storage, settings.source_prefix.partition("/")[0])
    except StorageError as error:
        sys.exit(f"gateway: LOCALCLIP_SOURCE_PREFIX cannot be used: {error}")


def open_target(settings: GatewaySettings, storage: StorageSettings) -> CopyTarget | None:
    """The bucket that files may be copied into. Raises: SystemExit, with a sentence, where there is no S3 service."""
    if not settings.delivery_prefix:
        return None
    try:
        return open_copy_target(storage, settings.delivery_prefix.partition("/")[0])
    except StorageError as error:
        sys.exit(f"gateway: LOCALCLIP_DELIVERY_PREFIX cannot be used: {error}")


def allow_many_connections() -> None:
    """As many open files as the system grants: each connection is one, and most systems begin with 1024."""
    if sys.platform == "win32":  # it has no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _collect_garbage_rarely() -> None:
    """Exempt the application's own objects from garbage collection, and look at all others less often.

    A full collection stops every thread while it walks all objects: in the middle of a read of tens of thousands of
    rows that was half a second at a time, and most of the CPU time of the read.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 20)


@ends_with_a_sentence("gateway")
def main() -> None:
    """Serve until SIGTERM."""
    allow_many_connections()
    settings = GatewaySettings()
    configure_logging("gateway", settings.log_level)
    refuse_open_door(settings)
    where = DatabaseSettings()
    broker_settings = BrokerSettings()
    database = open_database(where)
    storage = StorageSettings()
    app = create_app(
        settings,
        database,
        store_when_ready(storage),
        broker_settings,
        open_sources(settings, storage),
        open_target(settings, storage),
    )
    _collect_garbage_rarely()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=Connection,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=30,
    )
