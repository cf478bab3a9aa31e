"""Many workers' words become one percentage that never goes back."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.progress.folding import Folded, begin, eta_seconds, finish, fold, percent, recall
from shared.messaging import RawProgress
from shared.pipeline import Stage

SHARDS = ("0", "1", "2")
WEIGHTS = {"0": 4.0, "1": 2.0, "2": 2.0}


def word(shard: str, fraction: float, attempt: int = 1, message: str = "") -> RawProgress:
    return RawProgress(
        task_id="t",
        language="es",
        stage=Stage.TRANSLATION,
        attempt=attempt,
        shard=shard,
        weight=WEIGHTS[shard],
        total_weight=sum(WEIGHTS.values()),
        fraction=fraction,
        message=message,
    )


words = st.builds(word, st.sampled_from(SHARDS), st.floats(0, 1), st.integers(1, 3), st.sampled_from(["", "line 1"]))


@given(st.lists(st.tuples(words, st.floats(0, 30)), max_size=30), st.none() | st.integers(0, 100))
def test_progress_is_bounded_and_never_goes_back_within_an_attempt(
    heard: list[tuple[RawProgress, float]], kept: int | None
) -> None:
    """In whatever order words come, from a fresh start or from where an earlier process was."""
    now = 0.0
    known: Folded = begin(1, now)
    if kept is not None:
        known = recall(known, kept, now)
        assert percent(known) == kept
    for said, elapsed in heard:
        now += elapsed
        before, known = known, fold(known, said, now)
        assert 0 <= percent(known) <= 100
        assert known.attempt == max(before.attempt, said.attempt)
        if known.attempt == before.attempt:
            assert percent(known) >= percent(before)
        eta = eta_seconds(known, now)
        assert eta is None or (eta >= 0 and math.isfinite(eta))
    assert percent(finish(known)) == 100
    assert eta_seconds(finish(known), now) == 0.0


@given(st.permutations(SHARDS))
def test_a_stage_is_done_when_all_its_shards_are(order: list[str]) -> None:
    """Each counts by its weight."""
    known = begin(1, 0.0)
    done = 0.0
    for shard in order:
        known = fold(known, word(shard, 1.0), 1.0)
        done += WEIGHTS[shard]
        assert percent(known) == math.floor(done / 8 * 100)


def test_an_older_attempt_is_ignored_and_a_newer_one_starts_anew() -> None:
    """A worker of a retried stage may still be talking."""
    known = fold(fold(None, word("0", 1.0, attempt=1), 0.0), word("1", 0.5, attempt=2), 1.0)
    assert (known.attempt, percent(known)) == (2, 12)
    assert fold(known, word("2", 1.0, attempt=1), 2.0) == known


def test_a_shard_that_is_done_again_does_not_count_twice() -> None:
    """A redelivered job starts from nothing; what it did before is not taken away."""
    known = fold(fold(None, word("0", 0.8), 0.0), word("0", 0.1), 1.0)
    assert percent(known) == 40
    assert percent(fold(known, word("0", 1.0), 2.0)) == 50


def test_after_a_restart_the_rest_is_counted_from_what_was_told() -> None:
    """Shard 0 was done and shard 1 half done when the service died at 62 %; both count once."""
    known = recall(fold(None, word("1", 0.5), 0.0), 62, 0.0)
    known = fold(known, word("1", 1.0), 1.0)
    assert percent(known) == 74
    known = fold(fold(known, word("2", 0.0), 2.0), word("2", 1.0), 3.0)
    assert percent(known) == 99


def test_the_estimate_comes_when_it_means_something() -> None:
    """A steady two percent a second leave forty seconds at twenty percent."""
    known: Folded | None = None
    estimates: list[float | None] = []
    for second in range(11):
        known = fold(known, word("0", second * 0.04), float(second))
        estimates.append(eta_seconds(known, float(second)))
    assert estimates[:3] == [None, None, None]
    assert estimates[10] is not None
    assert math.isclose(estimates[10], 40.0, abs_tol=0.5)


def test_the_estimate_is_smooth() -> None:
    """A burst of one second moves it by little."""
    known: Folded | None = None
    for second in range(20):
        known = fold(known, word("0", second * 0.02), float(second))
    assert known is not None
    before = eta_seconds(known, 19.0)
    after = eta_seconds(fold(known, word("0", 19 * 0.02 + 0.1), 20.0), 20.0)
    assert before is not None
    assert after is not None
    assert 0.7 * before < after < before


def test_the_last_message_stays_until_another_one_comes() -> None:
    """A worker ends its job without a word."""
    known = fold(fold(None, word("0", 0.5, message="line 3 of 9"), 0.0), word("0", 1.0), 1.0)
    assert known.message == "line 3 of 9"
