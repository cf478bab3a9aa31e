"""Which voice each speaker gets."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path

from services.cloner.engines import Fault, StockVoice, Synthesizer, Voice
from shared.messaging import SpeakerVoice

_APART_ST = 2.0  # between speakers who have to share a stock voice


@dataclass(frozen=True)
class Part:
    """An engine and the voice a speaker has in it."""

    engine: Synthesizer
    voice: Voice


def cast(
    speakers: Iterable[SpeakerVoice], engines: Sequence[Synthesizer], clips: dict[str, Path]
) -> dict[str, Part | Fault]:
    """Give every speaker of a task a part in one of `engines`, all of which speak the language.

    Without a person's choice it is in the first engine: the clip of `clips` (by speaker) to speak like, where the
    engine can, else the stock voice nearest in pitch that nobody else has, tuned to the speaker. The same speakers
    always get the same parts, and a person's choice for one moves another only where both would sound the same.
    """
    ordered = sorted(speakers, key=lambda speaker: speaker.speaker_id)
    first = engines[0]
    chosen = {speaker.speaker_id: _chosen(speaker.voice, engines) for speaker in ordered if speaker.voice is not None}
    if first.abilities.clones:
        return {who.speaker_id: chosen.get(who.speaker_id) or _cloned(who, first, clips) for who in ordered}
    parts: dict[str, Part | Fault] = dict(_distribute(ordered, first, {}, ())) | chosen
    taken = {part.voice.name for part in chosen.values() if isinstance(part, Part) and part.engine is first}
    settled, moved = _split(ordered, parts, chosen, taken)
    return parts | dict(_distribute(moved, first, settled, taken))


def _split(
    ordered: Sequence[SpeakerVoice],
    parts: dict[str, Part | Fault],
    chosen: Collection[str],
    taken: Collection[str | None],
) -> tuple[dict[str, int], list[SpeakerVoice]]:
    """How often the voices of those who keep theirs are in use, and who has to move."""
    settled: dict[str, int] = {}
    moved: list[SpeakerVoice] = []
    for speaker in ordered:
        part = parts[speaker.speaker_id]
        if speaker.speaker_id in chosen or not isinstance(part, Part):
            continue
        name = part.voice.name or ""
        if name in taken:
            moved.append(speaker)
        else:
            settled[name] = settled.get(name, 0) + 1
    return settled, moved


def _distribute(
    speakers: Iterable[SpeakerVoice], engine: Synthesizer, used: dict[str, int], taken: Collection[str | None]
) -> Iterable[tuple[str, Part | Fault]]:
    used = dict.fromkeys((name for name in taken if name), 1) | used
    for speaker in speakers:
        if not engine.abilities.voices:
            yield speaker.speaker_id, Fault(f"{engine.info.name} has no voice for this speaker")
            continue
        stock = min(engine.abilities.voices, key=lambda voice: (used.get(voice.name, 0), _distance(voice, speaker)))
        times = used.get(stock.name, 0)
        used[stock.name] = times + 1
        yield speaker.speaker_id, Part(engine, tuned(stock, speaker.f0_hz, _offset_st(times)))


def _distance(stock: StockVoice, speaker: SpeakerVoice) -> float:
    """Semitones between a voice and a speaker, and how much the voice is held in reserve."""
    apart = abs(12 * log2(speaker.f0_hz / stock.f0_hz)) if speaker.f0_hz else 0.0
    return apart + stock.reserve_st


def _offset_st(times: int) -> float:
    """0, +2, -2, +4, ... semitones for the first, second, third speaker with one stock voice."""
    return (times + 1) // 2 * (_APART_ST if times % 2 else -_APART_ST)


def tuned(stock: StockVoice, f0_hz: float | None, offset_st: float = 0.0) -> Voice:
    """`stock` at the pitch `f0_hz` (None: its own) moved by `offset_st`, as far as it can be tuned."""
    wanted_hz = (f0_hz or stock.f0_hz) * 2 ** (offset_st / 12)
    hz = round(min(stock.high_hz, max(stock.low_hz, wanted_hz)))
    return Voice(key=f"{stock.name}@{hz}", name=stock.name, f0_hz=float(hz))


def _chosen(name: str, engines: Sequence[Synthesizer]) -> Part | Fault:
    """A voice that a person asked for speaks at its own pitch."""
    for engine in engines:
        for stock in engine.abilities.voices:
            if stock.name == name:
                return Part(engine, tuned(stock, None))
    offered = ", ".join(stock.name for engine in engines for stock in engine.abilities.voices)
    return Fault(f"the voice '{name}' does not speak this language here; choose one of {offered or 'none'}")


def _cloned(speaker: SpeakerVoice, engine: Synthesizer, clips: dict[str, Path]) -> Part | Fault:
    clip = clips.get(speaker.speaker_id)
    if clip is None:
        return Fault(f"there is no clip of this speaker for {engine.info.name} to speak like: choose a stock voice")
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()
    return Part(engine, Voice(key=f"clip:{digest[:32]}", f0_hz=speaker.f0_hz, reference=clip))
