"""A translation worker that does what the first line of its job says, and keeps a journal of it.

done                     nothing, at once
work SECONDS             checks for cancellation, reports progress
until NAME               works, half done, until the test makes the file NAME (`Bench.go`)
block SECONDS            heeds nothing
deaf                     lasts until it is canceled, and goes on as if it had not heard
file                     writes into its folder and the store, then does as `until go`
transient TIMES          fails the first TIMES times
permanent | crash | exit | verbose | nothing | die

The environment may say how many SLOTS there are, and for how long a job is asked for at a time (FETCH_S).
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
    _worker,
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


def work_until(name: str, context: JobContext) -> None:
    """Work for as long as the test wants: neither has to be faster than the other."""
    while not JOURNAL.with_name(name).exists():
        context.cancel.check()
        context.progress(0.5, "working")
        time.sleep(0.02)


def handle(job: TranslateLines, context: JobContext) -> LinesTranslated:
    """Do what the job says."""
    note("begin", job)
    verb, _, argument = job.lines[0].text.partition(" ")
    match verb:
        case "work":
            work(float(argument), context)
        case "until":
            work_until(argument, context)
        case "block":
            time.sleep(float(argument))
        case "deaf":
            while not context.cancel.wait(60):
                pass
        case "file":
            (context.workdir / "large.wav").write_bytes(bytes(1000))
            put_bytes(context.store, f"tasks/{job.task_id}/outputs/es/cloned_audio/1.flac", b"take")
            note("written", job)
            work_until("go", context)
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
    _worker.FETCH_S = float(os.environ.get("FETCH_S", _worker.FETCH_S))
    worker = Worker(Stage.TRANSLATION, handle, store, BrokerSettings(), WorkerSettings(), (ENGINE,), slots)
    asyncio.run(worker.run())
