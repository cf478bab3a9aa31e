"""What the table says of a report."""

from localclip.models import LanguageStatus, Loudness, Report, Speeds, Task
from localclip.results import LanguageResult, fit_text, lines_text, loudness_text, table
from shared.pipeline import Status
from shared.transcript import MediaFacts

REPORT = Report(
    lines_total=8,
    lines_dubbed=7,
    lines_failed=1,
    speed=Speeds(natural_share=0.75, tight_share=0.25, overflow_share=0.0),
    loudness=Loudness(integrated_lufs=-16.04),
)


def test_figures_are_short() -> None:
    """Shares that are zero are left out."""
    assert lines_text(REPORT) == "7/8, 1 failed"
    assert fit_text(REPORT) == "75% natural, 25% tight"
    assert loudness_text(REPORT) == "-16.0 LUFS"


def test_what_was_not_measured_is_a_dash() -> None:
    """Never a zero."""
    assert (fit_text(Report()), loudness_text(Report())) == ("-", "-")


def test_a_failed_language_shows_its_reason() -> None:
    """In the place of the file."""
    task = Task(
        task_id="t",
        status=Status.FAILED,
        language_status={"es": LanguageStatus(status=Status.COMPLETED)},
        media=MediaFacts(container="mov", duration_s=30.0),
    )
    results = (
        LanguageResult("es", Status.COMPLETED, (), REPORT),
        LanguageResult("fr", Status.FAILED, reason="no voice"),
    )
    columns = [list(column.cells) for column in table(task, results).columns]
    assert columns[0] == ["es", "fr"]
    assert columns[3] == ["30 s", ""]
    assert columns[6] == ["no video", "no voice"]
