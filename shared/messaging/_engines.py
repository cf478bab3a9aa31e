"""What the engines of a deployment can do and how many jobs it takes at a time, announced by its workers."""

import json
from collections.abc import Iterable

from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError
from pydantic import Field

from shared.messaging._jobs import EngineChoice, EngineUsage, EngineUsed, Message
from shared.messaging._subjects import ENGINES_BUCKET
from shared.pipeline import Stage


class StockVoiceInfo(Message):
    """A voice that comes with an engine, as people choose it; no `languages`: all of its engine."""

    name: str
    title: str = Field(default="", description="what people call it")
    f0_hz: float | None = Field(default=None, description="where it sounds best")
    languages: tuple[str, ...] = ()
    misheard: float | None = Field(default=None, description="share of its words that a listener gets wrong")


class EngineInfo(Message):
    """One engine: what it is, under which terms, and what it can do.

    `languages` holds source languages of a recognizer or target languages of a voice; `pairs` those of a translator.
    An empty tuple means: not limited by language.
    """

    stage: Stage
    port: str = Field(
        description="recognizer, diarizer, voice_activity, embedder, speech_translator, picture_text, translator, "
        "voice, mixer or separator"
    )
    name: str
    version: str
    licence: str
    commercial_use: bool
    languages: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    voices: tuple[str, ...] = Field(default=(), description="stock voices a person may choose for a speaker")
    stock: tuple[StockVoiceInfo, ...] = Field(default=(), description="what is known of `voices`")
    judges_takes: bool = Field(
        default=False, description="an embedder that can tell how much a synthesized take sounds like a person"
    )
    natural_errors: tuple[tuple[str, float], ...] = Field(
        default=(), description="of a recognizer: the share of natural speech it gets wrong, by language, as measured"
    )
    rewrites: bool = Field(default=False, description="of a translator: it can be asked for shorter or longer texts")
    proposes: bool = Field(
        default=False, description="of a translator: it can sum up a video and propose terms before the first line"
    )
    hint: str = Field(default="", description="what would make more languages possible")
    model: str = Field(
        default="", description="name of its weights in `localclip models list`, or of the model of a service"
    )
    digest: str = Field(default="", description="which bytes these weights are, where that is known")
    others: tuple[EngineChoice, ...] = Field(
        default=(), description="engines its worker can open in its place, for tasks that keep to them"
    )
    problem: str = Field(default="", description="why it could not be loaded: its worker works without it")

    @classmethod
    def left_out(cls, stage: Stage, port: str, name: str, problem: str) -> "EngineInfo":
        """What is announced about an engine that its worker left out."""
        return cls(stage=stage, port=port, name=name, version="", licence="", commercial_use=True, problem=problem)

    def used(self, usage: EngineUsage | None = None) -> EngineUsed:
        """The part that goes into reports, with what was spent on it."""
        return EngineUsed(
            stage=self.stage,
            name=self.name,
            version=self.version,
            licence=self.licence,
            commercial_use=self.commercial_use,
            model=self.model,
            digest=self.digest,
            rewrites=self.rewrites,
            usage=usage,
        )

    def choice(self) -> EngineChoice:
        """What a task keeps if it starts with this engine."""
        return EngineChoice(port=self.port, engine=self.name, model=self.model, digest=self.digest)


class WorkerSlots(Message):
    """A worker that lives, and how many jobs it takes at a time; 0 when it stops."""

    stage: Stage
    worker: str = Field(description="drawn anew by every process")
    slots: int = Field(ge=0)


def refuse_non_commercial(engines: Iterable[EngineInfo]) -> str | None:
    """Why a commercial deployment cannot use `engines`; None if it can use all of them."""
    refused = [engine for engine in engines if not engine.commercial_use]
    if not refused:
        return None
    named = ", ".join(f"{engine.name} ({engine.licence})" for engine in refused)
    return (
        f"LOCALCLIP_COMMERCIAL_ONLY is set, and the licence of {named} forbids commercial use: choose another "
        f"{' and '.join(sorted({engine.port for engine in refused}))}, see docs/engines.md"
    )


async def announce_engines(js: JetStreamContext, stage: Stage, engines: tuple[EngineInfo, ...]) -> None:
    """Announce what the workers of `stage` can do; the latest announcement counts and outlives the worker."""
    bucket = await js.key_value(ENGINES_BUCKET)
    await bucket.put(stage, json.dumps([engine.model_dump(mode="json") for engine in engines]).encode())


async def announced_engines(js: JetStreamContext) -> tuple[EngineInfo, ...]:
    """Everything announced so far; a stage whose workers have never started is missing."""
    bucket = await js.key_value(ENGINES_BUCKET)
    found: list[EngineInfo] = []
    for stage in Stage:
        try:
            entry = await bucket.get(stage)
        except KeyNotFoundError:
            continue
        found += [EngineInfo.model_validate(item) for item in json.loads(entry.value or b"[]")]
    return tuple(found)
