"""The use case of the stage: a shard of lines in, a fitted take for each, or why there is none."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

from services.cloner.audio import TAKE_RATE_HZ
from services.cloner.casting import Part, cast
from services.cloner.engines import Fault, Speech, Synthesizer
from services.cloner.fit import Fit, fit
from services.cloner.plain import plain, unmarked
from services.cloner.pronouncing import pronounced
from services.cloner.retiming import Retiming, ask, exact
from services.cloner.speaking import Order, join_short, speak_missing
from services.cloner.takes import Takes, natural_hash, placed_hash
from shared.messaging import (
    CloneLines,
    EngineChoice,
    EngineUsed,
    JobContext,
    KeptEngines,
    LineTake,
    LineToSpeak,
    SpeakerVoice,
    gone,
)
from shared.pipeline import ErrorCode, FitLimits, PermanentError, language
from shared.spoken import spoken_form
from shared.storage import ObjectNotFound

_NATURAL_SHARE = 0.7  # share of the work: the rest is fitting


@dataclass(frozen=True)
class Placement:
    """A spoken line in its slot, lengths in samples; `name` is that of the take as it is placed."""

    order: Order
    fit: Fit
    natural: int
    samples: int
    name: str


@dataclass(frozen=True)
class Outcome:
    """Every line of the shard, in order, the engines that spoke, and the default engine."""

    lines: tuple[LineTake, ...]
    engines: tuple[EngineUsed, ...]
    chosen: EngineChoice


class Dubbing:
    """Speaks shards of lines; `engines` in order of preference. Safe to repeat: takes that exist are not made again.

    `open_` loads an engine that is not among them but that a task keeps.
    """

    def __init__(
        self,
        engines: Sequence[Synthesizer],
        limits: FitLimits | None = None,
        open_: Callable[[EngineChoice], Synthesizer | None] = lambda _: None,
    ) -> None:
        self._engines, self._limits = tuple(engines), limits or FitLimits()
        self._kept = KeptEngines(self._engines, open_)

    def run(self, job: CloneLines, context: JobContext) -> Outcome:
        """Speak and fit every line of `job`.

        Raises:
            Canceled: the job was stopped.
            PermanentError: `language_unsupported` when no engine speaks the language, `engine_unavailable`,
                `engine_gone`.
        """
        speaking = self._speaking(job.language, job.kept)
        orders = _orders(job, speaking, context)
        spoken = [order for order in orders if isinstance(order, Order)]
        takes = Takes(context.store, job.task_id, job.language)
        lengths = speak_missing(spoken, takes, context, _NATURAL_SHARE)
        placed = [order if isinstance(order, Fault) else self._place(order, lengths[order.name]) for order in orders]
        _retime([item for item in placed if isinstance(item, Placement)], takes, context, self._limits)
        engines = {order.engine.info.name: order.engine.info.used() for order in spoken}
        lines = (_line_take(line, item, takes) for line, item in zip(job.lines, placed, strict=True))
        return Outcome(tuple(lines), tuple(engines.values()), speaking[0].info.choice())

    def _speaking(self, code: str, kept: EngineChoice | None) -> tuple[Synthesizer, ...]:
        """The engines that speak `code`, first the one that the task keeps."""
        found = tuple(engine for engine in self._engines if code in engine.abilities.languages)
        if kept is not None:
            first = self._kept.of(kept)
            if code not in first.abilities.languages:
                raise gone(kept, f"it does not speak {language(code).name} here: {first.info.hint}")
            return (first, *(engine for engine in found if engine is not first))
        if found:
            return found
        names = ", ".join(engine.info.name for engine in self._engines)
        hints = "; ".join(engine.info.hint for engine in self._engines if engine.info.hint)
        raise PermanentError(
            ErrorCode.LANGUAGE_UNSUPPORTED,
            f"no installed voice speaks {language(code).name} (installed: {names}): {hints or 'install espeak-ng'}",
        )

    def _place(self, order: Order, natural: int | Fault) -> Placement | Fault:
        if isinstance(natural, Fault):
            return natural
        slot_s = max(0.0, order.line.end_s - order.line.start_s)
        chosen = fit(natural / TAKE_RATE_HZ, slot_s, order.line.gap_s, self._limits, order.line.lead_s)
        if chosen.tempo == 1.0:
            return Placement(order, chosen, natural, natural, order.name)
        exact = chosen.duration_s * TAKE_RATE_HZ
        # Rounded down, because the next line's start is fixed; but nothing is ever faster than the limit.
        samples = ceil(exact - 1e-6) if chosen.tempo >= self._limits.maximum else max(1, int(exact + 1e-6))
        if samples == natural:  # the slot differs by less than a sample: the take is used as it was spoken
            return Placement(order, chosen, natural, natural, order.name)
        return Placement(order, chosen, natural, samples, placed_hash(order.name, samples))


def _orders(job: CloneLines, engines: Sequence[Synthesizer], context: JobContext) -> list[Order | Fault]:
    speakers = {line.speaker_id: SpeakerVoice(speaker_id=line.speaker_id) for line in job.lines}
    speakers |= {speaker.speaker_id: speaker for speaker in job.speakers}
    clips = dict(_clips(speakers.values(), context)) if engines[0].abilities.clones else {}
    parts = cast(speakers.values(), engines, clips, job.language)
    say = partial(pronounced, entries=job.pronunciations, spaces=language(job.language).spaces)
    orders = (
        _order(line, parts[line.speaker_id], job.language, say, wants_clip=speakers[line.speaker_id].is_clip)
        for line in job.lines
    )
    return join_short(list(orders))


def _clips(speakers: Iterable[SpeakerVoice], context: JobContext) -> Iterator[tuple[str, Path]]:
    """Files of the reference clips; a speaker whose clip is gone is left out."""
    for speaker in speakers:
        if speaker.reference_key is None:
            continue
        try:
            yield speaker.speaker_id, context.store.local(speaker.reference_key, context.workdir)
        except ObjectNotFound:
            continue


def _order(
    line: LineToSpeak, part: Part | Fault, code: str, say: Callable[[str], str], *, wants_clip: bool
) -> Order | Fault:
    if isinstance(part, Fault):
        return part
    name, most = part.engine.info.name, part.engine.abilities.max_chars
    text = plain(spoken_form(say(unmarked(line.text)), code))
    if not text:
        return Fault(f"there is nothing to say in this line: '{line.text[:60]}'")
    if len(text) > most:
        return Fault(f"the line has {len(text)} characters and {name} speaks at most {most}: shorten or split it")
    speech = _speech(line, text, code, part)
    missed = f"{name} cannot speak like a clip: only its pitch is matched" if wants_clip else None
    shortcoming = None if part.engine.abilities.clones else missed
    return Order(line, part.engine, speech, natural_hash(part.engine, speech), shortcoming=shortcoming)


def _speech(line: LineToSpeak, text: str, code: str, part: Part) -> Speech:
    """The request to the engine; what it ignores is left out, so that its take is found."""
    can = part.engine.abilities
    # In steps, so that a slot moved by a frame or two finds its take.
    target_s = round(max(0.0, line.end_s - line.start_s), 1) or None
    return Speech(
        text,
        code,
        part.voice,
        target_s=target_s if can.aims else None,
        rendition=line.rendition if can.varies else 0,
        goes_on=line.goes_on and can.keeps_open,
    )


def _retime(placements: Sequence[Placement], takes: Takes, context: JobContext, limits: FitLimits) -> None:
    """Make the missing takes that do not have natural speed.

    The engine speaks again only if the difference would be audible; less than that is stretched inaudibly.
    """
    changed = {item.name: item for item in placements if item.samples != item.natural}
    todo = [item for name, item in changed.items() if takes.length(name) is None]
    retimings = {item.name: Retiming(item.order.speech, item.natural, item.samples) for item in todo}
    for engine in _engines(item.order for item in todo):
        mine = [item for item in todo if item.order.engine is engine]
        alone = [item for item in mine if not item.order.turn and _is_audible(item.fit.tempo, limits)]
        ask(engine, [retimings[item.name] for item in alone], context.cancel)
    for number, item in enumerate(todo, start=1):
        context.cancel.check()
        audio = exact(retimings[item.name], takes, item.order.name, context.cancel)
        takes.save(item.name, audio)
        share = _NATURAL_SHARE + (1 - _NATURAL_SHARE) * number / len(todo)
        context.progress(share, f"Fitted {number} of {len(todo)} lines")


def _is_audible(tempo: float, limits: FitLimits) -> bool:
    return not 1 / limits.inaudible - 1e-9 <= tempo <= limits.inaudible + 1e-9


def _engines(orders: Iterable[Order]) -> Iterable[Synthesizer]:
    return {order.engine.info.name: order.engine for order in orders}.values()


def _line_take(line: LineToSpeak, item: Placement | Fault, takes: Takes) -> LineTake:
    if isinstance(item, Fault):
        return LineTake(
            segment_id=line.segment_id,
            revision=line.revision,
            error_code=ErrorCode.ENGINE_FAILED,
            error_message=item.message,
        )
    return LineTake(
        segment_id=line.segment_id,
        revision=line.revision,
        take_key=takes.key(item.name),
        start_s=line.start_s - item.fit.early_s,
        duration_s=item.samples / TAKE_RATE_HZ,
        natural_s=item.natural / TAKE_RATE_HZ,
        speed=item.natural / item.samples,
        fit=item.fit.fit,
        decision="; ".join(filter(None, (item.fit.decision, item.order.shortcoming))),
    )
