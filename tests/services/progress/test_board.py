"""What is told, and when: seldom, never backwards, the last value always."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.progress.board import Board, Unit
from services.progress.handlers import on_fact
from shared.messaging import Progress, RawProgress, fact
from shared.pipeline import Stage

UNIT = Unit("t", "es", Stage.TRANSLATION)
INTERVAL_S = 0.5


def word(fraction: float, attempt: int = 1, message: str = "", unit: Unit = UNIT) -> RawProgress:
    return RawProgress(
        task_id=unit.task_id,
        language=unit.language,
        stage=unit.stage,
        attempt=attempt,
        shard="0",
        weight=1,
        total_weight=1,
        fraction=fraction,
        message=message,
    )


def tell(board: Board, now: float, kept: Progress | None = None) -> list[Progress]:
    """One turn of the teller, with `kept` as what the stream holds."""
    told = []
    for unit in board.due(now):
        board.recall(unit, kept, now)
        update = board.update(unit, now)
        if update is not None:
            board.told(unit, update, now)
            told.append(update)
    return told


def kept(progress: int, attempt: int = 1) -> Progress:
    return Progress(task_id="t", language="es", stage=Stage.TRANSLATION, attempt=attempt, progress=progress)


@pytest.fixture
def board() -> Board:
    """An empty board with the default timing."""
    return Board(INTERVAL_S, silence_s=3600.0)


events = st.tuples(
    st.sampled_from(["hear", "started", "completed", "stopped"]), st.integers(1, 3), st.floats(0, 1), st.floats(0, 0.4)
)


@given(st.lists(events, max_size=40), st.none() | st.builds(kept, st.integers(0, 100), st.integers(1, 3)))
def test_updates_are_few_and_only_go_forward(
    steps: list[tuple[str, int, float, float]], stored: Progress | None
) -> None:
    """At most two a second, attempts and percentages rising, whatever happens in whatever order."""
    board, now = Board(INTERVAL_S, 3600.0), 0.0
    told: list[tuple[float, Progress]] = []
    for kind, attempt, fraction, elapsed in steps:
        now += elapsed
        if kind == "hear":
            board.hear(word(fraction, attempt), now)
        else:
            act: Callable[[Unit, int, float], None] = getattr(board, kind)
            act(UNIT, attempt, now)
        last = told[-1][1] if told else stored
        told += [(now, update) for update in tell(board, now, last)]
    progress = [(update.attempt, update.progress) for _, update in told]
    first = [(stored.attempt, stored.progress)] if stored else []
    assert first + progress == sorted(first + progress)
    # An ended unit forgets when it was told last; only another attempt may follow at once.
    for (before, earlier), (after, later) in pairwise(told):
        assert after - before >= INTERVAL_S or later.attempt > earlier.attempt


def test_words_between_two_updates_are_folded_into_the_next(board: Board) -> None:
    """The last value always goes out."""
    updates = []
    for tick in range(10):
        board.hear(word(tick / 10), tick * 0.1)
        updates += tell(board, tick * 0.1)
    updates += tell(board, 1.5)
    assert [update.progress for update in updates] == [0, 50, 90]
    assert tell(board, 60.0) == []


def test_a_completed_stage_is_told_once_more_and_dropped(board: Board) -> None:
    """A hundred percent, nothing left; late words of its workers change nothing."""
    board.hear(word(0.4, message="line 4"), 0.0)
    tell(board, 0.0)
    board.completed(UNIT, 1, 0.1)
    assert tell(board, 0.2) == []
    (last,) = tell(board, 0.6)
    assert (last.progress, last.eta_seconds) == (100, 0.0)
    assert len(board) == 0
    board.hear(word(0.5), 1.0)
    assert len(board) == 0


def test_a_stage_completed_unheard_is_told(board: Board) -> None:
    """Its words may all have been lost."""
    board.completed(UNIT, 2, 0.0)
    assert [(update.attempt, update.progress) for update in tell(board, 0.0)] == [(2, 100)]


def test_a_completion_told_before_is_not_told_again(board: Board) -> None:
    """After a restart the stream is asked first."""
    board.completed(UNIT, 1, 0.0)
    assert tell(board, 0.0, kept(100)) == []
    assert len(board) == 0


@pytest.mark.parametrize("stored", [kept(60), kept(100)])
def test_after_a_restart_nothing_goes_back(board: Board, stored: Progress) -> None:
    """A word below what was told is no news."""
    board.hear(word(0.3), 0.0)
    assert tell(board, 0.0, stored) == []


def test_an_attempt_older_than_the_stored_one_is_dropped(board: Board) -> None:
    """A worker of a retried stage may still be talking when the service comes up."""
    board.hear(word(0.9, attempt=1), 0.0)
    assert tell(board, 0.0, kept(5, attempt=2)) == []
    board.hear(word(0.1, attempt=2), 1.0)
    assert [update.progress for update in tell(board, 1.0, kept(5, attempt=2))] == [10]
    assert len(board) == 1


def test_a_new_attempt_starts_at_zero(board: Board) -> None:
    """Told by the fact that it started, before any worker speaks."""
    board.hear(word(0.9), 0.0)
    tell(board, 0.0)
    board.started(UNIT, 2, 1.0)
    assert [(update.attempt, update.progress) for update in tell(board, 1.0)] == [(2, 0)]


def test_units_that_fell_silent_are_forgotten(board: Board) -> None:
    """Memory is bounded by what happens in an hour."""
    for number in range(100):
        board.hear(word(0.1, unit=Unit(f"t{number}", "es", Stage.EXPORT)), float(number))
        board.stopped(Unit(f"u{number}", "es", Stage.EXPORT), 1, float(number))
        board.deleted(f"v{number}", float(number))
    assert board.forget_silent(3600.0 + 49.5) == 50
    assert len(board) == 50
    assert len(board._ended) == len(board._deleted) == 50


def heard_fact(board: Board, subject: str, name: str, **data: object) -> None:
    event = fact("1", "t", "base" if subject == "task" else "es", subject, name, dict(data))
    on_fact(board, event, 0.0)


@pytest.mark.parametrize(
    ("subject", "name"),
    [("translation", "failed"), ("translation", "canceled"), ("task", "deleted"), ("task", "canceled")],
)
def test_facts_end_a_unit(board: Board, subject: str, name: str) -> None:
    """Nothing more is told of it."""
    board.hear(word(0.5), 0.0)
    heard_fact(board, subject, name, attempt=1)
    board.hear(word(0.6), 1.0)
    assert tell(board, 1.0) == []
    assert len(board) == 0


def test_facts_about_other_things_change_nothing(board: Board) -> None:
    """Lines, languages, progress itself, and attempts and subjects that are none."""
    board.hear(word(0.5), 0.0)
    for subject, name in (
        ("line", "updated"),
        ("language", "completed"),
        ("translation", "progress"),
        ("task", "created"),
    ):
        heard_fact(board, subject, name)
    heard_fact(board, "translation", "completed", attempt="first")
    on_fact(board, fact("1", "t", "es", "translation", "completed", {}).model_copy(update={"subject": "x"}), 0.0)
    assert [update.progress for update in tell(board, 0.0)] == [50]
