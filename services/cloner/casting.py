"""Which voice each speaker gets."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path

from services.cloner.engines import Fault, StockVoice, Synthesizer, Voice
from shared.messaging import SpeakerVoice

_SHARING_ST = 6.0  # semitones of worse match that a voice nobody else has is worth
CHANCE = 0.1
"""How much the misheard shares of two voices may differ in ten sentences while they count as equally clear."""
_UNCLEAR_ST = 100.0  # cost of a share of misheard words beyond it: 30 % costs as much as five speakers with one voice
_OFFSETS_ST = (0.0, 2.0, -2.0, 4.0, -4.0, 6.0, -6.0, 8.0, -8.0, 10.0, -10.0)  # from the first who has a shared voice


@dataclass(frozen=True)
class Part:
    """An engine and a speaker's voice in it."""

    engine: Synthesizer
    voice: Voice


def cast(
    speakers: Iterable[SpeakerVoice], engines: Sequence[Synthesizer], clips: Mapping[str, Path], code: str
) -> dict[str, Part | Fault]:
    """Give every speaker of a task a part in one of `engines`, all of which speak the language `code`.

    Without a person's choice, the part is in the first engine: a voice cloned from the speaker's clip in `clips` if the
    engine can, else the stock voice nearest in pitch that nobody else has, tuned to the speaker; voices that are harder
    to understand than others come last. The same speakers always get the same parts, and a person's choice for one
    speaker changes another only if both would sound the same. Speakers of single lines only (`aside`) change nobody
    else's part.
    """
    everybody = sorted(speakers, key=lambda speaker: speaker.speaker_id)
    asides = {who.speaker_id: _aside(who, engines, clips, code) for who in everybody if who.aside}
    return asides | _cast([who for who in everybody if not who.aside], engines, clips, code)


def _cast(
    ordered: Sequence[SpeakerVoice], engines: Sequence[Synthesizer], clips: Mapping[str, Path], code: str
) -> dict[str, Part | Fault]:
    first = engines[0]
    chosen = {who.speaker_id: _chosen(who, engines, code) for who in ordered if who.voice is not None}
    if first.abilities.clones:
        return {who.speaker_id: _cloned(who, first, clips) for who in ordered} | chosen
    roles = _Roles(first, code)
    parts = {who.speaker_id: roles.give(who) for who in ordered} | chosen
    taken = {part.voice.name for part in chosen.values() if isinstance(part, Part)}
    moved = [who for who in ordered if who.speaker_id not in chosen and _name(parts[who.speaker_id]) in taken]
    roles = _Roles(
        first, code, [part for who, part in parts.items() if who not in {other.speaker_id for other in moved}]
    )
    return parts | {who.speaker_id: roles.give(who) for who in moved}


class _Roles:
    """The stock voices of an engine for a language, and who has them."""

    def __init__(self, engine: Synthesizer, code: str, given: Iterable[Part | Fault] = ()) -> None:
        self._engine = engine
        self._stock = [voice for voice in engine.abilities.voices if voice.speaks(code)]
        self._clearest = min((voice.misheard for voice in self._stock if voice.misheard is not None), default=0.0)
        voices = [part.voice for part in given if isinstance(part, Part)]
        self._uses, self._keys = Counter(voice.name for voice in voices), {voice.key for voice in voices}

    def give(self, speaker: SpeakerVoice) -> Part | Fault:
        """The best voice for `speaker` that nobody has, or one that somebody has at another pitch."""
        if not self._stock:
            return Fault(f"{self._engine.info.name} has no voice for this speaker")
        stock = min(self._stock, key=lambda voice: self._cost(voice, speaker.f0_hz))
        offsets = _OFFSETS_ST[1:] if self._uses[stock.name] else _OFFSETS_ST[:1]
        options = [tuned(stock, speaker, offset_st) for offset_st in offsets]
        voice = next((option for option in options if option.key not in self._keys), options[0])
        self._uses[stock.name] += 1
        self._keys.add(voice.key)
        return Part(self._engine, voice)

    def _cost(self, stock: StockVoice, f0_hz: float | None) -> float:
        """Semitones between a voice and a speaker, plus penalties for the voice."""
        apart = abs(12 * log2(f0_hz / stock.f0_hz)) if f0_hz else 0.0
        unclear = max(0.0, (stock.misheard or 0.0) - self._clearest - CHANCE)
        return apart + stock.reserve_st + _UNCLEAR_ST * unclear + _SHARING_ST * self._uses[stock.name]


def _aside(who: SpeakerVoice, engines: Sequence[Synthesizer], clips: Mapping[str, Path], code: str) -> Part | Fault:
    """A part chosen as if there were nobody else."""
    return _cast([who], engines, clips, code)[who.speaker_id]


def tuned(stock: StockVoice, speaker: SpeakerVoice, offset_st: float = 0.0) -> Voice:
    """`stock` at the pace of `speaker` and at their pitch (unknown: its own) as far as it can be tuned.

    The pitch is shifted by `offset_st` within that range.
    """
    nearest_hz = _within(stock, speaker.f0_hz or stock.f0_hz)
    hz = round(_within(stock, nearest_hz * 2 ** (offset_st / 12)))
    return Voice(key=f"{stock.name}@{hz}x{speaker.pace:g}", name=stock.name, f0_hz=float(hz), pace=speaker.pace)


def _within(stock: StockVoice, hz: float) -> float:
    return min(stock.high_hz, max(stock.low_hz, hz))


def _name(part: Part | Fault) -> str | None:
    return part.voice.name if isinstance(part, Part) else None


def _chosen(speaker: SpeakerVoice, engines: Sequence[Synthesizer], code: str) -> Part | Fault:
    """A voice that a person asked for speaks at its own pitch."""
    name = speaker.voice
    able = [(engine, stock) for engine in engines for stock in engine.abilities.voices if stock.speaks(code)]
    for engine, stock in able:
        if stock.name == name:
            return Part(engine, tuned(stock, speaker.model_copy(update={"f0_hz": None})))
    offered = ", ".join(stock.name for _, stock in able)
    return Fault(f"no voice '{name}' speaks this language here; choose one of: {offered or 'none'}")


def _cloned(speaker: SpeakerVoice, engine: Synthesizer, clips: Mapping[str, Path]) -> Part | Fault:
    clip = clips.get(speaker.speaker_id)
    if clip is None:
        return Fault(f"there is no clip of this speaker for {engine.info.name} to speak like: choose a stock voice")
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()
    return Part(engine, Voice(key=f"clip:{digest[:32]}", f0_hz=speaker.f0_hz, reference=clip))
