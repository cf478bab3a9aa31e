"""Jobs share batches, and one item cannot cost another."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.inference import MicroBatcher, cut_batches
from shared.pipeline import Canceled, CancelToken
from shared.testing import wait_until

PATIENCE_S = 60.0


class Model:
    """Answers with the length of each text, and keeps the batches it saw."""

    def __init__(self, fails: Callable[[Sequence[str]], Exception | None] = lambda _batch: None) -> None:
        self.batches: list[list[str]] = []
        self.fails = fails

    def __call__(self, batch: Sequence[str]) -> list[int]:
        self.batches.append(list(batch))
        if error := self.fails(batch):
            raise error
        return [len(text) for text in batch]


def batcher(model: Callable[[Sequence[str]], Sequence[int]], budget: int = 100, **options: object) -> MicroBatcher:
    return MicroBatcher(model, cost=len, budget=budget, **options)  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 100))
def test_batches_keep_to_the_budget(costs: list[int], budget: int) -> None:
    """Each index once; no batch of several beyond the budget; no two that would have fitted in one, side by side."""
    batches = cut_batches(costs, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(costs)))
    for batch in batches:
        assert len(batch) == 1 or max(costs[index] for index in batch) * len(batch) <= budget
    for batch, after in pairwise(batches):
        assert costs[after[0]] * (len(batch) + 1) > budget


def test_results_come_back_at_their_places() -> None:
    """Though the batch is sorted by length."""
    model = Model()
    asked = batcher(model)
    assert asked.ask(["four", "a", "seven.."], CancelToken()) == [4, 1, 7]
    assert model.batches == [["a", "four", "seven.."]]
    asked.close()


def test_jobs_that_ask_at_the_same_time_share_a_batch() -> None:
    """While the model is busy with the first, the others gather."""
    model, busy, go_on = Model(), threading.Event(), threading.Event()

    def run(batch: Sequence[str]) -> list[int]:
        if batch == ["first"]:
            busy.set()
            assert go_on.wait(PATIENCE_S)
        return model(batch)

    asked = batcher(run, wait_s=0.0)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(asked.ask, ["first"], CancelToken())
        assert busy.wait(PATIENCE_S)
        others = [pool.submit(asked.ask, [text], CancelToken()) for text in ("bb", "cc", "dd")]
        wait_until(lambda: len(asked._waiting) == len(others), PATIENCE_S, "the others do not ask")
        go_on.set()
        assert [first.result(), *(other.result() for other in others)] == [[5], [2], [2], [2]]
    assert [sorted(batch) for batch in model.batches] == [["first"], ["bb", "cc", "dd"]]
    asked.close()


def test_groups_are_not_mixed() -> None:
    """Two language pairs never share a batch."""
    model = Model()
    asked = batcher(model, group=lambda text: text[0])
    assert asked.ask(["a1", "b1", "a2"], CancelToken()) == [2, 2, 2]
    assert sorted(model.batches) == [["a1", "a2"], ["b1"]]
    asked.close()


def test_a_poisoned_item_fails_alone() -> None:
    """The batch is halved down to it; all others are answered."""
    model = Model(lambda batch: ValueError("poison") if "bad" in batch else None)
    asked = batcher(model)
    outcomes = asked.ask(["one", "two", "bad", "six", "ten"], CancelToken())
    assert isinstance(outcomes.pop(2), ValueError)
    assert outcomes == [3, 3, 3, 3]
    asked.close()


def test_memory_that_runs_out_halves_the_batches_for_good() -> None:
    """Later batches are within what was well, and what the failure left is let go of."""
    released: list[bool] = []
    model = Model(lambda batch: MemoryError() if len(batch) > 2 else None)
    asked = batcher(model, budget=24, release=lambda: released.append(True))
    assert asked.ask(["abc"] * 8, CancelToken()) == [3] * 8
    assert released
    tried = len(model.batches)
    assert asked.ask(["abc"] * 8, CancelToken()) == [3] * 8
    assert max(len(batch) for batch in model.batches[tried:]) == 2
    asked.close()


def test_an_item_too_large_for_the_memory_fails_alone() -> None:
    """At one item there is nothing left to halve."""
    model = Model(lambda batch: RuntimeError("CUDA out of memory") if any(len(text) > 5 for text in batch) else None)
    asked = batcher(model)
    small, large = asked.ask(["ok", "far too long"], CancelToken())
    assert small == 2
    assert isinstance(large, RuntimeError)
    asked.close()


def test_an_engine_that_miscounts_fails_its_items() -> None:
    """No result is given to the wrong line."""
    asked = batcher(lambda batch: [1] * (len(batch) + 1))
    assert all(isinstance(outcome, RuntimeError) for outcome in asked.ask(["a", "b"], CancelToken()))
    asked.close()


def test_what_was_canceled_is_not_begun() -> None:
    """Waiting ends at once; the model never sees the text."""
    model, busy, go_on, cancel = Model(), threading.Event(), threading.Event(), CancelToken()

    def run(batch: Sequence[str]) -> list[int]:
        busy.set()
        assert go_on.wait(PATIENCE_S)
        return model(batch)

    asked = batcher(run, wait_s=0.0)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(asked.ask, ["first"], CancelToken())
        assert busy.wait(PATIENCE_S)
        second = pool.submit(asked.ask, ["second"], cancel)
        cancel.cancel("a person stopped it")
        with pytest.raises(Canceled):
            second.result(PATIENCE_S)
        go_on.set()
        assert first.result(PATIENCE_S) == [5]
        assert asked.ask(["third"], CancelToken()) == [5]
    assert model.batches == [["first"], ["third"]]
    asked.close()


def test_a_closed_batcher_refuses() -> None:
    """After it has answered everything."""
    asked = batcher(Model())
    asked.close()
    with pytest.raises(RuntimeError, match="closed"):
        asked.ask(["late"], CancelToken())
