"""The board follows the gateway, and its bars never go back."""

from hypothesis import given
from hypothesis import strategies as st

from localclip.board import new_board, with_progress, with_task
from localclip_client import ProgressFrame, Status, Task
from localclip_client.models import LanguageStatus, StageStatus

ORDER = ["speaker_diarization", "translation", "voice_cloning", "export"]


def frame(percent: float, language: str = "es", stage: str = "translation") -> ProgressFrame:
    return ProgressFrame(language, stage, percent, "at work", 5.0)


def task(**languages: LanguageStatus) -> Task:
    return Task(task_id="t", status=Status.PROCESSING, language_status=languages)


def test_a_new_board_has_one_bar_per_stage_and_language() -> None:
    """The base once, then the other stages of each language in order."""
    assert list(new_board(["es", "fr"])) == [
        ("base", "speaker_diarization"),
        *(("es", stage) for stage in ORDER[1:]),
        *(("fr", stage) for stage in ORDER[1:]),
    ]


@given(st.lists(st.floats(0, 150), min_size=1))
def test_percentages_never_fall_and_never_pass_100(percents: list[float]) -> None:
    """Frames may arrive late or wrong; a bar stands at the highest that is possible."""
    board = new_board(["es"])
    seen = []
    for percent in percents:
        board = with_progress(board, frame(percent))
        seen.append(board["es", "translation"].percent)
    assert seen == sorted(seen)
    assert seen[-1] == min(100, max(percents))


def test_a_late_frame_does_not_reopen_a_finished_stage() -> None:
    """The task is the truth about what has ended."""
    done = LanguageStatus(status=Status.PROCESSING, stages={"translation": StageStatus(status=Status.COMPLETED)})
    board = with_progress(with_task(new_board(["es"]), task(es=done)), frame(40))
    row = board["es", "translation"]
    assert (row.percent, row.status, row.message) == (100, Status.COMPLETED, "")


def test_stages_are_derived_when_the_gateway_does_not_list_them() -> None:
    """Those before the current stage are done, those after it wait."""
    status = LanguageStatus(status=Status.PROCESSING, stage="voice_cloning", progress=50)
    board = with_task(new_board(["es"]), task(es=status))
    assert [board["es", stage].status for stage in ORDER[1:]] == [Status.COMPLETED, Status.PROCESSING, Status.PENDING]


def test_a_failure_is_told_where_it_happened() -> None:
    """The failed bar carries the reason."""
    status = LanguageStatus(status=Status.FAILED, stage="export", error_message="the disk is full")
    row = with_task(new_board(["es"]), task(es=status))["es", "export"]
    assert (row.status, row.message, row.eta_s) == (Status.FAILED, "the disk is full", None)


def test_frames_of_other_languages_are_ignored() -> None:
    """A task may have more languages than were asked for."""
    board = new_board(["es"])
    assert with_progress(board, frame(10, language="ja")) == board
