"""Workers of all four stages with instant engines, for tests of the gateway: real runtime, real broker, real store."""

import asyncio
import os
import time

from shared.messaging import (
    BrokerSettings,
    CloneLines,
    DiarizeVideo,
    EngineInfo,
    ExportedFile,
    ExportLanguage,
    JobContext,
    LanguageExported,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    RecipeRendered,
    RecipeTimelines,
    RenderRecipe,
    Timeline,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
    Worker,
    WorkerSettings,
)
from shared.pipeline import ErrorCode, PermanentError, Stage
from shared.storage import StorageSettings, keys, open_store, put_bytes, read_bytes
from shared.transcript import MediaFacts, Segment, Speaker, Transcript

SEGMENTS = int(os.environ.get("STUB_SEGMENTS", "3"))
DELAY_S = float(os.environ.get("STUB_DELAY_S", "0"))
MEDIA = MediaFacts(container="mov", duration_s=60.0, video_codec="h264", audio_codec="aac", fps=25)


def _address(job: DiarizeVideo | TranslateLines | CloneLines | ExportLanguage | RenderRecipe) -> dict[str, object]:
    return {
        "task_id": job.task_id,
        "language": job.language,
        "stage": job.stage(),
        "shard": job.shard,
        "attempt": job.attempt,
    }


def _work(context: JobContext) -> None:
    """Take `DELAY_S`, as an engine that can be canceled does."""
    until = time.monotonic() + DELAY_S
    while time.monotonic() < until:
        context.cancel.check()
        context.progress(0.5, "half way")
        context.cancel.wait(0.05)


def diarize(job: DiarizeVideo, context: JobContext) -> TranscriptReady:
    """As many segments as asked for, two speakers in turn."""
    _work(context)
    if b"please fail" in read_bytes(context.store, job.video_key):
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, "asked to fail")
    transcript = Transcript(
        source_language="en",
        media=MEDIA,
        speakers=(Speaker(id="spk_1", name="Speaker 1"), Speaker(id="spk_2", name="Speaker 2")),
        segments=tuple(
            Segment(id=f"s{n:04}", start_s=n * 2.0, end_s=n * 2.0 + 1, speaker_id=f"spk_{1 + n % 2}", text=f"line {n}")
            for n in range(SEGMENTS)
        ),
    )
    key = keys.processed(job.task_id, job.attempt, "transcript.json")
    put_bytes(context.store, key, transcript.model_dump_json().encode())
    return TranscriptReady(**_address(job), transcript_key=key, media=MEDIA, segments=SEGMENTS, speakers=2)


def translate(job: TranslateLines, context: JobContext) -> LinesTranslated:
    """The text in brackets."""
    _work(context)
    lines = tuple(
        TranslatedLine(segment_id=line.segment_id, text=line.provided or f"[{job.language}] {line.text}")
        for line in job.lines
    )
    return LinesTranslated(**_address(job), lines=lines)


def clone(job: CloneLines, context: JobContext) -> LinesDubbed:
    """A take named after its text."""
    _work(context)
    takes = []
    for line in job.lines:
        key = keys.take(job.task_id, job.language, line.text.encode().hex()[:40])
        put_bytes(context.store, key, line.text.encode())
        takes.append(
            LineTake(
                segment_id=line.segment_id,
                revision=line.revision,
                take_key=key,
                start_s=line.start_s,
                duration_s=1.0,
                natural_s=1.0,
                speed=1.0,
                fit="natural",
            )
        )
    return LinesDubbed(**_address(job), lines=tuple(takes))


def export(job: ExportLanguage, context: JobContext) -> LanguageExported:
    """A text file in place of a video, holding the lines."""
    _work(context)
    timeline = Timeline.model_validate_json(read_bytes(context.store, job.timeline_key))
    text = "\n".join(line.text for line in timeline.lines).encode()
    name = f"export_{job.language}.mp4"
    key = keys.export(job.task_id, job.language, job.attempt, name)
    put_bytes(context.store, key, text)
    file = ExportedFile(name=name, key=key, size=len(text), media_type="video/mp4")
    return LanguageExported(**_address(job), files=(file,), report={"lines_total": len(timeline.lines)})


def render(job: RenderRecipe, context: JobContext) -> RecipeRendered:
    """A text file that tells the recipe and the lines of every language."""
    _work(context)
    timelines = RecipeTimelines.model_validate_json(read_bytes(context.store, job.timelines_key))
    if job.recipe.name == "please fail":
        raise PermanentError(ErrorCode.EXPORT_INVALID, "asked to fail")
    text = "\n".join(
        f"{timeline.language} {len(timeline.lines)}" for timeline in (timelines.source, *timelines.languages)
    ).encode()
    key = keys.recipe_file(job.task_id, job.export_id, "talk.mp4")
    put_bytes(context.store, key, text)
    file = ExportedFile(name="talk.mp4", key=key, size=len(text), media_type="video/mp4")
    return RecipeRendered(**_address(job), export_id=job.export_id, files=(file,), report={"passed": True})


def export_or_render(job: ExportLanguage | RenderRecipe, context: JobContext) -> LanguageExported | RecipeRendered:
    """Both kinds of the stage's jobs."""
    return render(job, context) if isinstance(job, RenderRecipe) else export(job, context)


def _engine(stage: Stage, port: str, **what: object) -> EngineInfo:
    return EngineInfo.model_validate(
        {
            "stage": stage,
            "port": port,
            "name": f"stub-{port}",
            "version": "1",
            "licence": "Apache-2.0",
            "commercial_use": True,
            **what,
        }
    )


async def main() -> None:
    """Run one worker of each stage until SIGTERM."""
    store, broker, settings = open_store(StorageSettings()), BrokerSettings(), WorkerSettings()
    plan = (
        (Stage.DIARIZATION, diarize, _engine(Stage.DIARIZATION, "recognizer", languages=("en",))),
        (Stage.TRANSLATION, translate, _engine(Stage.TRANSLATION, "translator", pairs=(("en", "es"), ("en", "fr")))),
        (Stage.CLONING, clone, _engine(Stage.CLONING, "voice", languages=("es", "fr", "de"))),
        (Stage.EXPORT, export_or_render, _engine(Stage.EXPORT, "mixer")),
    )
    await asyncio.gather(
        *(Worker(stage, handle, store, broker, settings, (engine,)).run() for stage, handle, engine in plan)
    )


if __name__ == "__main__":
    asyncio.run(main())
