"""Who gets the next slot."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.planning.fair_share import Waiting, choose


def jobs(*names: str, owner: str = "") -> list[Waiting]:
    """Jobs of the tasks `names`, or of task/language."""
    return [
        Waiting(number, owner, *name.split("/"))
        for number, name in enumerate(f"{one}/es" if "/" not in one else one for one in names)
    ]


def test_a_short_task_is_not_behind_a_long_one() -> None:
    """Task b came last and gets the second slot."""
    assert choose(jobs("a", "a", "a", "a", "b"), {}, 2) == [0, 4]


def test_languages_of_a_task_take_turns() -> None:
    """One language does not wait for all of another."""
    assert choose(jobs("a/es", "a/es", "a/fr", "a/fr"), {}, 3) == [0, 2, 1]


def test_owners_take_turns() -> None:
    """One person's many videos leave another's the second slot, and what they have out counts."""
    waiting = [*jobs("a", "b", "c", owner="one"), Waiting(9, "two", "d", "es")]
    assert choose(waiting, {}, 2) == [0, 9]
    assert choose(waiting, {("one", "x"): 1}, 2) == [9]
    assert choose(waiting, {("two", "d"): 2}, 4) == [0, 1]


def test_jobs_already_out_count() -> None:
    """A task with a job out waits for one that has none; a full window hands out nothing."""
    assert choose(jobs("a", "b"), {("", "a"): 1}, 2) == [1]
    assert choose(jobs("a", "b"), {("", "c"): 2}, 2) == []


@given(
    st.lists(st.sampled_from("abcd"), max_size=60),
    st.integers(1, 8),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 4)),
)
def test_window_is_kept_and_shares_are_even(names: list[str], window: int, out: dict[str, int]) -> None:
    """Never more than the window; no task gets two more than another of its owner that still waits."""
    waiting = jobs(*names)
    chosen = choose(waiting, {("", task): count for task, count in out.items()}, window)
    assert len(chosen) == len(set(chosen)) <= max(0, window - sum(out.values()))
    assert len(chosen) == min(len(waiting), max(0, window - sum(out.values())))
    given_out = Counter(waiting[number].task_id for number in chosen)
    for task in set(names):
        if given_out[task] < names.count(task):  # it still waits
            for other, count in given_out.items():
                assert not count or out.get(other, 0) + count <= out.get(task, 0) + given_out[task] + 1
