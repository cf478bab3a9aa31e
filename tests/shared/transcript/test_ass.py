"""Styled subtitles: what is written is what is read, in the style asked for, and never a command."""

from itertools import pairwise

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.pipeline import language
from shared.transcript import AssStyle, Cue, limits_on, read_subtitles, write_ass, write_srt, write_vtt

CUE = Cue(start_s=1.0, end_s=2.5, text="¿Qué tal?\nBien.", second="How are you?\nFine.")


def test_a_style_becomes_a_style() -> None:
    """Font, size, colours, outline, place and margin; the second language smaller, in its own font."""
    style = AssStyle(size=60, color="#FFCC00", outline_color="#102030", outline=4, position="top", margin=80, bold=True)
    file = pysubs2.SSAFile.from_string(write_ass([CUE], style, font="A", second_font="B", aspect=1.0))
    main, second = file.styles["Default"], file.styles["Second"]
    assert (main.fontname, main.fontsize, main.outline, main.marginv, main.bold) == ("A", 60, 4, 80, True)
    assert (main.primarycolor.r, main.primarycolor.g, main.primarycolor.b) == (255, 204, 0)
    assert (main.outlinecolor.r, main.outlinecolor.g, main.outlinecolor.b) == (16, 32, 48)
    assert main.alignment == pysubs2.Alignment.TOP_CENTER
    assert (second.fontname, second.fontsize) == ("B", 48)
    assert (file.info["PlayResX"], file.info["PlayResY"]) == ("1080", "1080")


def test_both_languages_are_in_one_event() -> None:
    """And in one cue of the plain formats, one below the other."""
    found = read_subtitles(write_ass([CUE], AssStyle(), font="A").encode()).cues
    assert [(cue.start_s, cue.end_s, cue.text) for cue in found] == [(1.0, 2.5, CUE.shown())]
    for written in (write_srt([CUE]), write_vtt([CUE])):
        assert [cue.text for cue in read_subtitles(written.encode()).cues] == [CUE.shown()]


@pytest.mark.parametrize("text", ["{\\an8}up", "a\\Nb", "{", "}", "100 {%}", "C:\\new"])
def test_what_a_person_writes_is_no_command(text: str) -> None:
    """Braces and backslashes are letters: no override block, no break."""
    (event,) = pysubs2.SSAFile.from_string(write_ass([Cue(start_s=0, end_s=1, text=text)], AssStyle(), font="A"))
    written = event.text
    assert "\\N" not in written.replace("\\\u2060N", "")
    assert all(before == "\\" for before, brace in pairwise(written) if brace in "{}")
    assert written[:1] not in ("{", "}")


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40))
def test_any_letters_come_back(text: str) -> None:
    """But for the joiner that keeps a backslash a letter."""
    written = write_ass([Cue(start_s=0, end_s=1, text=text)], AssStyle(), font="A")
    (event,) = pysubs2.SSAFile.from_string(written)
    assert event.text.replace("\\{", "{").replace("\\}", "}").replace("\u2060", "") == text.replace("\u2060", "")


def test_an_upright_picture_holds_shorter_rows() -> None:
    """Wide letters fill it sooner; a wide picture holds what the language may have."""
    spanish, japanese = (language(code).subtitles for code in ("es", "ja"))
    style = AssStyle(size=54)
    assert limits_on(spanish, style, 16 / 9, wide_letters=False) == spanish
    assert limits_on(spanish, style, 9 / 16, wide_letters=False).row_chars == 20
    assert limits_on(japanese, style, 9 / 16, wide_letters=True).row_chars == 10


def test_a_font_name_is_one_name() -> None:
    """Nothing that would end a field of the file."""
    for name in ("A,B", "A\nB", "{b}", "a\\b"):
        with pytest.raises(ValidationError):
            AssStyle(font=name)
