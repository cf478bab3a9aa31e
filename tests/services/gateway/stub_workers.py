"""Workers of all four stages with instant engines, for tests of the gateway: real runtime, real broker, real store.

`STUB_TEXTS`, a JSON list, are what the translator offers for every line, best first; `STUB_REWRITES` what it answers,
one at a time, when it is asked for others. With `STUB_CHARS_PER_S` takes are as long as their texts and are fitted like
real ones. With `STUB_SURE` and `STUB_SOUNDS_LIKE` the recognizer says how sure it is, and which language it hears. A
job of the kind `STUB_HOLD` is held until its worker stops (`recognize_speech-1`: that piece of a recording). Each
worker takes `STUB_SLOTS` jobs at a time.
"""

import asyncio
import json
import os
import time

from services.cloner.fit import fit
from shared.messaging import (
    STAGE_OF,
    BrokerSettings,
    CastVoice,
    CloneLines,
    DiarizeVideo,
    EngineInfo,
    ExportedFile,
    ExportLanguage,
    HeardLine,
    HearTakes,
    JobContext,
    JobResult,
    LanguageExported,
    LinesDubbed,
    LinesRewritten,
    LinesTranslated,
    LineTake,
    LineToSpeak,
    RecipeRendered,
    RecipeTimelines,
    RecognizeSpeech,
    RenderRecipe,
    RewriteLines,
    RewrittenLine,
    Role,
    SpeechCut,
    SpeechRecognized,
    TakesHeard,
    Timeline,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
    TranslateSpeech,
    Worker,
    WorkerSettings,
    address_of,
    speech_shard,
)
from shared.pipeline import ErrorCode, FitLimits, PermanentError, Stage
from shared.storage import StorageSettings, keys, open_store, put_bytes, read_bytes
from shared.transcript import MediaFacts, Segment, Speaker, Transcript, Word

SEGMENTS = int(os.environ.get("STUB_SEGMENTS", "3"))
DELAY_S = float(os.environ.get("STUB_DELAY_S", "0"))
TEXTS: list[str] = json.loads(os.environ.get("STUB_TEXTS", "[]"))
REWRITES: list[str] = json.loads(os.environ.get("STUB_REWRITES", "[]"))
CHARS_PER_S = float(os.environ.get("STUB_CHARS_PER_S", "0"))
SURE = os.environ.get("STUB_SURE", "")
SOUNDS_LIKE = os.environ.get("STUB_SOUNDS_LIKE", "")
HOLD = os.environ.get("STUB_HOLD", "")
SLOTS = int(os.environ.get("STUB_SLOTS", "1"))
PIECES = int(os.environ.get("STUB_PIECES", "0"))
VIDEO_S = float(os.environ.get("STUB_VIDEO_S", "60"))
MEDIA = MediaFacts(container="mov", duration_s=VIDEO_S, video_codec="h264", audio_codec="aac", fps=25)


HEARS = tuple(filter(None, os.environ.get("STUB_HEARS", "").split(",")))
"""Languages beside English that the recognizer understands, which is asked about finished takes then."""
HURRIED = bool(os.environ.get("STUB_HURRIED"))
HEAR_DELAY_S = float(os.environ.get("STUB_HEAR_DELAY_S", "0"))


SOUND = os.environ.get("STUB_SOUND", "")
"""The language that the diarizer translates into from sound; the translator then refuses what it does not announce."""


VOICES = {"1": (1.0, 0.0), "2": (0.0, 1.0)}
"""What is measured of the speakers, by number."""


def _work(context: JobContext, kind: str = "") -> None:
    """Take `DELAY_S`, as an engine that can be canceled does."""
    until = time.monotonic() + (float("inf") if kind and kind == HOLD else DELAY_S)
    while time.monotonic() < until:
        context.cancel.check()
        context.progress(0.5, "half way")
        context.cancel.wait(0.05)


def _words(number: int) -> tuple[Word, ...]:
    """A word the recognizer is sure of and one as sure as `STUB_SURE` says."""
    start_s = number * 2.0
    return (
        Word(text="line", start_s=start_s, end_s=start_s + 0.5, probability=0.9),
        Word(text=str(number), start_s=start_s + 0.5, end_s=start_s + 1, probability=float(SURE)),
    )


def recognize(job: RecognizeSpeech, context: JobContext) -> SpeechRecognized:
    """A word for each piece; who tries leaves a mark."""
    put_bytes(context.store, keys.processed(job.task_id, job.attempt, f"tries/{job.piece}-{os.getpid()}"), b"")
    _work(context, f"{job.kind}-{job.piece}")
    words = (Word(text=f"word {job.piece}", start_s=float(job.piece), end_s=job.piece + 0.5),)
    return SpeechRecognized(**address_of(job), plan_key=job.plan_key, words=words)


def diarize(job: DiarizeVideo, context: JobContext) -> TranscriptReady | SpeechCut:
    """As many segments as asked for, two speakers in turn; cut into `STUB_PIECES` first, if so many are asked for."""
    _work(context)
    if PIECES and not job.plan_key:
        return SpeechCut(**address_of(job), plan_key="plan", pieces_s=(60.0,) * PIECES)
    for number in range(PIECES):
        where = keys.manifest(job.task_id, job.language, job.stage(), speech_shard(number), job.attempt)
        assert b"word" in read_bytes(context.store, where)
    if b"please fail" in read_bytes(context.store, job.video_key):
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, "asked to fail")
    transcript = Transcript(
        source_language=job.source_language or "en",
        media=MEDIA,
        speakers=(_speaker(job, context, 1), _speaker(job, context, 2)),
        segments=tuple(
            Segment(
                id=f"s{n:04}",
                start_s=n * 2.0,
                end_s=n * 2.0 + 1,
                speaker_id=f"spk_{1 + n % 2}",
                text=f"line {n}",
                words=_words(n) if SURE and not job.subtitles_key else (),
                language=SOUNDS_LIKE or None,
                language_confidence=0.9 if SOUNDS_LIKE else None,
            )
            for n in range(SEGMENTS)
        ),
    )
    key = keys.processed(job.task_id, job.attempt, "transcript.json")
    put_bytes(context.store, key, transcript.model_dump_json().encode())
    people = tuple(
        CastVoice(cast_id=one.cast_id, embedding=VOICES[sample], embedding_model="stub")
        for one in job.cast
        if one.embedding_model != "stub"
        and (sample := read_bytes(context.store, one.sample_key).decode().removeprefix("voice ")) in VOICES
    )
    return TranscriptReady(
        **address_of(job), transcript_key=key, media=MEDIA, segments=SEGMENTS, speakers=2, cast=people
    )


def hear(job: HearTakes, context: JobContext) -> TakesHeard:
    """Understands everything but what is garbled; what is deaf fails. In a hurry it hears no more than it must."""
    context.cancel.wait(HEAR_DELAY_S)
    context.cancel.check()
    if any("deaf" in line.text for line in job.lines):
        raise PermanentError(ErrorCode.ENGINE_FAILED, "asked to fail")
    enough = job.least if HURRIED and job.budget_s is not None else len(job.lines)
    lines = tuple(
        HeardLine(
            segment_id=line.segment_id,
            revision=line.revision,
            heard=read_bytes(context.store, line.take_key).decode(),
            error_rate=0.9 if "garbled" in line.text else 0.0,
        )
        for line in job.lines[:enough]
    )
    return TakesHeard(**address_of(job), lines=lines, no_similarity="a stub")


def interpret(job: TranslateSpeech, context: JobContext) -> LinesTranslated:
    """What is heard is told by when it is said."""
    _work(context, job.kind)
    lines = tuple(
        TranslatedLine(segment_id=line.segment_id, text=f"heard at {line.start_s:.0f} s", from_sound=True)
        for line in job.lines
        if line.asked
    )
    return LinesTranslated(**address_of(job), lines=lines, engines=(INTERPRETER.used(),))


def listen(job: DiarizeVideo | RecognizeSpeech | HearTakes | TranslateSpeech, context: JobContext) -> JobResult:
    """All kinds of jobs of the diarizer."""
    if isinstance(job, RecognizeSpeech):
        return recognize(job, context)
    if isinstance(job, TranslateSpeech):
        return interpret(job, context)
    return hear(job, context) if isinstance(job, HearTakes) else diarize(job, context)


def _speaker(job: DiarizeVideo, context: JobContext, number: int) -> Speaker:
    """A voice that is the same in every task, and a clip of it."""
    key = keys.processed(job.task_id, job.attempt, f"speakers/spk_{number}.wav")
    put_bytes(context.store, key, f"voice {number}".encode())
    return Speaker(
        id=f"spk_{number}",
        name=f"Speaker {number}",
        reference_key=key,
        embedding=VOICES[str(number)],
        embedding_model="stub",
        same_voice=0.8,
    )


TRANSLATOR = EngineInfo(
    stage=Stage.TRANSLATION,
    port="translator",
    name="stub-translator",
    version="1",
    licence="Apache-2.0",
    commercial_use=True,
    pairs=(("en", "es"), ("en", "fr")),
    rewrites=bool(REWRITES),
)


def translate(job: TranslateLines | RewriteLines, context: JobContext) -> LinesTranslated | LinesRewritten:
    """The text in brackets, or the texts asked for."""
    _work(context, job.kind)
    if isinstance(job, RewriteLines):
        found = tuple(
            RewrittenLine(
                segment_id=line.segment_id,
                revision=line.revision,
                candidates=tuple(text for text in REWRITES if text not in line.tried)[:1],
            )
            for line in job.lines
        )
        return LinesRewritten(**address_of(job), lines=found)
    if SOUND and (job.source_language, job.language) not in TRANSLATOR.pairs:
        raise PermanentError(ErrorCode.LANGUAGE_UNSUPPORTED, "the stub does not have the pair")
    lines = tuple(
        TranslatedLine(
            segment_id=line.segment_id,
            text=line.provided or (TEXTS[0] if TEXTS else f"[{job.language}] {line.text}"),
            alternatives=() if line.provided else tuple(TEXTS[1:]),
            provided=line.provided is not None,
        )
        for line in job.lines
    )
    by = job.kept or TRANSLATOR.choice()
    engine = TRANSLATOR.model_copy(update={"name": by.engine, "model": by.model, "digest": by.digest})
    return LinesTranslated(**address_of(job), lines=lines, engines=(engine.used(),), chosen=(by,))


def clone(job: CloneLines, context: JobContext) -> LinesDubbed:
    """A take named after its text."""
    _work(context)
    return LinesDubbed(**address_of(job), lines=tuple(_take(job, line, context) for line in job.lines))


def _take(job: CloneLines, line: LineToSpeak, context: JobContext) -> LineTake:
    key = keys.take(job.task_id, job.language, line.text.encode().hex()[:40])
    put_bytes(context.store, key, line.text.encode())
    natural_s = len(line.text) / CHARS_PER_S if CHARS_PER_S else 1.0
    placed = fit(natural_s, line.end_s - line.start_s, line.gap_s, FitLimits(), line.lead_s)
    return LineTake(
        segment_id=line.segment_id,
        revision=line.revision,
        take_key=key,
        start_s=line.start_s - placed.early_s,
        duration_s=placed.duration_s,
        natural_s=natural_s,
        speed=placed.tempo,
        fit=placed.fit,
        decision=placed.decision,
    )


def export(job: ExportLanguage, context: JobContext) -> LanguageExported:
    """A text file in place of a video, holding the lines."""
    _work(context)
    timeline = Timeline.model_validate_json(read_bytes(context.store, job.timeline_key))
    text = "\n".join(line.text for line in timeline.lines).encode()
    name = f"export_{job.language}.mp4"
    key = keys.export(job.task_id, job.language, job.attempt, name)
    put_bytes(context.store, key, text)
    file = ExportedFile(name=name, key=key, size=len(text), media_type="video/mp4")
    return LanguageExported(**address_of(job), files=(file,), report={"lines_total": len(timeline.lines)})


def render(job: RenderRecipe, context: JobContext) -> RecipeRendered:
    """A text file that tells the recipe and the lines of every language."""
    _work(context)
    timelines = RecipeTimelines.model_validate_json(read_bytes(context.store, job.timelines_key))
    if job.recipe.name == "please fail":
        raise PermanentError(ErrorCode.EXPORT_INVALID, "asked to fail")
    text = "\n".join(
        f"{timeline.language} {len(timeline.lines)}" for timeline in (timelines.source, *timelines.languages)
    ).encode()
    report = {"passed": True, "speakers": timelines.speakers, "review": timelines.review}
    report |= {"unpublished": timelines.unpublished, "recipe": job.recipe.model_dump(mode="json")}
    key = keys.recipe_file(job.task_id, job.export_id, f"{job.recipe.name or 'talk'}.mp4")
    put_bytes(context.store, key, text)
    file = ExportedFile(name=f"{job.recipe.name or 'talk'}.mp4", key=key, size=len(text), media_type="video/mp4")
    return RecipeRendered(**address_of(job), export_id=job.export_id, files=(file,), report=report)


def export_or_render(job: ExportLanguage | RenderRecipe, context: JobContext) -> LanguageExported | RecipeRendered:
    """Both kinds of the stage's jobs."""
    return render(job, context) if isinstance(job, RenderRecipe) else export(job, context)


def engine(stage: Stage, port: str, **what: object) -> EngineInfo:
    """What a stage announces: an engine without weights."""
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


INTERPRETER = engine(Stage.DIARIZATION, "speech_translator", pairs=(("en", SOUND),))


async def main() -> None:
    """Run one worker of each stage until SIGTERM."""
    store, settings = open_store(StorageSettings()), WorkerSettings()
    ears = (engine(Stage.DIARIZATION, "recognizer", languages=("en", *HEARS)), *((INTERPRETER,) if SOUND else ()))
    plan = (
        (Stage.DIARIZATION, listen, ears),
        (Stage.TRANSLATION, translate, (TRANSLATOR,)),
        (Stage.CLONING, clone, (engine(Stage.CLONING, "voice", languages=("es", "fr", "de")),)),
        (Stage.EXPORT, export_or_render, (engine(Stage.EXPORT, "mixer"),)),
    )
    brokers = {stage: _broker(role) for role, stage in STAGE_OF.items()}
    await asyncio.gather(
        *(
            Worker(stage, handle, store, brokers[stage], settings, engines, SLOTS).run()
            for stage, handle, engines in plan
        )
    )


def _broker(role: Role) -> BrokerSettings:
    """Each stage as its own user, where the test gives it a login."""
    login = os.environ.get(f"STUB_{role}")
    return BrokerSettings(nats_url=login) if login else BrokerSettings()


if __name__ == "__main__":
    asyncio.run(main())
