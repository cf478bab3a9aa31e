"""Who gets the next slot."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pipeline.fair_share import (
    SHORTEST_EVERY,
    Free,
    Held,
    Ledger,
    Rank,
    Ready,
    Waiting,
    choose,
    free_for_long,
    in_turn,
    is_long_export,
    limit,
    rank,
    video_seconds,
)
from shared.pipeline import Lane, Stage

START = datetime(2026, 1, 1, tzinfo=UTC)
QUEUE = (Stage.CLONING, Lane.BATCH)
PLENTY = Free(1000, 1000)


def waiting(*jobs: tuple[int, int, float], long: bool = False, first: int = 0) -> Waiting:
    """Jobs of (task, steps left, work left), numbered from `first`."""
    ready = [Ready(first + number, Rank(*one, long)) for number, one in enumerate(jobs)]
    return Waiting((), ()).beside(Waiting(ready, ready))


def ids(chosen: list[tuple[str, Ready]]) -> list[int]:
    """Numbers of the jobs."""
    return [job.job_id for _, job in chosen]


def test_the_oldest_task_is_finished_first() -> None:
    """Also where a newer one came to the stage before it; in a task the later stage goes first."""
    jobs = waiting((2, 1, 50.0), (1, 2, 90.0), (1, 1, 90.0))
    assert ids(choose({"": jobs}, {}, {}, PLENTY, 1.0)) == [2, 1, 0]


def test_every_fourth_goes_to_the_task_with_the_least_left() -> None:
    """A clip of the same person is not behind three films."""
    jobs = waiting(*[(1, 1, 9000.0)] * 5, (2, 1, 60.0), (3, 1, 30.0))
    assert ids(choose({"": jobs}, {}, {}, Free(5, 5), 1.0)) == [0, 1, 2, 6, 3]
    assert ids(choose({"": jobs}, {}, {"": 3}, Free(1, 1), 1.0)) == [6]


def test_who_took_least_of_the_slots_is_next() -> None:
    """Not who has the fewest jobs: one's hour-long job weighs what another's hundred short ones do."""
    both = {"film": waiting((1, 1, 1.0)), "clips": waiting(*[(2, 1, 1.0)] * 9, first=10)}
    assert ids(choose(both, {"film": 3600.0}, {}, Free(3, 3), 30.0)) == [10, 11, 12]
    assert ids(choose(both, {}, {}, Free(3, 3), 30.0)) == [0, 10, 11]


def test_new_owners_are_served_in_turn() -> None:
    """What goes out counts at once, so one look does not give one owner all slots."""
    owners = {name: waiting(*[(1, 1, 1.0)] * 4, first=10 * at) for at, name in enumerate("abc")}
    assert Counter(owner for owner, _ in choose(owners, {}, {}, Free(6, 6), 2.0)) == {"a": 2, "b": 2, "c": 2}


def test_long_jobs_leave_a_slot() -> None:
    """Who has only long ones is passed over when no more of them may go out."""
    jobs = {"films": waiting((1, 0, 9000.0), (1, 0, 9000.0), long=True), "clip": waiting((9, 0, 5.0), first=5)}
    assert ids(choose(jobs, {"clip": 99.0}, {}, Free(3, 1), 1.0)) == [0, 5]
    held = [Held(1, QUEUE, "", long=True, since=START)]
    assert free_for_long([2], 2, []) == 1
    assert free_for_long([2], 2, held) == 0
    assert free_for_long([2, 2, 2], 6, held) == 2
    assert free_for_long([1], 1, []) == 1, "a worker with one slot makes all"


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 5), st.floats(0, 100)), max_size=40),
    st.integers(0, 12),
    st.dictionaries(st.sampled_from("abcd"), st.floats(0, 100)),
)
def test_slots_are_filled_and_none_twice(
    jobs: list[tuple[str, int, float]], slots: int, spent: dict[str, float]
) -> None:
    """As many as there are slots or jobs and none twice; nobody is next while another has spent less."""
    queues: dict[str, list[Ready]] = {}
    for number, (owner, task, left) in enumerate(jobs):
        queues.setdefault(owner, []).append(Ready(number, Rank(task, 1, left, False)))
    known = {owner: Waiting((), ()).beside(Waiting(ready, ready)) for owner, ready in queues.items()}
    chosen = choose(known, spent, {}, Free(slots, 0), 7.0)
    assert len(set(ids(chosen))) == len(chosen) == min(slots, len(jobs))
    given_to = Counter(owner for owner, _ in chosen)
    for owner, count in given_to.items():
        for other in known:
            if given_to[other] < len(queues[other]):  # it still waits
                assert spent.get(owner, 0.0) + 7.0 * (count - 1) <= spent.get(other, 0.0) + 7.0 * given_to[other]


def plainly_in_turn(
    waiting: Mapping[str, Waiting],
    spent_s: Mapping[str, float],
    handed_out: Mapping[str, int],
    long: float,
    typical_s: float,
) -> Iterator[tuple[str, Ready]]:
    """The rule of `in_turn` word for word: before every pick it compares all owners by all of their jobs."""
    spent, turns = defaultdict(float, spent_s), Counter(handed_out)
    queues = {owner: (deque(jobs.oldest), deque(jobs.shortest)) for owner, jobs in waiting.items()}
    taken: set[Ready] = set()
    owners = set(waiting)
    while owners:
        owner = min(
            sorted(owners),
            key=lambda one: (spent[one], min((job.rank.task_order for job in waiting[one].oldest), default=0)),
        )
        queue = queues[owner][(turns[owner] + 1) % SHORTEST_EVERY == 0]
        while queue and (queue[0] in taken or (queue[0].rank.long and long <= 0)):
            queue.popleft()
        if not queue:
            owners.discard(owner)
            continue
        found = queue.popleft()
        taken.add(found)
        spent[owner] += typical_s
        turns[owner] += 1
        long -= found.rank.long
        yield owner, found


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.builds(Rank, st.integers(-3, 3), st.integers(0, 2), st.sampled_from([0.0, 5.0, 60.0]), st.booleans()),
        ),
        max_size=60,
    ),
    st.dictionaries(st.sampled_from("abcdefg"), st.one_of(st.integers(0, 4).map(float), st.floats(0, 100))),
    st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 9)),
    st.one_of(st.integers(-1, 9), st.just(inf)),
    st.sampled_from([0.0, 0.1, 1.0, 7.0]),
    st.integers(1, 60),
)
def test_the_order_is_that_of_the_plain_rule(
    jobs: list[tuple[str, Rank]],
    spent: dict[str, float],
    turns: dict[str, int],
    long: float,
    typical_s: float,
    most: int,
) -> None:
    """Also with long jobs, owners who are even, and only the first of an owner's jobs in either order."""
    queues: dict[str, list[Ready]] = {"nothing": []}
    for number, (owner, rank_) in enumerate(jobs):
        queues.setdefault(owner, []).append(Ready(number, rank_))
    known = {}
    for owner, ready in queues.items():
        both = Waiting((), ()).beside(Waiting(ready, ready))
        known[owner] = Waiting(both.oldest[:most], both.shortest[:most])
    expected = list(plainly_in_turn(known, spent, turns, long, typical_s))
    assert list(in_turn(known, spent, turns, long, typical_s)) == expected


class Watched(list[Ready]):
    """Counts how often one of these jobs is looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Ready]:
        for one in super().__iter__():
            self.looks += 1
            yield one


@pytest.mark.parametrize(("owners", "each"), [(1, 250), (1, 2000), (50, 40)])
def test_each_job_is_looked_at_a_few_times(owners: int, each: int) -> None:
    """However many of its owner's go before it, and however many owners wait."""
    known = {}
    for owner in range(owners):
        ready = [Ready(owner * each + number, Rank(1, 1, 1.0, False)) for number in range(each)]
        known[str(owner)] = Waiting(Watched(ready), Watched(ready))
    assert len(list(in_turn(known, {}, {}, inf, 1.0))) == owners * each
    for jobs in known.values():
        assert isinstance(jobs.oldest, Watched)
        assert isinstance(jobs.shortest, Watched)
        assert jobs.oldest.looks + jobs.shortest.looks <= 3 * each


class Compared(int):
    """Counts the comparisons of owners who took the same."""

    count = 0

    def __lt__(self, other: int) -> bool:
        Compared.count += 1
        return super().__lt__(other)


@pytest.mark.parametrize("owners", [16, 256])
def test_owners_are_not_all_compared_before_each_pick(owners: int) -> None:
    """By a few more comparisons when they are many, not by one for each of them."""
    known = {}
    for owner in range(owners):
        ready = [Ready(owner * 8 + number, Rank(Compared(owner), 1, 1.0, False)) for number in range(8)]
        known[str(owner)] = Waiting(ready, ready)
    Compared.count = 0
    assert len(list(in_turn(known, {}, {}, inf, 1.0))) == owners * 8
    assert Compared.count <= owners * 8 * 4 * owners.bit_length()


def test_no_more_than_the_workers_take() -> None:
    """One more where jobs are short, one where no worker lives, never more than the cap."""
    assert limit(4, 30.0, None) == 4
    assert limit(4, None, None) == 4
    assert limit(4, 0.2, None) == 5
    assert limit(0, None, None) == 1
    assert limit(8, None, 2) == 2


def test_the_ledger_charges_what_left() -> None:
    """By how long it was out, for ten minutes; what is out counts for its time so far, or that of a typical job."""
    ledger = Ledger()
    ledger.hand_out(Held(1, QUEUE, "a", long=False, since=START))
    ledger.hand_out(Held(2, QUEUE, "b", long=False, since=START))
    assert ledger.spent_s(*QUEUE, START + timedelta(seconds=5)) == {"a": 5.0, "b": 5.0}
    ledger.look([Held(2, QUEUE, "b", long=False, since=START)], START + timedelta(seconds=20))
    assert ledger.typical_s(*QUEUE) == 20.0
    assert ledger.spent_s(*QUEUE, START + timedelta(seconds=30)) == {"a": 20.0, "b": 30.0}
    assert ledger.spent_s(Stage.EXPORT, Lane.BATCH, START) == {}
    assert ledger.turns(*QUEUE) == {"a": 1, "b": 1}
    ledger.hand_out(Held(3, QUEUE, "a", long=False, since=START + timedelta(seconds=30)))
    assert ledger.spent_s(*QUEUE, START + timedelta(seconds=31))["a"] == 40.0, "at least as long as a typical job"
    ledger.look([], START + timedelta(minutes=11))
    assert ledger.spent_s(*QUEUE, START + timedelta(minutes=11))["b"] == 660.0
    ledger.look([], START + timedelta(minutes=22))
    assert ledger.spent_s(*QUEUE, START + timedelta(minutes=22)) == {}


def test_a_new_leader_knows_what_was_before() -> None:
    """From the rows of the last ten minutes."""
    ledger = Ledger([(Held(1, QUEUE, "a", long=False, since=START), START + timedelta(seconds=90))])
    assert ledger.spent_s(*QUEUE, START + timedelta(seconds=100)) == {"a": 90.0}


@pytest.mark.parametrize(
    ("stage", "steps", "left_s"),
    [(Stage.DIARIZATION, 3, 480.0), (Stage.TRANSLATION, 2, 360.0), (Stage.EXPORT, 0, 120.0)],
)
def test_work_left_is_video_times_stages_and_languages(stage: Stage, steps: int, left_s: float) -> None:
    """A minute in two languages."""
    assert rank(stage, 7, 60.0, 2, long=False) == Rank(7, steps, left_s, False)


def test_a_video_nobody_looked_into_is_as_long_as_its_size_says() -> None:
    """At 2 Mbit/s."""
    assert video_seconds(None, 15_000_000) == 60.0
    assert video_seconds(12.0, 15_000_000) == 12.0


def test_exports_of_films_are_long_and_burning_is_longer() -> None:
    """A copied picture goes twenty times as fast as it plays."""
    assert not is_long_export(600, burns=False)
    assert is_long_export(3600, burns=False)
    assert is_long_export(120, burns=True)
    assert not is_long_export(30, burns=True)
