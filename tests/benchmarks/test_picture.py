"""How the benchmark of words in the picture counts."""

from benchmarks.picture.__main__ import clips
from benchmarks.picture.clips import BACKGROUNDS, STYLES, Line
from benchmarks.picture.measuring import compared
from benchmarks.picture.scores import character_errors, is_same, matched
from benchmarks.picture.table import render

LINES = (Line(0.0, 1.0, "你带了多少钱？"), Line(1.0, 2.0, "没关系"))


def test_letters_are_counted_without_spaces_and_widths() -> None:
    """A letter changed, one too many and one too few are an error each."""
    assert character_errors("你带了多少钱？", "你带了 多少钱?") == 0
    assert character_errors("没关系", "没开系啊") == 2
    assert character_errors("abc", "") == 3
    assert is_same("没关系", "没关系吗")
    assert not is_same("没关系", "")


def test_a_cue_belongs_to_the_line_it_shares_most_time_with() -> None:
    """What is left was made up; a line without a cue was missed, and all its letters are wrong."""
    said = [(0.05, 1.2, "你带了多少钱？"), (5.0, 6.0, "38")]
    pairs, invented = matched(LINES, said)
    assert ([cue is None for _, cue in pairs], invented) == ([False, True], 1)
    found = compared(LINES, said, two=False)
    assert (found["wrong"], found["missed"], found["invented"]) == (3, 1, 1)
    assert (found["edges"], found["edges_off"]) == (2, 1)


def test_the_clips_are_all_different() -> None:
    """Sixty, with every style, background and kind among them."""
    made = clips()
    assert len(set(made)) == len(made) == 60
    assert {clip.style for clip in made} == set(STYLES)
    assert {clip.background for clip in made} == set(BACKGROUNDS)
    assert {clip.kind for clip in made} == {"plain", "two", "fades", "bilingual", "karaoke"}


def test_the_table_says_what_was_not_met() -> None:
    """Beside the figure of the plain way."""
    row = {
        "language": "ja",
        "letters": 100,
        "wrong": 5,
        "invented": 0,
        "edges": 8,
        "edges_off": 0,
        "cues": 4,
        "missed": 0,
    }
    row |= {"read_cpu_s": 2.0, "length_s": 8.0, "look_cpu_s": 3.0, "frames": 10, "readable": 0, "outside": 0.4}
    table = render({"of": 60, "clips": [row], "empty": [], "plain": [row | {"read_cpu_s": 40.0}]})
    assert "| letters wrong, of all that were written | 5.0% | ≤ 2% | **no** | 5.0% |" in table
    assert "| CPU seconds a second of video, reading | 0.25 | ≤ 1.00 | yes | 5.00 |" in table
    assert "| Japanese | 5.0% | 0 of 4 | 0.0% |" in table
