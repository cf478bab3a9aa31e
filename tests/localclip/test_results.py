"""What the table says of a report."""

from localclip.results import LanguageResult, fit_text, gate_text, lines_text, loudness_text, measured_text, table
from localclip_client import Status, Task
from localclip_client.models import Gate, LanguageStatus, Loudness, Media, Miss, Report, Speeds

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
        media=Media(container="mov", duration_s=30.0),
    )
    results = (
        LanguageResult("es", Status.COMPLETED, (), REPORT),
        LanguageResult("fr", Status.FAILED, reason="no voice"),
    )
    columns = [list(column.cells) for column in table(task, results).columns]
    assert columns[0] == ["es", "fr"]
    assert columns[3] == ["30 s", ""]
    assert columns[7] == ["no video", "no voice"]


def test_a_missed_gate_names_its_figures() -> None:
    """With the limits; a check that failed has none."""
    gate = Gate.model_validate(
        {
            "passed": False,
            "misses": [
                {"figure": "speed.p95", "value": 1.41, "limit": 1.35},
                {"figure": "speed.in_window_share", "value": 0.5, "limit": 0.8},
                {"figure": "checks.length", "value": False, "limit": True},
            ],
        }
    )
    text = "speed.p95 1.41 > 1.35, speed.in_window_share 0.5 < 0.8, checks.length failed"
    assert gate_text(Report(gate=gate)) == text
    assert gate_text(Report(gate=Gate(passed=True))) == "passed"
    assert gate_text(Report()) == "-"
    doubt = Miss(figure="doubtful.share", value=0.9, limit=0.5)
    assert gate_text(Report(gate=Gate(passed=True, accepted=(doubt,)))) == "passed, accepted: doubtful.share 0.9 > 0.5"


def test_errors_are_told_with_how_many_lines_were_heard() -> None:
    """Only where those are not all."""
    assert measured_text(Report(wer={"mean": 0.1, "lines": 24, "of": 120})) == "errors 10% of 24 heard, 120 spoken"
    assert measured_text(Report(wer={"mean": 0.1, "lines": 8, "of": 8})) == "errors 10%"
