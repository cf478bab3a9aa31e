"""Workers of all four stages whose engines only sleep: what is left is the order of work.

A video is told by JSON behind its header: `{"lines": 4, "seconds": 60, "work_s": 1}`; recognition and export sleep
`work_s`, a shard of lines `SHARD_S`. `SLOTS` jobs of each stage are done at a time.
"""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

from shared.messaging import (
    STAGE_OF,
    BrokerSettings,
    CloneLines,
    DiarizeVideo,
    EngineInfo,
    ExportedFile,
    ExportLanguage,
    Job,
    JobContext,
    JobResult,
    LanguageExported,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    Timeline,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
    Worker,
    WorkerSettings,
)
from shared.observability import configure_logging
from shared.pipeline import Stage
from shared.storage import StorageSettings, keys, open_store, put_bytes, read_bytes
from shared.transcript import MediaFacts, Segment, Speaker, Transcript

SLOTS = int(os.environ.get("SLOTS", "2"))
SHARD_S = float(os.environ.get("SHARD_S", "1"))
HEADER = b"\x00\x00\x00\x20ftypisom" + b"\x00" * 20


def _address(job: Job) -> dict[str, Any]:
    fields = ("task_id", "language", "shard", "attempt")
    return {name: getattr(job, name) for name in fields} | {"stage": job.stage()}


def _told(context: JobContext, key: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(read_bytes(context.store, key).removeprefix(HEADER))
    return found


def _diarize(job: DiarizeVideo, context: JobContext) -> TranscriptReady:
    video = _told(context, job.video_key)
    context.cancel.wait(video["work_s"])
    media = MediaFacts(container="mov", duration_s=video["seconds"], video_codec="h264", audio_codec="aac", fps=25)
    lines, each_s = int(video["lines"]), video["seconds"] / video["lines"]
    transcript = Transcript(
        source_language="en",
        media=media,
        speakers=(Speaker(id="spk_1", name="Speaker 1"),),
        segments=tuple(
            Segment(id=f"s{n:05}", start_s=n * each_s, end_s=(n + 0.9) * each_s, speaker_id="spk_1", text=f"line {n}")
            for n in range(lines)
        ),
    )
    key = keys.processed(job.task_id, job.attempt, "transcript.json")
    put_bytes(context.store, key, transcript.model_dump_json().encode())
    return TranscriptReady(**_address(job), transcript_key=key, media=media, segments=lines, speakers=1)


def _translate(job: TranslateLines, context: JobContext) -> LinesTranslated:
    context.cancel.wait(SHARD_S)
    lines = tuple(TranslatedLine(segment_id=line.segment_id, text=line.text) for line in job.lines)
    return LinesTranslated(**_address(job), lines=lines)


def _clone(job: CloneLines, context: JobContext) -> LinesDubbed:
    context.cancel.wait(SHARD_S)
    return LinesDubbed(
        **_address(job), lines=tuple(_take(line.segment_id, line.revision, line.start_s) for line in job.lines)
    )


def _take(segment_id: str, revision: int, start_s: float) -> LineTake:
    placed = {"start_s": start_s, "duration_s": 1.0, "natural_s": 1.0, "speed": 1.0}
    return LineTake(
        segment_id=segment_id, revision=revision, take_key=f"take-{segment_id}", fit="natural", decision="", **placed
    )


def _export(job: ExportLanguage, context: JobContext) -> LanguageExported:
    Timeline.model_validate_json(read_bytes(context.store, job.timeline_key))
    context.cancel.wait(_told(context, job.video_key)["work_s"])
    key = keys.export(job.task_id, job.language, job.attempt, "export.mp4")
    put_bytes(context.store, key, b"made")
    made = ExportedFile(name="export.mp4", key=key, size=4, media_type="video/mp4")
    return LanguageExported(**_address(job), files=(made,), report={})


_HANDLERS: dict[Stage, tuple[str, Callable[[Any, JobContext], JobResult]]] = {
    Stage.DIARIZATION: ("recognizer", _diarize),
    Stage.TRANSLATION: ("translator", _translate),
    Stage.CLONING: ("voice", _clone),
    Stage.EXPORT: ("mixer", _export),
}


async def main() -> None:
    """Serve until killed."""
    store, settings = open_store(StorageSettings()), WorkerSettings()
    about = {"name": "sleeper", "version": "1", "licence": "Apache-2.0", "commercial_use": True}
    workers = []
    for stage in STAGE_OF.values():
        port, handle = _HANDLERS[stage]
        known = ("en",) if port == "recognizer" else ()  # it does not understand the dubs, so nobody listens to them
        engine = EngineInfo(stage=stage, port=port, languages=known, **about)
        workers.append(Worker(stage, handle, store, BrokerSettings(), settings, (engine,), SLOTS))
    await asyncio.gather(*(worker.run() for worker in workers))


if __name__ == "__main__":
    configure_logging("sleeping-workers", "WARNING")
    asyncio.run(main())
