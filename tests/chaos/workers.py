"""One stage's worker with an instant engine: real runtime, real store; `python -m tests.chaos.workers cloner`.

Beside what the stub engines make, an export has its subtitles, its timeline and its report as files, so that none of
them can get lost unseen.
"""

import asyncio
import os
import sys

from shared.messaging import (
    BrokerSettings,
    ExportedFile,
    ExportLanguage,
    JobContext,
    JobResult,
    LanguageExported,
    RenderRecipe,
    Worker,
    WorkerSettings,
)
from shared.observability import configure_logging
from shared.pipeline import Stage
from shared.storage import StorageSettings, keys, open_store, put_bytes, read_bytes
from tests.services.gateway import stub_workers as stub


def export(job: ExportLanguage | RenderRecipe, context: JobContext) -> JobResult:
    """What the stub makes and, of a language, all that goes with it."""
    result = stub.export_or_render(job, context)
    if not isinstance(result, LanguageExported) or not isinstance(job, ExportLanguage):
        return result
    timeline = read_bytes(context.store, job.timeline_key)
    text = "\n".join(read_bytes(context.store, file.key).decode() for file in result.files)
    more = {
        "timeline.json": (timeline, "application/json"),
        f"subtitles_{job.language}.srt": (text.encode(), "application/x-subrip"),
        "report.json": (b"{}", "application/json"),
    }
    return result.model_copy(
        update={
            "files": (*result.files, *(_file(job, context, name, *what) for name, what in more.items())),
        }
    )


def _file(job: ExportLanguage, context: JobContext, name: str, data: bytes, media_type: str) -> ExportedFile:
    key = keys.export(job.task_id, job.language, job.attempt, name)
    put_bytes(context.store, key, data)
    return ExportedFile(name=name, key=key, size=len(data), media_type=media_type)


LANGUAGES = tuple(filter(None, os.environ.get("CHAOS_LANGUAGES", "es,fr,de").split(",")))
PAIRS = tuple((source, language) for source in ("en", "zh") for language in LANGUAGES)
TRANSLATOR = stub.TRANSLATOR.model_copy(update={"pairs": PAIRS})
STAGES = {
    "diarizer": (
        Stage.DIARIZATION,
        stub.listen,
        stub.engine(Stage.DIARIZATION, "recognizer", languages=("en", "es", "zh")),
    ),
    "translator": (Stage.TRANSLATION, stub.translate, TRANSLATOR),
    "cloner": (Stage.CLONING, stub.clone, stub.engine(Stage.CLONING, "voice", languages=LANGUAGES)),
    "exporter": (Stage.EXPORT, export, stub.engine(Stage.EXPORT, "mixer")),
}


def main() -> None:
    """Serve one stage until SIGTERM."""
    name = sys.argv[1]
    configure_logging(name)
    stage, handle, engine = STAGES[name]
    store, broker, settings = open_store(StorageSettings()), BrokerSettings(), WorkerSettings()
    asyncio.run(Worker(stage, handle, store, broker, settings, (engine,), stub.SLOTS).run())


if __name__ == "__main__":
    main()
