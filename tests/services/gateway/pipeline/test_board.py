"""The planner, called without a database."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pipeline.board import (
    Board,
    EndRun,
    LanguageGoal,
    NewRun,
    OutdateRun,
    Run,
    SetGoal,
    SetLanguage,
    SetTask,
    StartRun,
    Step,
    advance,
    cancel,
    request,
    retry,
)
from shared.pipeline import BASE, Stage, Status

D, T, C, E = Stage.DIARIZATION, Stage.TRANSLATION, Stage.CLONING, Stage.EXPORT


def apply(board: Board, steps: list[Step], jobs: int = 1) -> Board:
    """What `steps` does, on the board itself; every started run gets `jobs` jobs."""
    runs, languages, status = dict(board.runs), {entry.language: entry for entry in board.languages}, board.status
    for step in steps:
        match step:
            case NewRun(language, stage, attempt):
                runs[language, stage] = Run(language, stage, attempt, Status.PENDING)
            case StartRun(language, stage, _):
                runs[language, stage] = replace(runs[language, stage], status=Status.PROCESSING, total=jobs)
            case EndRun(language, stage, _, ended, error):
                runs[language, stage] = replace(runs[language, stage], status=ended, error=error)
            case OutdateRun(language, stage, _):
                runs[language, stage] = replace(runs[language, stage], status=Status.STALE)
            case SetGoal(language, goal):
                languages[language] = replace(languages[language], goal=goal)
            case SetLanguage(language, to, _):
                languages[language] = replace(languages[language], status=to)
            case SetTask(to, _):
                status = to
    return replace(board, runs=runs, languages=tuple(languages.values()), status=status)


def settle(board: Board) -> Board:
    """Advance until nothing follows."""
    for _ in range(50):
        steps = advance(board)
        if not steps:
            return board
        board = apply(board, steps)
    raise AssertionError("the planner does not come to rest")


def result(board: Board, language: str, stage: Stage, *, failed: bool = False) -> Board:
    """One job of a run ended."""
    run = board.runs[language, stage]
    changed = replace(run, failed=1, error=("engine_failed", "x")) if failed else replace(run, done=run.done + 1)
    return settle(replace(board, runs={**board.runs, (language, stage): changed}))


def fresh(*languages: str) -> Board:
    return Board(languages=tuple(LanguageGoal(code, Status.PENDING, None) for code in languages))


def started(*languages: str, goal: Stage = E) -> Board:
    board = fresh(*languages)
    return settle(apply(board, request(board, languages, goal)))


def finished(*languages: str) -> Board:
    board = result(started(*languages), BASE, D)
    for language in languages:
        for stage in (T, C, E):
            board = result(board, language, stage)
    return board


def test_base_runs_once_for_all_languages() -> None:
    """Asking for two languages starts one base run; translations wait for it."""
    board = started("es", "fr")
    processing = [key for key, run in board.runs.items() if run.status is Status.PROCESSING]
    assert processing == [(BASE, D)]
    board = result(board, BASE, D)
    assert {key for key, run in board.runs.items() if run.status is Status.PROCESSING} == {("es", T), ("fr", T)}


def test_a_task_is_completed_with_its_last_language() -> None:
    """One finished language does not finish the task."""
    board = result(started("es", "fr"), BASE, D)
    for stage in (T, C, E):
        board = result(board, "es", stage)
    assert board.status is Status.PROCESSING
    for stage in (T, C, E):
        board = result(board, "fr", stage)
    assert board.status is Status.COMPLETED
    assert {entry.status for entry in board.languages} == {Status.COMPLETED}


def test_a_failed_language_leaves_the_others_alone() -> None:
    """The other language goes on; the task has failed in the end."""
    board = result(result(started("es", "fr"), BASE, D), "es", T, failed=True)
    assert {entry.language: entry.status for entry in board.languages} == {
        "es": Status.FAILED,
        "fr": Status.PROCESSING,
    }
    for stage in (T, C, E):
        board = result(board, "fr", stage)
    assert board.status is Status.FAILED


def test_a_failed_base_fails_every_language() -> None:
    """Nothing can follow without a transcript."""
    board = result(started("es", "fr"), BASE, D, failed=True)
    assert {entry.status for entry in board.languages} == {Status.FAILED}
    assert board.status is Status.FAILED


def test_retry_gives_only_the_failed_stage_and_what_follows_a_new_attempt() -> None:
    """Finished stages are kept."""
    board = result(result(started("es"), BASE, D), "es", T)
    board = result(board, "es", C, failed=True)
    board = settle(apply(board, retry(board)))
    attempts = {stage: run.attempt for (_, stage), run in board.runs.items()}
    assert attempts == {D: 1, T: 1, C: 2, E: 1}
    assert board.runs["es", C].status is Status.PROCESSING


def test_retry_of_a_finished_task_is_nothing() -> None:
    """There is nothing to retry."""
    assert retry(finished("es")) == []


def test_asking_again_for_the_export_mixes_again_without_dubbing_again() -> None:
    """Only the goal itself gets a new attempt."""
    board = finished("es", "fr")
    board = settle(apply(board, request(board, ["es"], E)))
    assert {key: run.attempt for key, run in board.runs.items() if run.attempt > 1} == {("es", E): 2}


def test_a_new_translation_outdates_what_was_made_of_the_old_one() -> None:
    """Voices and export of that language are stale, the other language is not touched."""
    board = finished("es", "fr")
    board = settle(apply(board, request(board, ["es"], T)))
    assert board.runs["es", C].status is Status.STALE
    assert board.runs["es", E].status is Status.STALE
    assert board.runs["fr", E].status is Status.COMPLETED
    board = result(board, "es", T)
    assert board.languages[0].status is Status.STALE


def test_a_new_transcript_outdates_every_language() -> None:
    """Base work done again reaches all languages."""
    board = finished("es", "fr")
    board = settle(apply(board, request(board, [BASE], D)))
    assert {run.status for (language, _), run in board.runs.items() if language != BASE} == {Status.STALE}
    assert {entry.status for entry in board.languages} == {Status.STALE}


def test_a_new_transcript_restarts_what_is_running() -> None:
    """Work in progress on the old transcript is canceled and begins again after the new one."""
    board = result(started("es"), BASE, D)
    board = settle(apply(board, request(board, [BASE], D)))
    assert board.runs["es", T] == Run("es", T, 2, Status.PENDING)
    board = result(board, BASE, D)
    assert board.runs["es", T].status is Status.PROCESSING


def test_a_goal_before_the_export_stops_there() -> None:
    """Asked for the translation, nothing is spoken."""
    board = result(result(started("es", goal=T), BASE, D), "es", T)
    assert ("es", C) not in board.runs
    assert board.languages[0].status is Status.PENDING
    assert board.status is Status.PENDING


def test_canceling_one_language_keeps_the_base_for_the_other() -> None:
    """The base goes on while somebody waits for it."""
    board = started("es", "fr")
    board = settle(apply(board, cancel(board, ["es"])))
    assert board.runs[BASE, D].status is Status.PROCESSING
    assert {entry.language: entry.status for entry in board.languages} == {
        "es": Status.CANCELED,
        "fr": Status.PROCESSING,
    }


def test_canceling_everything_ends_every_open_run() -> None:
    """Nothing is left running or waiting."""
    board = started("es", "fr")
    board = settle(apply(board, cancel(board, None)))
    assert not [run for run in board.runs.values() if run.status in (Status.PENDING, Status.PROCESSING)]
    assert board.status is Status.CANCELED


def test_a_stage_without_jobs_is_complete_at_once() -> None:
    """No speech: nothing to translate or speak, straight to the export."""
    board = started("es")
    board = replace(board, runs={**board.runs, (BASE, D): replace(board.runs[BASE, D], done=1)})
    for _ in range(10):
        board = apply(board, advance(board), jobs=0)
    assert board.status is Status.COMPLETED


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["result", "fail", "cancel", "retry", "request"]),
            st.sampled_from(["es", "fr", "de"]),
            st.sampled_from(list(Stage)),
        ),
        max_size=40,
    )
)
def test_any_history_comes_to_rest_in_a_sound_state(history: list[tuple[str, str, Stage]]) -> None:
    """After any commands and results: at most one open attempt a stage, nothing runs before what it needs."""
    board = started("es", "fr", "de")
    for action, language, stage in history:
        key = (BASE, D) if stage is D else (language, stage)
        running = key in board.runs and board.runs[key].status is Status.PROCESSING
        match action:
            case "result" | "fail" if running:
                board = result(board, *key, failed=action == "fail")
            case "cancel":
                board = settle(apply(board, cancel(board, [language])))
            case "retry":
                board = settle(apply(board, retry(board)))
            case "request":
                board = settle(apply(board, request(board, [language], stage)))
    for (owner, stage), run in board.runs.items():
        if run.status is Status.PROCESSING and stage is not D:
            before = {T: (BASE, D), C: (owner, T), E: (owner, C)}[stage]
            assert board.runs[before].status is Status.COMPLETED
    busy = any(run.status in (Status.PENDING, Status.PROCESSING) for run in board.runs.values())
    wanted = any(entry.status is Status.PROCESSING for entry in board.languages)
    assert not wanted or busy, "a language waits for work that nobody does"


def asked() -> Board:
    """Two languages on their way, and a question that came with the transcript."""
    board = Board(languages=(LanguageGoal("es", Status.PENDING, None), LanguageGoal("fr", Status.PENDING, None)))
    board = settle(apply(board, request(board, ["es", "fr"], E)))
    base = replace(board.runs[BASE, D], done=1)
    return settle(replace(board, runs={**board.runs, (BASE, D): base}, waiting=True))


def states(board: Board) -> list[Status]:
    """Of the task, and of its languages."""
    return [board.status, *(entry.status for entry in board.languages)]


def test_nothing_begins_while_a_person_is_asked_and_everything_afterwards() -> None:
    """The transcript is there, the languages are pending, and an answer brings them on their way again."""
    board = asked()
    assert states(board) == [Status.PENDING] * 3
    assert (board.runs[BASE, D].status, board.runs["es", T].status) == (Status.COMPLETED, Status.PENDING)
    board = settle(replace(board, waiting=False))
    assert states(board) == [Status.PROCESSING] * 3
    assert (board.runs["es", T].status, board.runs["fr", T].status) == (Status.PROCESSING, Status.PROCESSING)


def test_the_languages_follow_a_base_stage_that_an_answer_begins_again() -> None:
    """What was recognized for another language is recognized again first."""
    board = replace(asked(), waiting=False)
    board = settle(apply(board, request(board, [BASE], D)))
    assert states(board) == [Status.PROCESSING] * 3
    assert (board.runs[BASE, D].attempt, board.runs["es", T].status) == (2, Status.PENDING)


def test_what_waits_for_an_answer_can_be_stopped_and_tried_again() -> None:
    """One language or all; tried again, it waits again while nobody has answered."""
    board = asked()
    one = settle(apply(board, cancel(board, ["es"])))
    assert states(one) == [Status.PENDING, Status.CANCELED, Status.PENDING]
    board = settle(apply(board, cancel(board, None)))
    assert states(board) == [Status.CANCELED] * 3
    board = settle(apply(board, retry(board)))
    assert states(board) == [Status.PENDING] * 3
