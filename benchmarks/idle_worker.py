"""A translation worker whose engine does nothing but report when it was called."""

import asyncio
import time

from shared.messaging import (
    BrokerSettings,
    JobContext,
    LinesTranslated,
    TranslatedLine,
    TranslateLines,
    Worker,
    WorkerSettings,
)
from shared.observability import configure_logging
from shared.pipeline import Stage
from shared.storage import StorageSettings, open_store


def handle(job: TranslateLines, _: JobContext) -> LinesTranslated:
    """The monotonic clock is the same for all processes of a machine."""
    line = TranslatedLine(segment_id="started", text=repr(time.monotonic()))
    return LinesTranslated(
        task_id=job.task_id, language=job.language, stage=Stage.TRANSLATION, shard="0", attempt=1, lines=(line,)
    )


if __name__ == "__main__":
    settings = WorkerSettings()
    configure_logging("idle-worker", "WARNING")
    worker = Worker(Stage.TRANSLATION, handle, open_store(StorageSettings()), BrokerSettings(), settings)
    asyncio.run(worker.run())
