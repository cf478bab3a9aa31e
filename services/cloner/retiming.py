"""Bring takes to the decided length: first through the engine, finally by stretching."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.cloner.engines import Audio, Fault, Speech, Synthesizer
from services.cloner.stretch import pad, stretch
from services.cloner.synthesis import speak
from services.cloner.takes import Takes
from shared.pipeline import CancelToken

_ROUNDS = 2  # an engine's tempo is not proportional to the requested one: the second request is corrected
_SHORTER = 0.01  # a take may be this much shorter than decided and is padded with silence
_AIM = 1 - _SHORTER / 2


@dataclass
class Retiming:
    """One take to bring from `natural` to `samples` samples; `attempts` are what the engine made of it."""

    speech: Speech
    natural: int
    samples: int
    attempts: list[Audio] = field(default_factory=list)
    rate: float = 1.0

    @property
    def hit(self) -> Audio | None:
        """An attempt that needs no stretching."""
        least = self.samples * (1 - _SHORTER)
        return next((audio for audio in self.attempts if least <= len(audio) <= self.samples), None)

    def next_rate(self) -> float:
        """The rate to request now, corrected by the last result."""
        length = len(self.attempts[-1]) if self.attempts else self.natural
        return self.rate * length / (self.samples * _AIM)


def ask(engine: Synthesizer, retimings: Sequence[Retiming], cancel: CancelToken) -> None:
    """Let the engine speak at the tempo each take needs, as far as it can; after a fault the take stays as it was."""
    can = engine.abilities
    if can.slowest == can.fastest:
        return
    for round_ in range(_ROUNDS):
        todo = [
            item
            for item in retimings
            if len(item.attempts) == round_ and item.hit is None and can.slowest <= item.next_rate() <= can.fastest
        ]
        for item in todo:
            item.rate = item.next_rate()
        speeches = [replace(item.speech, rate=item.rate) for item in todo]
        for index, outcome in speak(engine, speeches, cancel):
            if not isinstance(outcome, Fault):
                todo[index].attempts.append(outcome)


def exact(item: Retiming, takes: Takes, natural: str, cancel: CancelToken) -> Audio:
    """The take at exactly `item.samples` samples: a hit padded, else the nearest attempt stretched.

    `natural` names the stored take that is stretched when the engine made no attempt.
    """
    if item.hit is not None:
        return pad(item.hit, item.samples)
    candidates = item.attempts or [takes.load(natural)]
    nearest = min(candidates, key=lambda audio: abs(len(audio) - item.samples))
    return stretch(nearest, item.samples, cancel)
