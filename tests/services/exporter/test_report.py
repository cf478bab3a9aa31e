"""The report tells what was made and measured, and says why where it cannot."""

from typing import Any

import pytest

from services.exporter.dubbing import DubFigures
from services.exporter.line_figures import error_rates
from services.exporter.loudness import Loudness
from services.exporter.report import Measured, build_report
from services.exporter.spans import Span
from shared.messaging import EngineUsed, ExportSettings, Timeline, TimelineLine
from shared.pipeline import LineState, Stage
from shared.transcript import MediaFacts

FFMPEG = EngineUsed(stage=Stage.EXPORT, name="ffmpeg", version="5", licence="GPL-2.0-or-later", commercial_use=True)
VOICE = EngineUsed(stage=Stage.CLONING, name="voice", version="1", licence="MIT", commercial_use=True)

FIGURES = DubFigures(
    loudness=Loudness(-16.1, -1.3),
    gain_db=4.0,
    voice_gain_db=3.0,
    stem_gain_db=None,
    bed="ducked original",
    take_lengths_s=(2.0, 2.0),
    take_lufs=(-17.0, -16.0),
    line_lufs=(-16.5, -16.25),
    nonspeech_residual_db=-120.0,
    bed_leakage_db=-14.5,
)


def line(start_s: float, end_s: float, *, take: tuple[float, float] | None = None, **fields: Any) -> TimelineLine:
    """A line whose take is heard from and to `take`."""
    defaults: dict[str, Any] = {
        "segment_id": f"s{start_s:.0f}",
        "speaker_id": "a",
        "source_text": "",
        "text": "Hola",
        "state": LineState.DUBBED if take else LineState.FAILED,
    }
    if take:
        defaults |= {"take_key": "k", "take_start_s": take[0], "take_duration_s": take[1] - take[0]}
        defaults |= {"speed": 1.0, "fit": "natural"}
    return TimelineLine(start_s=start_s, end_s=end_s, **(defaults | fields))


def report(lines: list[TimelineLine], *voices: str, language: str = "es", **measured: Any) -> dict[str, Any]:
    """The report of an export of 20 s, spoken by engines of these names."""
    facts = MediaFacts(container="mov", duration_s=20)
    timeline = Timeline(
        task_id="t",
        language=language,
        source_language="en",
        media=facts,
        lines=tuple(lines),
        engines=tuple(VOICE.model_copy(update={"name": name}) for name in voices or ("voice",)),
    )
    defaults: dict[str, Any] = {
        "container": "mp4",
        "length_s": 20.01,
        "source_length_s": 20.0,
        "frame_s": 0.04,
        "has_audio": True,
        "figures": FIGURES,
        "drift_s": 0.0001,
        "checks": {"length": True},
    }
    return build_report(timeline, ExportSettings(), Measured(**(defaults | measured)), (FFMPEG,))


def test_lines_are_counted_and_failed_ones_listed() -> None:
    """Failed lines do not make the export fail: a person is told."""
    found = report(
        [
            line(0, 2, take=(0, 2), edited=True),
            line(3, 5, take=(3, 5)),
            line(6, 8, error_code="engine_failed"),
        ]
    )
    assert (found["lines_total"], found["lines_dubbed"], found["lines_failed"], found["lines_edited"]) == (3, 2, 1, 1)
    assert found["failed"] == [{"segment_id": "s6", "code": "engine_failed"}]
    assert found["passed"] is True
    assert found["note"] is None
    assert found["length_difference_s"] == 0.01
    assert [engine["name"] for engine in found["engines"]] == ["voice", "ffmpeg"]
    assert set(found["unmeasured"]) == {"cer", "wer", "similarity", "speech_lost", "voice"}


@pytest.mark.parametrize(
    ("language", "voices", "expected"),
    [
        ("de", ["espeak-ng"], ("espeak-ng", 0.47, True, "localclip models pull voxcpm2")),
        ("en", ["espeak-ng", "flite"], ("flite", 0.008, False, "localclip models pull kokoro")),
        ("fr", ["kokoro", "espeak-ng"], ("kokoro", 0.096, False, "")),
        ("de", ["espeak-ng", "voxcpm"], None),
    ],
)
def test_how_well_the_voice_is_understood_is_told(
    language: str, voices: list[str], expected: tuple[str, float, bool, str] | None
) -> None:
    """Of several the clearest; nothing where one of them was never measured."""
    told = report([line(0, 2, take=(0, 2))], *voices, language=language)["voice"]
    assert (told and (told["engine"], told["misheard"], told["poor"], told["better"])) == expected


def test_speed_is_told_in_shares_of_dubbed_lines() -> None:
    """Window from -10 to +20 %, both ends within."""
    fits = [(0.9, "natural"), (1.2, "natural"), (1.3, "tight"), (1.5, "overflow")]
    lines = [line(4 * n, 4 * n + 2, take=(4 * n, 4 * n + 2), speed=s, fit=f) for n, (s, f) in enumerate(fits)]
    speed = report(lines)["speed"]
    assert (speed["natural_share"], speed["tight_share"], speed["overflow_share"]) == (0.5, 0.25, 0.25)
    assert speed["in_window_share"] == 0.5
    assert speed["max"] == 1.5
    assert 1.3 < speed["p95"] <= 1.5


@pytest.mark.parametrize(("take", "overlap"), [((0, 4), 1.0), ((0, 2), 0.5), ((2, 6), 2 / 6), ((0, 8), 0.5)])
def test_overlap_is_intersection_over_union_with_the_source(take: tuple[float, float], overlap: float) -> None:
    """1 when the voice is heard exactly when the original speaker speaks."""
    assert report([line(0, 4, take=take)])["overlap"] == pytest.approx(overlap, abs=1e-4)


def test_overflow_is_what_runs_into_the_next_line_or_past_the_end() -> None:
    """Originals that overlap by themselves do not count."""
    assert report([line(0, 4, take=(0, 5.5)), line(5, 8, take=(5, 8))])["overflow_seconds"] == 0.5
    late = report([line(17, 19, take=(17, 20.75)), line(5, 8, take=(5, 10))])
    assert (late["overflow_seconds"], late["cut_seconds"]) == (0.75, 0.75)
    assert report([line(0, 4, take=(0, 4)), line(3, 6, take=(3, 6))])["overflow_seconds"] == 0


def test_what_could_not_be_measured_is_null_with_a_reason() -> None:
    """Nothing dubbed: no loudness, speed or overlap, and no check on them."""
    found = report([], figures=None, drift_s=None, has_audio=False)
    assert found["note"] == "the video has no audio: the export is the original"
    assert set(found["loudness"].values()) == {None}
    assert found["overlap"] is None
    assert set(found["unmeasured"]) >= {"overlap", "loudness.integrated_lufs", "loudness.spread_lu", "speed.p95"}
    assert found["checks"] == {"length": True}
    assert found["passed"] is True


def test_a_missed_target_fails_the_export() -> None:
    """The figure, the check and the verdict agree."""
    found = report([line(0, 2, take=(0, 2))], figures=FIGURES.model_copy(update={"loudness": Loudness(-18.0, -0.5)}))
    assert found["checks"] == {"length": True, "loudness": False, "true_peak": False}
    assert found["passed"] is False


def test_a_silent_dub_has_no_loudness_to_judge() -> None:
    """Null and a reason instead of a failed check."""
    found = report([line(0, 2, take=(0, 2))], figures=FIGURES.model_copy(update={"loudness": Loudness(None, None)}))
    assert "loudness" not in found["checks"]
    assert "silent" in found["unmeasured"]["loudness.integrated_lufs"]


def test_every_line_tells_how_it_came_to_be() -> None:
    """Dubbed and kept lines in order, loudness where it belongs; what they come to is counted."""
    lines = [
        line(0, 2, take=(0, 2), rounds=2, origin="memory", decision="fits", error_rate=0.1, similarity=0.8),
        line(3, 5, error_code="engine_failed"),
        line(6, 8, take=(6, 8), text="Hola, hola", origin="sound", error_rate=0.4, similarity=0.6),
    ]
    found = report(lines)
    assert [(one["id"], one["dubbed"], one["lufs"]) for one in found["lines"]] == [
        ("s0", True, -16.5),
        ("s3", False, None),
        ("s6", True, -16.25),
    ]
    first = found["lines"][0]
    assert (first["rounds"], first["origin"], first["decision"], first["fit"]) == (2, "memory", "fits", "natural")
    assert (found["lines_rewritten"], found["lines_from_memory"], found["lines_from_sound"]) == (1, 1, 1)
    mean = pytest.approx((4 * 0.1 + 10 * 0.4) / 14, abs=1e-4)
    excess = pytest.approx((4 * 0.1 + 10 * 0.4) / 14 - 0.15, abs=1e-4)
    assert found["wer"] == {"mean": mean, "worst": 0.4, "lines": 2, "of": 2, "natural": 0.15, "excess": excess}
    assert found["cer"] is None
    assert found["similarity"] == {"mean": 0.7, "worst": 0.6, "lines": 2}
    assert set(found["unmeasured"]) == {"cer", "wer.natural", "speech_lost", "voice"}


def test_languages_without_spaces_count_characters() -> None:
    """The other rate is null, and the reason is told."""
    facts = MediaFacts(container="mov", duration_s=20)
    lines = (line(0, 2, take=(0, 2), error_rate=0.25),)
    listener = VOICE.model_copy(update={"natural_error_rate": 0.1})
    timeline = Timeline(task_id="t", language="ja", source_language="en", media=facts, lines=lines, engines=(listener,))
    unmeasured: dict[str, str] = {}
    rates = {"mean": 0.25, "worst": 0.25, "lines": 1, "of": 1, "natural": 0.1, "excess": 0.15}
    assert error_rates(timeline, unmeasured) == {"cer": rates, "wer": None}
    assert "characters" in unmeasured["wer"]


def test_what_is_left_of_the_original_is_told() -> None:
    """Under the voices and elsewhere; null with a reason where there is nothing to measure."""
    found = report([line(0, 2, take=(0, 2))])
    assert (found["bed_leakage_db"], found["nonspeech_residual_db"], found["drift_s"]) == (-14.5, -120.0, 0.0001)
    assert found["mix"] == {"bed": "ducked original", "voice_gain_db": 3.0, "gain_db": 4.0, "duck_db": -14.0}
    nothing = FIGURES.model_copy(update={"nonspeech_residual_db": None, "bed_leakage_db": None})
    silent = report([line(0, 2, take=(0, 2))], figures=nothing)
    assert {"bed_leakage_db", "nonspeech_residual_db"} <= set(silent["unmeasured"])


def test_overlap_is_measured_against_the_speech_heard() -> None:
    """Late cues and takes placed by them agree with each other, and not with the speech."""
    late = [line(2.5, 5.1, take=(2.5, 5.1)), line(6.0, 7.7, take=(6.0, 7.7))]
    assert report(late)["overlap"] == pytest.approx(1.0)
    speech = (Span(0.0, 2.6), Span(3.5, 5.2))
    assert report(late, speech=speech)["overlap"] == pytest.approx(1.7 / 6.9, abs=0.001)
    assert report(late, speech=(Span(2.5, 5.1), Span(6.0, 7.7)))["overlap"] == pytest.approx(1.0)


def test_speech_of_lines_that_keep_the_original_is_left_out() -> None:
    """It is heard where it was."""
    lines = [line(0, 2, take=(0, 2)), line(3, 5)]
    assert report(lines, speech=(Span(0, 2), Span(3, 5)))["overlap"] == pytest.approx(1.0)


def test_lines_edited_since_their_takes_are_counted() -> None:
    """The file is older than they are, and says so."""
    lines = [line(0, 2, take=(0, 2), state=LineState.STALE), line(3, 5, state=LineState.PENDING), line(6, 8)]
    assert report(lines)["lines_unspoken"] == 2


def test_speech_without_a_line_is_lost() -> None:
    """From a second on and more than 0.3 s from any line; lines that keep the original cover theirs."""
    speech = (Span(0, 4), Span(5, 7.1), Span(10, 13), Span(15, 15.8))
    lines = [line(0, 4, take=(0, 4)), line(5, 6, state=LineState.DUBBED)]
    assert report(lines, speech=speech)["speech_lost"] == {"seconds": 3.0, "share": 0.303, "spans": [[10, 13]]}
    lines.append(line(9.8, 12.9))
    assert report(lines, speech=speech)["speech_lost"] == {"seconds": 0.0, "share": 0.0, "spans": []}


def test_speech_of_a_line_that_is_cut_short_is_lost_beyond_its_margin() -> None:
    """Subtitles that end in the middle of a talk."""
    found = report([line(0, 2, take=(0, 2))], speech=(Span(0, 10),))["speech_lost"]
    assert found == {"seconds": 7.7, "share": 0.77, "spans": [[2.3, 10.0]]}


def test_no_speech_is_none_lost() -> None:
    """Silence, and what nobody listened to."""
    assert report([], speech=())["speech_lost"]["share"] == 0.0
    found = report([], speech=None)
    assert found["speech_lost"] is None
    assert "speech_lost" in found["unmeasured"]
