"""The loop from a measured take back to the translation: what to do about a line whose take does not fit.

A take that needs a tempo outside -10…+20 % is tried again with another text: one the translator offered already, else
one it is asked for. The length of another text is predicted from the characters per second of this take. After at most
`MAX_ROUNDS` the take that fits best counts, whichever came first. All texts come from the translator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.script.pace import Budget, budget
from services.gateway.script.slots import Room
from shared.pipeline import FitLimits

MAX_ROUNDS = 3

_MARGIN = 0.02  # a text is expected to fit if this share of the time would be left over: tempo varies with the words
_WORTH_IT = 0.03  # the least change of tempo that another text must bring


@dataclass(frozen=True)
class Spoken:
    """A text and how long it is at natural speed; None: it could not be spoken."""

    text: str
    natural_s: float | None


@dataclass(frozen=True)
class Keep:
    """The loop ends; `reason` says why when the line does not fit."""

    reason: str = ""


@dataclass(frozen=True)
class Speak:
    """Speak `text` next."""

    text: str


@dataclass(frozen=True)
class Ask:
    """Ask the translator for texts within `budget`."""

    budget: Budget


Step = Keep | Speak | Ask


def misfit(natural_s: float, room: Room, limits: FitLimits) -> float:
    """How far the tempo a take needs is outside the unnoticeable range: 0 fits, positive is too long, negative too
    short.

    A take is too short only if it leaves a noticeable gap.
    """
    room_s = room.with_gap_s(limits)
    needed = natural_s / room_s if room_s > 0 else float("inf")
    if needed > limits.unmarked:
        return needed - limits.unmarked
    filled = natural_s / room.slot_s if room.slot_s > 0 else 1.0
    if filled < limits.slowest and room.slot_s - natural_s > limits.hole_s:
        return filled - limits.slowest
    return 0.0


def best(spoken: Sequence[Spoken], room: Room, limits: FitLimits) -> Spoken:
    """The one of `spoken` (in order) that fits best; among equals the earlier, which is nearer to the meaning."""
    return min((take for take in spoken if take.natural_s), key=lambda take: _off(take.natural_s or 0.0, room, limits))


def decide(spoken: Sequence[Spoken], offered: Sequence[str], room: Room, limits: FitLimits, *, may_ask: bool) -> Step:
    """What to do after the takes so far.

    `spoken` begins with the first take and holds the others in order; `offered` are the translator's texts, those
    nearest to the meaning first; `may_ask`: the translator can be asked for others and has not been asked since the
    last take.
    """
    now = best(spoken, room, limits)
    natural_s = now.natural_s or 0.0
    off = misfit(natural_s, room, limits)
    if off == 0.0:
        return Keep()
    tried = {take.text for take in spoken}
    if len(spoken) > MAX_ROUNDS:
        return Keep(_gave_up(off, len(spoken) - 1))
    chars_per_s = len(now.text) / natural_s
    new = [text for text in offered if text and text not in tried]
    foretold = {text: len(text) / chars_per_s for text in new}
    sure = 1 + _MARGIN if off > 0 else 1.0
    if fitting := next((text for text in new if _off(foretold[text] * sure, room, limits) == 0.0), None):
        return Speak(fitting)
    if may_ask:
        return Ask(budget(room, chars_per_s, limits))
    costs = {text: _off(foretold[text], room, limits) for text in new}
    if new and min(costs.values()) < abs(off) - _WORTH_IT:
        return Speak(min(new, key=lambda text: costs[text]))
    return Keep(_gave_up(off, len(spoken) - 1))


def explain(first: str, chosen: str, round_: int, decision: str) -> str:
    """The sentence kept with a line whose text was changed in `round_`; `decision` is the one made on its take."""
    kind = "shorter" if len(chosen) < len(first) else "longer" if len(chosen) > len(first) else "other"
    return f"round {round_}: {kind} translation chosen ({len(first)} → {len(chosen)} characters), {decision}"


def _off(natural_s: float, room: Room, limits: FitLimits) -> float:
    return abs(misfit(natural_s, room, limits))


def _gave_up(off: float, others: int) -> str:
    kind = "shorter" if off > 0 else "longer"
    if not others:
        return f"no {kind} translation is known" if off > 0 else ""  # a pause at the end of a slot is not a fault
    return f"no {kind} translation fits better ({others} tried)"
