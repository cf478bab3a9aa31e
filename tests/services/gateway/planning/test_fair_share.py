"""Who gets the next slot."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.planning.fair_share import Waiting, choose


def jobs(*owners: str, stage: str = "translation") -> list[Waiting]:
    return [
        Waiting(number, stage, *owner.split("/"))
        for number, owner in enumerate(f"{o}/es" if "/" not in o else o for o in owners)
    ]


def test_a_short_task_is_not_behind_a_long_one() -> None:
    """Task b came last and gets the second slot."""
    assert choose(jobs("a", "a", "a", "a", "b"), {}, 2) == [0, 4]


def test_languages_of_a_task_take_turns() -> None:
    """One language does not wait for all of another."""
    assert choose(jobs("a/es", "a/es", "a/fr", "a/fr"), {}, 3) == [0, 2, 1]


def test_jobs_already_out_count() -> None:
    """A task with a job out waits for one that has none; a full window hands out nothing."""
    assert choose(jobs("a", "b"), {"translation": {"a": 1}}, 2) == [1]
    assert choose(jobs("a", "b"), {"translation": {"c": 2}}, 2) == []


def test_stages_do_not_share_a_window() -> None:
    """Exports do not wait for translations."""
    waiting = [*jobs("a"), Waiting(9, "export", "b", "es")]
    assert sorted(choose(waiting, {"translation": {"a": 4}}, 4)) == [9]


@given(
    st.lists(st.sampled_from("abcd"), max_size=60),
    st.integers(1, 8),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 4)),
)
def test_window_is_kept_and_shares_are_even(owners: list[str], window: int, out: dict[str, int]) -> None:
    """Never more than the window; no task gets two more than another that still waits."""
    waiting = jobs(*owners)
    chosen = choose(waiting, {"translation": out}, window)
    assert len(chosen) == len(set(chosen)) <= max(0, window - sum(out.values()))
    assert len(chosen) == min(len(waiting), max(0, window - sum(out.values())))
    given_out = Counter(waiting[number].task_id for number in chosen)
    for task in set(owners):
        if given_out[task] < owners.count(task):  # it still waits
            for other, count in given_out.items():
                assert not count or out.get(other, 0) + count <= out.get(task, 0) + given_out[task] + 1
