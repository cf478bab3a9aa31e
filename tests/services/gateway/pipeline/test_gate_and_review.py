"""The gate, and the order of the review list."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.db.tables import LineRow
from services.gateway.pipeline.gate import GateLimits, judge
from services.gateway.pipeline.review import is_issue, reasons, score
from services.gateway.script.cues import reads_like, with_remarks
from services.gateway.script.doubt import sureness
from shared.pipeline import LineState
from shared.transcript import RemarkKind, Remarks, Timing

GOOD: dict[str, Any] = {
    "overlap": 0.9,
    "speech_lost": {"seconds": 0.0, "share": 0.0, "spans": []},
    "loudness": {"integrated_lufs": -16.2},
    "checks": {"length": True, "true_peak": True},
}


def line(**fields: Any) -> LineRow:
    return LineRow(
        **{
            "task_id": "t",
            "language": "es",
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
    assert (gate.passed, gate.misses, gate.reasons) == (True, [], [])
    assert gate.unmeasured == ["error_rate.excess"]


@pytest.mark.parametrize(
    ("changed", "lines", "limits", "missed"),
    [
        ({}, [line(state=LineState.FAILED)], {}, ("lines_failed", 1, 0)),
        ({}, [line(fit="overflow")], {}, ("lines_overflow", 1, 0)),
        ({}, [line(speed=1.25), line(), line(), line(speed=1.3)], {}, ("speed.in_window_share", 0.5, 0.8)),
        ({}, [line(speed=1.45), *[line()] * 4], {}, ("speed.p95", 1.36, 1.35)),
        ({}, [line(state=LineState.STALE)], {}, ("lines_unspoken", 1, 0)),
        ({}, [line(state=LineState.TRANSLATED, take_key=None)], {}, ("lines_unspoken", 1, 0)),
        ({"speech_lost": {"seconds": 3.0, "share": 0.05}}, [line()], {}, ("speech_lost.share", 0.05, 0.02)),
        ({"wer": {"natural": 0.28}}, [line(error_rate=0.57)], {}, ("error_rate.excess", 0.29, 0.25)),
        (
            {"cer": {"natural": 0.1}},
            [line(error_rate=0.3)],
            {"max_excess_error_rate": 0.1},
            ("error_rate.excess", 0.2, 0.1),
        ),
        ({"loudness": {"integrated_lufs": -18.5}}, [line()], {}, ("loudness.deviation_lu", 2.5, 1.0)),
        ({"checks": {"length": False}}, [line()], {}, ("checks.length", False, True)),
        ({"overlap": 0.5}, [line()], {"min_overlap": 0.7}, ("overlap", 0.5, 0.7)),
        ({}, [line(error_rate=0.9), line()], {"max_line_error_rate": 0.5}, ("error_rate.max", 0.9, 0.5)),
        ({}, [line(error_rate=0.4), line(error_rate=0.2)], {"max_mean_error_rate": 0.2}, ("error_rate.mean", 0.3, 0.2)),
        ({"voice": {"misheard": 0.81}}, [line()], {}, ("voice.misheard", 0.81, 0.3)),
        ({}, [line(similarity=0.3)], {"min_similarity": 0.6}, ("similarity.min", 0.3, 0.6)),
    ],
)
def test_a_figure_beyond_its_limit_is_a_miss(
    changed: dict[str, Any], lines: list[LineRow], limits: dict[str, Any], missed: tuple[str, float, float]
) -> None:
    """It is named with its value and its limit."""
    gate = judge(GOOD | changed, lines, GateLimits(**limits), -16.0)
    assert not gate.passed
    assert [(miss.figure, miss.value, miss.limit) for miss in gate.misses] == [missed]


def test_each_kind_of_miss_is_one_reason_with_what_would_mend_it() -> None:
    """The gravest first, with the lines behind it, the worst of them first."""
    lines = [
        line(segment_id="s1", error_rate=0.4),
        line(segment_id="s2", error_rate=0.9),
        line(segment_id="s3", fit="overflow", speed=1.5),
        line(segment_id="s4", state=LineState.STALE),
    ]
    lost = {"seconds": 4.0, "share": 0.1, "spans": [[61.0, 65.0]]}
    report = GOOD | {"speech_lost": lost, "wer": {"natural": 0.03}}
    gate = judge(report, lines, GateLimits(), -16.0, doubtful={"s2", "s3", "s4"})
    assert [(reason.code, reason.lines) for reason in gate.reasons] == [
        ("speech_lost", []),
        ("unspoken_edits", ["s4"]),
        ("doubtful_source", ["s2", "s3", "s4"]),
        ("misheard", ["s2", "s1"]),
        ("too_fast", ["s3"]),
    ]
    assert gate.reasons[0].text == "speech of the original is in no line: 4.0 s, 10% of it (1:01-1:05)"
    assert gate.reasons[-1].text == (
        "lines are sped up too much: lines faster than sounds well 1 instead of at most 0, "
        "lines near their own tempo 75% instead of at least 80%, tempo of the fastest 1.43 instead of at most 1.35"
    )
    assert all(reason.mend for reason in gate.reasons)


@pytest.mark.parametrize(
    ("timing", "mend"),
    [
        (Timing(shift_s=-2.5, overlap=0.2, overlap_shifted=0.9), "are 2.5 s late: move all lines by -2.50 s"),
        (Timing(shift_s=1.0, overlap=0.2, overlap_shifted=0.9), "are 1.0 s early: move all lines by +1.00 s"),
        (Timing(shift_s=1.0, rate=1.04, overlap=0.2, overlap_shifted=0.9), "drift against the speech"),
    ],
)
def test_subtitles_beside_the_speech_are_to_be_moved(timing: Timing, mend: str) -> None:
    """Lines to add and other subtitles would not mend it: nothing is missing."""
    lost = GOOD | {"speech_lost": {"seconds": 4.0, "share": 0.4, "spans": [[1.0, 5.0]]}}
    (reason,) = judge(lost, [line()], GateLimits(), -16.0, timing=timing).reasons
    assert reason.code == "speech_lost"
    assert mend in reason.mend
    assert reason.variant.removeprefix("subtitles_") in mend
    assert all(value in reason.mend for value in reason.values.values())
    (reason,) = judge(lost, [line()], GateLimits(), -16.0).reasons
    assert "add lines" in reason.mend
    assert (reason.variant, reason.values) == ("", {})


@pytest.mark.parametrize(("cut_s", "told"), [(0.6, True), (0.02, False)])
def test_words_that_the_end_of_the_video_cuts_off_are_told(cut_s: float, *, told: bool) -> None:
    """The subtitles have them, so nobody who reads misses them."""
    (reason,) = judge(GOOD | {"cut_seconds": cut_s}, [line(fit="overflow", speed=1.5)], GateLimits(), -16.0).reasons
    assert reason.code == "too_fast"
    assert ("0.6 s are not heard, because the video ends before" in reason.text) is told


def test_a_voice_that_nobody_understands_is_named() -> None:
    """Whatever the takes sound like, with the engine that would be better; one that nobody measured is not judged."""
    voice = {"engine": "espeak-ng", "misheard": 0.81, "poor": True, "better": "localclip models pull voxcpm2"}
    (reason,) = judge(GOOD | {"voice": voice}, [line(similarity=0.2)], GateLimits(), -16.0).reasons
    assert reason.code == "voice_poor"
    assert reason.text == (
        "espeak-ng speaks this language so that a listener understands little: 81% instead of at most 30%"
    )
    assert reason.mend == "take another engine (localclip models pull voxcpm2), or choose a clearer voice"
    assert reason.variant == "voice_unclear_better"
    assert reason.values == {"voice": "espeak-ng", "better": "localclip models pull voxcpm2"}
    assert judge(GOOD | {"voice": voice}, [line()], GateLimits(max_voice_misheard=None), -16.0).passed
    unknown = judge(GOOD | {"voice": None}, [line()], GateLimits(), -16.0)
    assert (unknown.passed, unknown.unmeasured) == (True, ["error_rate.excess"])
    unlike = judge(GOOD, [line(similarity=0.2)], GateLimits(min_similarity=0.5), -16.0)
    assert [one.text for one in unlike.reasons] == ["takes sound unlike their speakers: 0.2 instead of at least 0.5"]


def test_what_a_listener_gets_wrong_of_natural_speech_is_not_the_dubs() -> None:
    """Up to 25 points beyond it pass; 57 % wrong never does."""
    report = GOOD | {"wer": {"natural": 0.28}}
    assert judge(report, [line(error_rate=0.5)], GateLimits(), -16.0).passed
    assert not judge(report, [line(error_rate=0.57)], GateLimits(), -16.0).passed
    assert judge(report, [line(error_rate=0.57)], GateLimits(max_excess_error_rate=None), -16.0).passed


def test_of_how_many_lines_something_is_told() -> None:
    """The rest was not listened to."""
    lines = [line(segment_id="s1", error_rate=0.9), line(segment_id="s2"), line(segment_id="s3", take_key=None)]
    gate = judge(GOOD | {"wer": {"natural": 0.03}}, lines, GateLimits(), -16.0)
    (reason,) = gate.reasons
    assert (gate.lines_heard, gate.lines_spoken) == (1, 2)
    assert reason.text.endswith("87% instead of at most 25%, heard 1 of 2 lines, the doubtful ones first")


def test_a_doubt_that_a_person_accepted_does_not_fail() -> None:
    """It stays named."""
    lines = [line(segment_id="s1"), line(segment_id="s2")]
    gate = judge(GOOD, lines, GateLimits(), -16.0, doubtful={"s1", "s2"}, accepted=True)
    assert gate.passed
    assert [(miss.figure, miss.value, miss.limit) for miss in gate.accepted] == [("doubtful.share", 1.0, 0.5)]
    assert not judge(GOOD, lines, GateLimits(), -16.0, doubtful={"s1", "s2"}).passed


def test_long_lines_weigh_more_in_what_was_misheard() -> None:
    """As in the report."""
    lines = [line(text="abc", error_rate=0.9), line(text="a" * 9, error_rate=0.1)]
    (miss,) = judge(GOOD, lines, GateLimits(max_mean_error_rate=0.2), -16.0).misses
    assert (miss.figure, miss.value) == ("error_rate.mean", 0.3)


def test_a_file_older_than_its_lines_does_not_pass() -> None:
    """Done means that the file holds what the editor shows."""
    gate = judge(GOOD, [line()], GateLimits(), -16.0, outdated=True)
    assert [reason.code for reason in gate.reasons] == ["export_older"]
    assert judge(GOOD, [line()], GateLimits(current_export=False), -16.0, outdated=True).passed


def test_a_file_in_another_language_does_not_pass() -> None:
    """Of the source for every language, of a translation for its own; a person may know better."""
    found = Remarks()
    found.add(RemarkKind.READS_LIKE, detail="it reads like French, not like English")
    french = with_remarks({}, "base", found.all())
    gate = judge(GOOD, [line()], GateLimits(), -16.0, reads_like=reads_like(french, "es"))
    (reason,) = gate.reasons
    assert (gate.passed, reason.code, reason.figures) == (False, "other_language", ["language_as_said"])
    assert reason.text.endswith("the source subtitles: it reads like French, not like English")
    assert judge(GOOD, [line()], GateLimits(language_as_said=False), -16.0, reads_like=reads_like(french, "es")).passed
    translation = with_remarks({}, "de", found.all())
    assert reads_like(translation, "de").startswith("the translation 'de': ")
    assert reads_like(translation, "es") == ""


def test_a_reason_names_a_few_of_many_lines() -> None:
    """It goes along with every task of a list."""
    (reason,) = judge(GOOD, [line(state=LineState.FAILED)] * 500, GateLimits(), -16.0).reasons
    assert (reason.code, len(reason.lines), reason.lines_total) == ("lines_failed", 20, 500)


def test_what_was_not_measured_is_told_and_decides_nothing() -> None:
    """As without any speech, or without a recognizer for the language."""
    gate = judge({}, [], GateLimits(max_mean_error_rate=0.1), -16.0)
    assert gate.passed
    assert gate.unmeasured == [
        "speech_lost.share",
        "speed.in_window_share",
        "speed.p95",
        "loudness.deviation_lu",
        "error_rate.excess",
        "error_rate.mean",
    ]


def test_lines_that_keep_the_original_by_wish_are_not_judged() -> None:
    """Neither by the gate nor for the review list."""
    omitted = line(omitted=True, fit="overflow", state=LineState.FAILED, error_rate=1.0)
    assert judge(GOOD, [omitted], GateLimits(), -16.0).passed
    assert reasons(omitted, source_changed=True, sureness=0.1) == []


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
    scores = [score(reasons(one, source_changed=False, sureness=0.9)) for one in WORSE_FIRST]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert scores[-1] == 0


@given(st.sampled_from(WORSE_FIRST[:-1]), st.booleans(), st.sampled_from([None, 0.1, 0.9]))
def test_further_reasons_never_overtake_a_worse_one(worst: LineRow, changed: bool, sure: float | None) -> None:
    """They only order lines of the same kind."""
    alone = score(reasons(worst, source_changed=False, sureness=None))
    found = reasons(worst, source_changed=changed, sureness=sure)
    assert alone <= score(found) <= max(alone, found[0].weight) + 4


def test_a_take_that_a_person_chose_is_not_questioned() -> None:
    """Unless the text changed after it."""
    pinned = line(pinned=True, fit="overflow", speed=1.5, error_rate=1.0)
    assert reasons(pinned, source_changed=False, sureness=None) == []
    assert is_issue(reasons(line(pinned=True, state=LineState.STALE), source_changed=False, sureness=None))


def test_speed_alone_is_no_issue() -> None:
    """A tight line is told of when asked for, not counted."""
    found = reasons(line(fit="tight", speed=1.3), source_changed=False, sureness=0.2)
    assert [reason.code for reason in found] == ["tight", "doubtful_source"]
    assert not is_issue(found)


def test_a_line_is_doubtful_by_its_worst_words() -> None:
    """Two wrong words of eight are hidden by a mean; a quarter of the words is not."""
    words = [{"probability": sure} for sure in (0.95, 0.1, 0.9, 0.97, 0.3, 0.99, 0.9, 0.95)]
    assert sureness(words) == 0.2
    assert [reason.code for reason in reasons(line(), source_changed=False, sureness=0.2)] == ["doubtful_source"]
    assert sureness([{"probability": 0.9}, {"text": "word", "probability": None}]) == 0.9
    assert sureness([]) is None
    assert reasons(line(), source_changed=False, sureness=None) == []
