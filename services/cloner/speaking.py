"""From orders to takes at natural speed: existing ones are kept, very short lines are spoken together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.cloner.audio import level, trim
from services.cloner.engines import Audio, Fault, Speech, Synthesizer
from services.cloner.joining import cut, join, runs
from services.cloner.synthesis import speak
from services.cloner.takes import Takes, joined_hash
from shared.messaging import JobContext, LineToSpeak
from shared.observability import logger
from shared.pipeline import CancelToken, language

log = logger(__name__)


@dataclass(frozen=True)
class Order:
    """A line that can be spoken: by which engine, as what, and the name of its take at natural speed.

    `turn` holds the texts of the lines that are spoken as one with it, itself included; empty: it is spoken alone.
    `shortcoming` says, for people, which wish for the voice cannot be met.
    """

    line: LineToSpeak
    engine: Synthesizer
    speech: Speech
    name: str
    turn: tuple[str, ...] = ()
    shortcoming: str | None = None


def join_short(orders: Sequence[Order | Fault]) -> list[Order | Fault]:
    """Let lines too short for their engine be spoken together with their neighbours.

    A joined take is influenced by its neighbours, so its name covers their texts: when one line of a turn changes and
    the whole turn is in a job again, all of it is made again; a line that is redone alone is spoken alone.
    """
    found = list(orders)
    for engine in _engines(order for order in orders if isinstance(order, Order)):
        if not engine.abilities.joins_short_lines:
            continue
        mine = [n for n, order in enumerate(orders) if isinstance(order, Order) and order.engine is engine]
        spoken = [order for order in (orders[n] for n in mine) if isinstance(order, Order)]
        spaces = all(language(order.speech.language).spaces for order in spoken)
        for run in runs([order.line for order in spoken], spaces=spaces):
            texts = tuple(spoken[index].speech.text for index in run)
            if len(join(texts, spaces=spaces)) > engine.abilities.max_chars:
                continue
            for place, index in enumerate(run):
                name = joined_hash(engine, spoken[index].speech, texts, place)
                found[mine[index]] = replace(spoken[index], name=name, turn=texts)
    return found


def speak_missing(
    orders: Sequence[Order], takes: Takes, context: JobContext, done_share: float
) -> dict[str, int | Fault]:
    """Lengths of the takes at natural speed, by name; missing ones are made."""
    by_name = {order.name: order for order in orders}
    lengths: dict[str, int | Fault] = {}
    for name in by_name:
        context.cancel.check()
        if length := takes.length(name):
            lengths[name] = length
    missing = [order for name, order in by_name.items() if name not in lengths]
    for engine in _engines(missing):
        for name, outcome in _speak(engine, [order for order in missing if order.engine is engine], context.cancel):
            lengths[name] = outcome if isinstance(outcome, Fault) else takes.save(name, outcome)
            done = len(lengths) / len(by_name)
            context.progress(done_share * done, f"Spoke {len(lengths)} of {len(by_name)} lines")
    return lengths


def _speak(engine: Synthesizer, orders: Sequence[Order], cancel: CancelToken) -> Iterator[tuple[str, Audio | Fault]]:
    """Takes by name: whole turns first, then single lines and those that could not be cut out of their turn."""
    alone = {order.name: order for order in orders}
    for name, take in _speak_turns(engine, [order for order in orders if order.turn], cancel):
        del alone[name]
        yield name, take
    rest = list(alone.values())
    for index, outcome in speak(engine, [order.speech for order in rest], cancel):
        yield rest[index].name, outcome


def _speak_turns(engine: Synthesizer, orders: Sequence[Order], cancel: CancelToken) -> Iterator[tuple[str, Audio]]:
    turns: dict[tuple[str, tuple[str, ...]], list[Order]] = {}
    for order in orders:
        turns.setdefault((order.speech.voice.key, order.turn), []).append(order)
    groups = [own for own in turns.values() if len(own) == len(own[0].turn)]
    speeches = [_joint(own[0]) for own in groups]
    for index, outcome in speak(engine, speeches, cancel):
        own = groups[index]
        parts = None if isinstance(outcome, Fault) else _parts(outcome, own[0].turn)
        if parts is None:
            log.info("turn_not_cut", engine=engine.info.name, lines=len(own))
            continue
        yield from ((order.name, part) for order, part in zip(own, parts, strict=True))


def _joint(order: Order) -> Speech:
    return replace(order.speech, text=join(order.turn, spaces=language(order.speech.language).spaces), target_s=None)


def _parts(audio: Audio, texts: Sequence[str]) -> list[Audio] | None:
    found = cut(audio, [len(text) for text in texts])
    trimmed = [trim(part) for part in found or ()]
    whole = [level(part) for part in trimmed if part is not None]
    return whole if len(whole) == len(texts) else None


def _engines(orders: Iterable[Order]) -> Iterable[Synthesizer]:
    return {order.engine.info.name: order.engine for order in orders}.values()
