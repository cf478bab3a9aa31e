"""Fold the reports of many workers into one percentage with an estimate. Pure: time is passed in, in seconds."""

import math
from dataclasses import dataclass, field, replace

from shared.messaging import RawProgress

PACE_TIME_CONSTANT_S = 20.0
"""The memory of the estimate: shards and lines end in bursts, and a person wants a number that does not jump."""

MEANINGFUL_S = 3.0
MEANINGFUL_SHARE = 0.02


@dataclass(frozen=True)
class Shard:
    """One job of a stage: its weight, the fraction it had when first heard of, and the highest since."""

    weight: float
    first: float
    fraction: float


@dataclass(frozen=True)
class Pace:
    """How fast the work progresses: a decaying average from `since` on."""

    since: float
    start: float
    at: float
    share: float
    rate: float | None = None

    def after(self, share: float, now: float) -> "Pace":
        """The pace when `share` is reached at `now`; looked at once a second at most."""
        elapsed = now - self.at
        if elapsed < 1.0:
            return self
        seen = max(0.0, share - self.share) / elapsed
        keep = math.exp(-elapsed / PACE_TIME_CONSTANT_S)
        rate = seen if self.rate is None else keep * self.rate + (1 - keep) * seen
        return replace(self, at=now, share=max(share, self.share), rate=rate)


@dataclass(frozen=True)
class Folded:
    """What is known about one attempt at a stage.

    `base` is the share that was done before this service heard of it, None when it heard everything.
    """

    attempt: int
    pace: Pace
    base: float | None = None
    total_weight: float = 1.0
    shards: dict[str, Shard] = field(default_factory=dict)
    share: float = 0.0
    message: str = ""


def begin(attempt: int, now: float) -> Folded:
    """An attempt in which nothing is done yet."""
    return Folded(attempt, Pace(since=now, start=0.0, at=now, share=0.0))


def fold(known: Folded | None, word: RawProgress, now: float) -> Folded:
    """Add one worker's report.

    An older attempt changes nothing, a newer one starts over. Progress never decreases, whatever the order.
    """
    if known is None or word.attempt > known.attempt:
        known = begin(word.attempt, now)
    if word.attempt < known.attempt:
        return known
    before = known.shards.get(word.shard)
    shard = Shard(
        weight=word.weight,
        first=before.first if before else word.fraction,
        fraction=max(before.fraction, word.fraction) if before else word.fraction,
    )
    folded = replace(
        known,
        shards={**known.shards, word.shard: shard},
        total_weight=word.total_weight,
        message=word.message or known.message,
    )
    share = max(known.share, _share(folded))
    return replace(folded, share=share, pace=known.pace.after(share, now))


def recall(known: Folded, progress: int, now: float) -> Folded:
    """Continue from the percentage that was reported for the same attempt before this service started.

    Shards that ended in the meantime are never heard of again; the others count from where they were first heard.
    """
    folded = replace(known, base=progress / 100)
    share = max(known.share, _share(folded))
    return replace(folded, share=share, pace=Pace(since=now, start=share, at=now, share=share))


def finish(known: Folded) -> Folded:
    """All work is done."""
    return replace(known, share=1.0)


def percent(known: Folded) -> int:
    """Whole percents done, rounded down: 100 means done."""
    return min(100, math.floor(known.share * 100 + 1e-9))


def eta_seconds(known: Folded, now: float) -> float | None:
    """Seconds until the stage is done, or None while that is unknown."""
    if percent(known) >= 100:
        return 0.0
    pace = known.pace
    too_early = now - pace.since < MEANINGFUL_S or known.share - pace.start < MEANINGFUL_SHARE
    if too_early or not pace.rate:
        return None
    return round((1.0 - known.share) / pace.rate, 1)


def _share(folded: Folded) -> float:
    total = max(folded.total_weight, 1e-9)
    if folded.base is None:
        done = sum(shard.weight * shard.fraction for shard in folded.shards.values()) / total
    else:
        gained = sum(shard.weight * (shard.fraction - shard.first) for shard in folded.shards.values())
        done = folded.base + gained / total
    return min(1.0, done)
