"""The process of a stage: engines in, a worker that runs until SIGTERM."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from shared.messaging._engines import EngineInfo
from shared.messaging._settings import BrokerSettings, WorkerSettings
from shared.messaging._worker import Handle, Worker
from shared.observability import configure_logging, ends_with_a_sentence
from shared.pipeline import PipelineError, Stage
from shared.storage import StorageSettings, await_store


@dataclass(frozen=True)
class Serving:
    """What a service is made of; `close` is called at its end."""

    handle: Handle
    engines: tuple[EngineInfo, ...]
    slots: int = 1
    close: Callable[[], None] = lambda: None


def serve(name: str, stage: Stage, make: Callable[[], Serving]) -> None:
    """Serve `stage` until SIGTERM; exits with a message if a setting is wrong or an engine is missing."""

    @ends_with_a_sentence(name)
    def run() -> None:
        settings = WorkerSettings()
        configure_logging(name, settings.log_level)
        try:
            made = make()
        except PipelineError as error:
            raise SystemExit(f"{name}: {error.message}") from error
        try:
            store = await_store(StorageSettings())
            worker = Worker(stage, made.handle, store, BrokerSettings(), settings, made.engines, slots=made.slots)
            asyncio.run(worker.run())
        finally:
            made.close()

    run()
