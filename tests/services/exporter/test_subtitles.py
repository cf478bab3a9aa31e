"""Subtitles follow what is heard, fit on the screen and never overlap where speech does not."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exporter.subtitles import Second, flattened, layout, shown
from shared.messaging import TimelineLine
from shared.pipeline import LineState, language
from shared.transcript import Cue, Decision

SPANISH, JAPANESE = language("es"), language("ja")


def line(start_s: float, end_s: float, text: str, **fields: Any) -> TimelineLine:
    """A line that was not dubbed, unless `fields` say so."""
    defaults: dict[str, Any] = {"segment_id": "s", "speaker_id": "a", "source_text": "", "state": LineState.DUBBED}
    return TimelineLine(start_s=start_s, end_s=end_s, text=text, **(defaults | fields))


def test_dubbed_lines_are_timed_by_their_take_and_others_by_the_source() -> None:
    """What is heard is what is read."""
    take = {"take_key": "k", "take_start_s": 1.0, "take_duration_s": 2.5}
    cues = layout([line(1, 3, "Hola.", **take), line(5, 7, "Adiós.")], SPANISH, 10)
    assert cues == [Cue(start_s=1, end_s=3.5, text="Hola."), Cue(start_s=5, end_s=7, text="Adiós.")]


def test_a_long_line_becomes_several_cues_in_proportion() -> None:
    """Consecutive, within the limits, and together as long as the line."""
    text = "Ayer por la tarde fuimos a la casa nueva cerca del río, y mi hermano dijo que el jardín era " * 2
    cues = layout([line(2, 12, text)], SPANISH, 20)
    assert len(cues) >= 3
    assert cues[0].start_s == 2
    assert cues[-1].end_s == pytest.approx(12)
    assert " ".join(" ".join(cue.text for cue in cues).split()) == " ".join(text.split())
    for before, after in pairwise(cues):
        assert before.end_s == pytest.approx(after.start_s)
        ratio = (before.end_s - before.start_s) / (after.end_s - after.start_s)
        assert ratio == pytest.approx(len(before.text) / len(after.text), rel=0.05)


def test_a_short_line_stays_long_enough_to_be_read_unless_another_begins() -> None:
    """At least 5/6 s, cut where the next line starts."""
    alone, cut, _ = layout([line(1, 1.2, "Sí."), line(5, 5.2, "No."), line(5.5, 7, "Bueno.")], SPANISH, 10)
    assert alone.end_s == pytest.approx(1 + SPANISH.subtitles.min_duration_s)
    assert cut.end_s == 5.5


def test_a_short_text_does_not_stay_for_ever() -> None:
    """Seven seconds at most."""
    (cue,) = layout([line(1, 20, "Sí.")], SPANISH, 30)
    assert cue.end_s == 8


def test_sounds_and_music_are_shown_on_request() -> None:
    """What stands in the picture always is."""
    kinds = (None, Decision.SIGN, Decision.CREDIT, Decision.SOUND, Decision.MUSIC)
    lines = [line(n, n + 1, str(kind), omitted=kind) for n, kind in enumerate(kinds)]
    assert [one.text for one in shown(lines, sdh=False)] == ["None", "sign", "credit"]
    assert shown(lines, sdh=True) == lines


def test_lines_without_text_and_past_the_end_are_left_out() -> None:
    """The last cue ends with the video."""
    cues = layout([line(1, 2, " "), line(8, 12, "Hola."), line(11, 12, "Tarde.")], SPANISH, 10)
    assert cues == [Cue(start_s=8, end_s=10, text="Hola.")]


WORDS = st.text(alphabet="abcdefghij,.", min_size=1, max_size=14)
LINES = st.lists(
    st.tuples(st.floats(0, 60), st.floats(0.1, 12), st.lists(WORDS, min_size=1, max_size=40).map(" ".join)),
    min_size=1,
    max_size=6,
)


@given(LINES, st.sampled_from([SPANISH, JAPANESE]))
def test_cues_keep_the_limits_of_the_language(spoken: list[tuple[float, float, str]], spoken_in: Any) -> None:
    """Rows, characters, longest time; no text is lost."""
    cues = layout([line(s, s + d, text) for s, d, text in spoken], spoken_in, 100)
    limits = spoken_in.subtitles
    for cue in cues:
        rows = cue.text.split("\n")
        assert len(rows) <= limits.rows
        assert max(map(len, rows)) <= limits.row_chars
        assert 0 < cue.end_s - cue.start_s <= limits.max_duration_s + 1e-6
    assert sorted("".join("".join(cue.text.split()) for cue in cues)) == sorted(
        "".join("".join(text.split()) for _, _, text in spoken)
    )


@given(LINES)
def test_cues_of_lines_that_do_not_overlap_do_not_overlap(spoken: list[tuple[float, float, str]]) -> None:
    """Made longer only into silence."""
    moment, lines = 0.0, []
    for gap, duration, text in spoken:
        lines.append(line(moment + gap / 30, moment + gap / 30 + duration, text))
        moment = lines[-1].end_s
    cues = layout(lines, SPANISH, 1000)
    assert all(b.end_s <= a.start_s + 1e-9 for b, a in pairwise(cues))


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 4000)), max_size=8))
def test_flattened_cues_show_everything_one_at_a_time(times: list[tuple[int, int]]) -> None:
    """At every moment the text of all cues that are on."""
    cues = [
        Cue(start_s=start / 1000, end_s=(start + length) / 1000, text=f"<{number}>")
        for number, (start, length) in enumerate(times)
    ]
    flat = flattened(cues)
    assert all(b.end_s <= a.start_s for b, a in pairwise(flat))
    for moment in range(0, 9000, 37):
        shown = [cue.text for cue in flat if cue.start_s * 1000 <= moment + 0.5 < cue.end_s * 1000]
        wanted = {cue.text for cue in cues if cue.start_s * 1000 <= moment + 0.5 < cue.end_s * 1000}
        assert set("\n".join(shown).split("\n")) - {""} == wanted


@given(LINES, st.lists(st.lists(WORDS, min_size=1, max_size=40).map(" ".join), min_size=6, max_size=6))
def test_two_languages_share_their_cues(spoken: list[tuple[float, float, str]], others: list[str]) -> None:
    """Cut at the same moments, each within its limits, and no word of either is lost."""
    lines = [line(s, s + d, text, segment_id=str(number)) for number, (s, d, text) in enumerate(spoken)]
    second = Second(SPANISH, {str(number): text for number, text in enumerate(others)})
    cues = layout(lines, SPANISH, 100, second)
    for cue in cues:
        for text in (cue.text, cue.second):
            rows = text.split("\n")
            assert len(rows) <= SPANISH.subtitles.rows
            assert max(map(len, rows)) <= SPANISH.subtitles.row_chars
    said = sorted("".join("".join(cue.second.split()) for cue in cues))
    assert said == sorted("".join("".join(others[number].split()) for number in range(len(spoken))))


def test_a_second_language_without_a_line_is_left_out() -> None:
    """The first one stays as it would be alone."""
    alone, both = (
        layout([line(1, 2, "Hola.")], SPANISH, 9),
        layout([line(1, 2, "Hola.")], SPANISH, 9, Second(JAPANESE, {})),
    )
    assert alone == both
