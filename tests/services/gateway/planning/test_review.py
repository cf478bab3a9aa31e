"""The gate, and the order of the review list."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.planning.gate import GateLimits, judge
from services.gateway.planning.review import is_issue, reasons, score
from services.gateway.planning.units import LineView
from shared.pipeline import LineState

GOOD: dict[str, Any] = {
    "speed": {"in_window_share": 1.0, "p95": 1.1},
    "overlap": 0.9,
    "loudness": {"integrated_lufs": -16.2},
    "checks": {"length": True, "true_peak": True},
}


def line(**fields: Any) -> LineView:
    return LineView(
        **{
            "segment_id": "s1",
            "text": "hola",
            "provided": None,
            "edited": False,
            "state": LineState.DUBBED,
            "revision": 1,
            "take_key": "take",
            "speed": 1.0,
            "fit": "natural",
            **fields,
        }
    )


def test_a_good_export_passes() -> None:
    """With the limits that are on by default."""
    gate = judge(GOOD, [line()], GateLimits(), -16.0)
    assert (gate.passed, gate.misses, gate.unmeasured) == (True, [], [])


@pytest.mark.parametrize(
    ("changed", "lines", "limits", "missed"),
    [
        ({}, [line(state=LineState.FAILED)], {}, ("lines_failed", 1, 0)),
        ({}, [line(fit="overflow")], {}, ("lines_overflow", 1, 0)),
        ({"speed": {"in_window_share": 0.7, "p95": 1.2}}, [line()], {}, ("speed.in_window_share", 0.7, 0.8)),
        ({"speed": {"in_window_share": 0.9, "p95": 1.4}}, [line()], {}, ("speed.p95", 1.4, 1.35)),
        ({"loudness": {"integrated_lufs": -18.5}}, [line()], {}, ("loudness.deviation_lu", 2.5, 1.0)),
        ({"checks": {"length": False}}, [line()], {}, ("checks.length", False, True)),
        ({"overlap": 0.5}, [line()], {"min_overlap": 0.7}, ("overlap", 0.5, 0.7)),
        ({}, [line(error_rate=0.9), line()], {"max_line_error_rate": 0.5}, ("error_rate.max", 0.9, 0.5)),
        ({}, [line(error_rate=0.4), line(error_rate=0.2)], {"max_mean_error_rate": 0.2}, ("error_rate.mean", 0.3, 0.2)),
        ({}, [line(similarity=0.3)], {"min_similarity": 0.6}, ("similarity.min", 0.3, 0.6)),
    ],
)
def test_a_figure_beyond_its_limit_is_a_miss(
    changed: dict[str, Any], lines: list[LineView], limits: dict[str, Any], missed: tuple[str, float, float]
) -> None:
    """It is named with its value and its limit."""
    gate = judge(GOOD | changed, lines, GateLimits(**limits), -16.0)
    assert not gate.passed
    assert [(miss.figure, miss.value, miss.limit) for miss in gate.misses] == [missed]


def test_what_was_not_measured_is_told_and_decides_nothing() -> None:
    """As without any speech, or without a recognizer for the language."""
    gate = judge({}, [], GateLimits(max_mean_error_rate=0.1), -16.0)
    assert gate.passed
    assert gate.unmeasured == ["speed.in_window_share", "speed.p95", "loudness.deviation_lu", "error_rate.mean"]


def test_lines_that_keep_the_original_by_wish_are_not_judged() -> None:
    """Neither by the gate nor for the review list."""
    omitted = line(omitted=True, fit="overflow", state=LineState.FAILED, error_rate=1.0)
    assert judge(GOOD, [omitted], GateLimits(), -16.0).passed
    assert reasons(omitted, source_changed=True, confidence=0.1) == []


WORSE_FIRST = [
    line(state=LineState.FAILED, error_code="engine_failed"),
    line(fit="overflow", speed=1.5),
    line(fit="overflow", speed=1.4),
    line(state=LineState.STALE),
    line(error_rate=1.0),
    line(error_rate=0.5),
    line(fit="tight", speed=1.34),
    line(fit="tight", speed=1.21),
    line(similarity=0.1),
    line(),
]


def test_worse_lines_come_first() -> None:
    """Each kind of reason, and within a kind by how bad it is."""
    scores = [score(reasons(one, source_changed=False, confidence=0.9)) for one in WORSE_FIRST]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert scores[-1] == 0


@given(st.sampled_from(WORSE_FIRST[:-1]), st.booleans(), st.sampled_from([None, 0.1, 0.9]))
def test_further_reasons_never_overtake_a_worse_one(worst: LineView, changed: bool, confidence: float | None) -> None:
    """They only order lines of the same kind."""
    alone = score(reasons(worst, source_changed=False, confidence=None))
    found = reasons(worst, source_changed=changed, confidence=confidence)
    assert alone <= score(found) <= max(alone, found[0].weight) + 4


def test_a_take_that_a_person_chose_is_not_questioned() -> None:
    """Unless the text changed after it."""
    pinned = line(pinned=True, fit="overflow", speed=1.5, error_rate=1.0)
    assert reasons(pinned, source_changed=False, confidence=None) == []
    assert is_issue(reasons(line(pinned=True, state=LineState.STALE), source_changed=False, confidence=None))


def test_speed_alone_is_no_issue() -> None:
    """A tight line is told of when asked for, not counted."""
    found = reasons(line(fit="tight", speed=1.3), source_changed=False, confidence=0.2)
    assert [reason.code for reason in found] == ["tight", "doubtful_source"]
    assert not is_issue(found)
