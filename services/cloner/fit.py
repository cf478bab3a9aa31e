"""How a spoken line is placed in the time available in the picture."""

from dataclasses import dataclass
from typing import Literal

from shared.pipeline import FitLimits

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Fit:
    """The tempo a line is spoken at (1.0 = natural) and the length it gets; `decision` is for people.

    It begins `early_s` before its slot.
    """

    fit: Literal["natural", "tight", "overflow"]
    tempo: float
    duration_s: float
    decision: str
    early_s: float = 0.0


def fit(speech_s: float, slot_s: float, gap_s: float, limits: FitLimits, lead_s: float = 0.0) -> Fit:
    """Choose how a synthesized line is placed in its slot.

    `speech_s` is the trimmed length of the take at natural speed, `slot_s` the source line's, `gap_s` the silence
    after it that may be borrowed, `lead_s` that before it (all seconds). Prefers natural speed, then borrowed silence,
    then tempo up to `limits.unmarked` and `limits.tight`, then an early start; beyond that the line is `overflow`,
    which a person must see. A line that is too short is slowed audibly only if that closes at least half of the gap it
    leaves: a longer gap remains one anyway, and natural rhythm is worth more. A tempo that cannot be distinguished from
    the natural one is used whenever it brings the line nearer to its slot.
    """
    room_s = slot_s + max(0.0, gap_s - limits.guard_s)
    if speech_s <= slot_s:
        return _short(speech_s, slot_s, limits)
    nearer = min(limits.inaudible, speech_s / slot_s) if slot_s else limits.inaudible
    if speech_s / nearer <= room_s:
        return _borrowing(speech_s, slot_s, nearer)
    return _long(speech_s, room_s, limits, lead_s)


def _short(speech_s: float, slot_s: float, limits: FitLimits) -> Fit:
    filling = speech_s / slot_s if slot_s else 1.0
    tempo = max(limits.slowest, filling)
    hole_s, left_s = slot_s - speech_s, slot_s - speech_s / tempo
    if hole_s <= limits.hole_s:
        return Fit("natural", 1.0, speech_s, "natural speed")
    if left_s > hole_s / 2:
        tempo = max(1 / limits.inaudible, filling)
        return Fit("natural", tempo, speech_s / tempo, "natural speed, inaudibly slower towards the end of its slot")
    return Fit("natural", tempo, speech_s / tempo, f"slowed to {tempo:.2f} of natural speed to fill its slot")


def _borrowing(speech_s: float, slot_s: float, tempo: float) -> Fit:
    duration_s = speech_s / tempo
    if duration_s <= slot_s + _ROUNDING:
        return Fit("natural", tempo, duration_s, "natural speed, inaudibly faster to end with its slot")
    borrowed_s = duration_s - slot_s
    said = f"natural speed, inaudibly faster, borrows {borrowed_s:.2f} s of the silence after it"
    return Fit("natural", tempo, duration_s, said)


def _long(speech_s: float, room_s: float, limits: FitLimits, lead_s: float) -> Fit:
    early_s = min(lead_s, max(0.0, speech_s / limits.tight - room_s))
    room_s += early_s
    needed = speech_s / room_s if room_s else float("inf")
    tempo, duration_s = (needed, room_s) if needed <= limits.maximum else (limits.maximum, speech_s / limits.maximum)
    early = f"begins {early_s:.2f} s early, " if early_s else ""
    faster = f"{early}{tempo:.2f} times natural speed"
    if needed <= limits.unmarked:
        return Fit("natural", tempo, duration_s, f"{faster} to fit", early_s)
    if needed <= limits.tight + _ROUNDING:
        return Fit("tight", tempo, duration_s, f"{faster} to fit, which a listener may notice", early_s)
    if needed <= limits.maximum:
        return Fit("overflow", tempo, duration_s, f"{faster}: it needs a shorter translation", early_s)
    over_s = duration_s - room_s
    return Fit(
        "overflow",
        tempo,
        duration_s,
        f"{faster} and still {over_s:.2f} s too long: it needs a shorter translation",
        early_s,
    )
