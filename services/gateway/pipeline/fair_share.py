"""Who gets the next free slot of a stage."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heapreplace
from itertools import islice
from statistics import median

from shared.pipeline import Lane, Stage, stages_through

WINDOW = timedelta(minutes=10)
"""So far back it counts what an owner's jobs took of the slots."""
SHORTEST_EVERY = 4
"""Every so many hand-outs of an owner go to its task with the least work left."""
_BUCKET_S = 10.0
_QUICK_S = 1.0
_RECENT = 50
_EXPORT_SPEED, _BURN_SPEED, _LONG_EXPORT_S = 20.0, 1.0, 60.0
_BYTES_PER_S = 250_000
"""Of a video nobody has looked into yet: 2 Mbit/s."""

Queue = tuple[Stage, Lane]


@dataclass(frozen=True)
class Rank:
    """What a job is chosen by, beside its owner; written into its row when it is cut."""

    task_order: int
    steps_left: int
    left_s: float
    long: bool


@dataclass(frozen=True)
class Ready:
    """A job that may go out."""

    job_id: int
    rank: Rank


def _age(one: Ready) -> tuple[int, int, int]:
    return one.rank.task_order, one.rank.steps_left, one.job_id


@dataclass(frozen=True)
class Waiting:
    """The first ready jobs of an owner in both orders; each holds as many as there are free slots, or all."""

    oldest: Sequence[Ready]
    shortest: Sequence[Ready]

    def beside(self, other: "Waiting") -> "Waiting":
        """The jobs of both, each in its two orders."""
        return Waiting(
            sorted([*self.oldest, *other.oldest], key=_age),
            sorted([*self.shortest, *other.shortest], key=lambda one: (one.rank.left_s, one.job_id)),
        )


@dataclass(frozen=True)
class Held:
    """A job that is out: in the queue or in a worker's hands."""

    job_id: int
    queue: Queue
    owner: str
    long: bool
    since: datetime


@dataclass(frozen=True)
class Free:
    """Slots that may be filled now; at most `long` of them by long jobs."""

    slots: int
    long: int


def rank(stage: Stage, task_order: int, video_s: float, languages: int, *, long: bool) -> Rank:
    """The rank of a job for `stage` of a task; its work is how much video still has to go through stages."""
    steps_left = len(stages_through(Stage.EXPORT)) - len(stages_through(stage))
    return Rank(task_order, steps_left, video_s * (steps_left + 1) * max(1, languages), long)


def video_seconds(duration_s: float | None, size: int) -> float:
    """How long a video of `size` bytes is, roughly where nobody knows."""
    return duration_s or size / _BYTES_PER_S


def is_long_export(video_s: float, *, burns: bool) -> bool:
    """Whether an export holds its slot for more than a minute, by the speeds of `benchmarks/export.py` on two cores."""
    return video_s / (_BURN_SPEED if burns else _EXPORT_SPEED) > _LONG_EXPORT_S


def limit(slots: int, typical_s: float | None, cap: int | None) -> int:
    """How many jobs of a stage and lane may be out at once, with `slots` in all live workers.

    One more than the slots if jobs are so short that a slot would be idle until the next one arrives; one if there is
    no live worker, so that an autoscaler that watches the queue sees a reason to start one.
    """
    quick = typical_s is not None and typical_s < _QUICK_S
    most = max(1, slots + quick)
    return min(most, cap) if cap else most


def free_for_long(workers: Sequence[int], most: int, held: Iterable["Held"]) -> int:
    """How many long jobs may go out: each of `workers` with several slots reserves one for short jobs."""
    kept = sum(slots > 1 for slots in workers)
    return max(1, most - kept) - sum(one.long for one in held)


def choose(
    waiting: Mapping[str, Waiting],
    spent_s: Mapping[str, float],
    handed_out: Mapping[str, int],
    free: Free,
    typical_s: float,
) -> list[tuple[str, Ready]]:
    """The jobs that go out now, in order, each with its owner."""
    return list(islice(in_turn(waiting, spent_s, handed_out, free.long, typical_s), max(0, free.slots)))


def in_turn(
    waiting: Mapping[str, Waiting],
    spent_s: Mapping[str, float],
    handed_out: Mapping[str, int],
    long: float,
    typical_s: float,
) -> Iterator[tuple[str, Ready]]:
    """All jobs in the order in which they go out, each with its owner; at most `long` of them are long ones.

    The next slot goes to the owner whose jobs used the slots least lately, within an owner to the oldest task and
    within a task to the latest stage, so that what was started gets finished. Every fourth job of an owner comes from
    the task with the least work left, so that a clip does not wait behind a film. A job handed out counts as
    `typical_s`. Of owners who are even, the one whose oldest task came first is next, then the first by name.
    """
    spent, turns = defaultdict(float, spent_s), Counter(handed_out)
    queues = {owner: (deque(jobs.oldest), deque(jobs.shortest)) for owner, jobs in waiting.items()}
    taken: set[Ready] = set()
    # Only the owner who gets a slot changes place: looking at all of them for each pick would take minutes.
    owners = [(spent[owner], _first(jobs), owner) for owner, jobs in waiting.items()]
    heapify(owners)
    while owners:
        _, first, owner = owners[0]
        queue = queues[owner][(turns[owner] + 1) % SHORTEST_EVERY == 0]
        while queue and (queue[0] in taken or (queue[0].rank.long and long <= 0)):
            queue.popleft()
        if not queue:
            heappop(owners)
            continue
        found = queue.popleft()
        taken.add(found)
        spent[owner] += typical_s
        turns[owner] += 1
        long -= found.rank.long
        heapreplace(owners, (spent[owner], first, owner))
        yield owner, found


def _first(waiting: Waiting) -> int:
    return min((one.rank.task_order for one in waiting.oldest), default=0)


class Ledger:
    """How much the owners' jobs used the slots of each stage and lane in the last ten minutes.

    Based on looks at what is out: a job that is no longer out has ended. The caller passes all times.
    """

    def __init__(self, ended: Iterable[tuple[Held, datetime]] = ()) -> None:
        self._held: dict[int, Held] = {}
        self._spent: deque[tuple[datetime, dict[tuple[Queue, str], float]]] = deque()
        self._recent: dict[Queue, deque[float]] = {}
        self._turns: dict[Queue, Counter[str]] = {}
        for one, at in sorted(ended, key=lambda pair: pair[1]):
            self.charge(one, at)

    def look(self, held: Iterable[Held], now: datetime) -> None:
        """Update what is out now, and charge what was out before for its time."""
        known = {one.job_id: one for one in held}
        for job_id in self._held.keys() - known.keys():
            self.charge(self._held[job_id], now)
        self._held = known
        while self._spent and self._spent[0][0] < now - WINDOW:
            self._spent.popleft()

    def hand_out(self, one: Held) -> None:
        """Note that a job goes out; it may have ended before the next look."""
        self._held[one.job_id] = one
        self._turns.setdefault(one.queue, Counter())[one.owner] += 1

    def out(self, stage: Stage, lane: Lane) -> list[Held]:
        """What is out."""
        return [one for one in self._held.values() if one.queue == (stage, lane)]

    def turns(self, stage: Stage, lane: Lane) -> Mapping[str, int]:
        """Jobs handed out, by owner."""
        return self._turns.get((stage, lane), {})

    def typical_s(self, stage: Stage, lane: Lane) -> float | None:
        """Median of how long the last jobs were out; None when none has ended."""
        recent = self._recent.get((stage, lane))
        return median(recent) if recent else None

    def spent_s(self, stage: Stage, lane: Lane, now: datetime) -> dict[str, float]:
        """Slot-seconds by owner, including jobs that are out: their time so far, or that of a typical job."""
        found: defaultdict[str, float] = defaultdict(float)
        for _, bucket in self._spent:
            for (queue, owner), seconds in bucket.items():
                if queue == (stage, lane):
                    found[owner] += seconds
        typical_s = self.typical_s(stage, lane) or 0.0
        for one in self.out(stage, lane):
            found[one.owner] += max(typical_s, (now - one.since).total_seconds())
        return dict(found)

    def charge(self, one: Held, at: datetime) -> None:
        """Charge a job that ended `at` for the time it was out."""
        seconds = max(0.0, (at - one.since).total_seconds())
        self._recent.setdefault(one.queue, deque(maxlen=_RECENT)).append(seconds)
        if not self._spent or at - self._spent[-1][0] > timedelta(seconds=_BUCKET_S):
            self._spent.append((at, {}))
        bucket = self._spent[-1][1]
        bucket[one.queue, one.owner] = bucket.get((one.queue, one.owner), 0.0) + seconds
