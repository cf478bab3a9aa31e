"""A translation worker that does what the first line of its job says, and keeps a journal of it.

done                     nothing, at once
work SECONDS             checks for cancellation, reports progress
block SECONDS            heeds nothing
file SECONDS             writes into its folder and the store, then works
transient TIMES          fails the first TIMES times
permanent | crash | exit | verbose | nothing | die
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from shared.messaging import (
    BrokerSettings,
    EngineInfo,
    JobContext,
    LinesTranslated,
    TranslatedLine,
    TranslateLines,
    Worker,
    WorkerSettings,
)
from shared.observability import configure_logging
from shared.pipeline import ErrorCode, PermanentError, Stage, TransientError
from shared.storage import StorageSettings, open_store, put_bytes

JOURNAL = Path(sys.argv[1])
ENGINE = EngineInfo(
    stage=Stage.TRANSLATION,
    port="translator",
    name="journal",
    version="1",
    licence="Apache-2.0",
    commercial_use=True,
    pairs=(("en", "es"),),
)


def note(event: str, job: TranslateLines) -> None:
    """Add a line to the journal."""
    entry = {"event": event, "job": job.key(), "pid": os.getpid(), "at": time.time()}
    with JOURNAL.open("a") as journal:
        journal.write(json.dumps(entry) + "\n")


def begun(job: TranslateLines) -> int:
    """How often the job was begun, this time included."""
    entries = [json.loads(line) for line in JOURNAL.read_text().splitlines()]
    return sum(entry["event"] == "begin" and entry["job"] == job.key() for entry in entries)


def work(seconds: float, context: JobContext) -> None:
    """Pass the time as a well-behaved use case does."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        context.cancel.check()
        context.progress(1 - left / seconds, "working")
        time.sleep(0.02)


def handle(job: TranslateLines, context: JobContext) -> LinesTranslated:
    """Do what the job says."""
    note("begin", job)
    verb, _, argument = job.lines[0].text.partition(" ")
    match verb:
        case "work":
            work(float(argument), context)
        case "block":
            time.sleep(float(argument))
        case "file":
            (context.workdir / "large.wav").write_bytes(bytes(1000))
            put_bytes(context.store, f"tasks/{job.task_id}/outputs/es/cloned_audio/1.flac", b"take")
            note("written", job)
            work(float(argument), context)
        case "transient" if begun(job) <= int(argument):
            raise TransientError(ErrorCode.ENGINE_FAILED, "the engine is busy")
        case "permanent":
            raise PermanentError(ErrorCode.LANGUAGE_UNSUPPORTED, "this pair is impossible")
        case "crash":
            raise ValueError("a defect")
        case "exit":
            sys.exit(3)
        case "verbose":
            raise RuntimeError("x" * 3_000_000)
        case "nothing":
            return None  # type: ignore[return-value]
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
    note("end", job)
    lines = tuple(TranslatedLine(segment_id=line.segment_id, text=f"pid {os.getpid()}") for line in job.lines)
    return LinesTranslated(
        task_id=job.task_id,
        language=job.language,
        stage=Stage.TRANSLATION,
        shard=job.shard,
        attempt=job.attempt,
        lines=lines,
        engines=(ENGINE.used(),),
    )


if __name__ == "__main__":
    configure_logging("worker")
    store = open_store(StorageSettings())
    slots = int(os.environ.get("SLOTS", "1"))
    worker = Worker(Stage.TRANSLATION, handle, store, BrokerSettings(), WorkerSettings(), (ENGINE,), slots)
    asyncio.run(worker.run())
