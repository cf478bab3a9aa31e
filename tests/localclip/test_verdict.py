"""What the command line tells of a dub that is not good enough."""

from typing import Any

from localclip.results import LanguageResult
from localclip.verdict import short_of, shortfalls
from localclip_client import Line, LineState, Status
from localclip_client.models import Gate, GateReason, Report

GOOD = Report(lines_total=2, lines_dubbed=2, gate=Gate(passed=True))


def failed(**fields: Any) -> Report:
    """A report whose gate did not pass for one reason."""
    reason = {"code": "misheard", "text": "much is not understood", "mend": "listen to these lines", **fields}
    return GOOD.model_copy(update={"gate": Gate(passed=False, reasons=(GateReason.model_validate(reason),))})


def result(report: Report | None) -> LanguageResult:
    """A language with this report."""
    return LanguageResult("es", Status.COMPLETED, (), report)


def test_only_a_passed_gate_and_a_line_that_was_dubbed_are_good() -> None:
    """Silence dubbed to silence is not; a language that failed is told of elsewhere."""
    silent = GOOD.model_copy(update={"lines_dubbed": 0})
    unjudged = GOOD.model_copy(update={"gate": None})
    results = [result(one) for one in (GOOD, silent, failed(), unjudged, None)]
    assert [one.report for one in short_of(results)] == [silent, failed(), unjudged]


def test_reasons_are_told_with_their_lines_and_what_would_mend_them() -> None:
    """Five lines, with their times and texts where they are known."""
    names = [f"s{number}" for number in range(6)]
    line = Line(segment_id="s0", start_s=64.2, end_s=66, speaker_id="a", text="¿Qué tal?", state=LineState.DUBBED)
    told = shortfalls("es", failed(lines=names, lines_total=9), {"s0": line})
    assert told[0] == "es: misheard: much is not understood. Listen to these lines."
    assert told[1:] == ["    1:04 s0 ¿Qué tal?", *(f"    {name}" for name in names[1:5]), "    and 4 more"]


def test_a_dub_without_lines_says_why() -> None:
    """In the words of its report."""
    silent = GOOD.model_copy(update={"lines_dubbed": 0, "note": "no speech was found: the export is the original"})
    assert shortfalls("es", silent, {}) == ["es: nothing was dubbed: no speech was found: the export is the original"]


def test_a_gateway_of_before_names_its_figures() -> None:
    """It knows no reasons."""
    gate = Gate.model_validate({"passed": False, "misses": [{"figure": "overlap", "value": 0.5, "limit": 0.7}]})
    assert shortfalls("es", GOOD.model_copy(update={"gate": gate}), {}) == ["es: not passed: overlap 0.5 < 0.7"]
