"""Rows of subtitles: never too long, nothing dropped, balanced."""

from hypothesis import given
from hypothesis import strategies as st

from shared.pipeline import SubtitleLimits
from shared.transcript import wrap_text

limits = st.integers(min_value=4, max_value=42).map(lambda chars: SubtitleLimits(row_chars=chars))
latin = st.text(st.sampled_from("abc défgh-, .\n\t"), max_size=200)
japanese = st.text(st.sampled_from("あいう漢字。、「」ー AB"), max_size=100)


def letters(text: str) -> str:
    return "".join(text.split())


@given(latin, limits)
def test_rows_hold_all_text_within_the_limit(text: str, bounds: SubtitleLimits) -> None:
    """No row is longer than allowed, and together they are the text."""
    rows = wrap_text(text, bounds, spaces=True)
    assert all(0 < len(row) <= bounds.row_chars for row in rows)
    assert letters("".join(rows)) == letters(text)


@given(latin, limits)
def test_words_stay_whole(text: str, bounds: SubtitleLimits) -> None:
    """A word that fits into a row is never broken."""
    words = [word for word in text.split() if len(word) <= bounds.row_chars]
    if words == text.split():
        assert " ".join(wrap_text(text, bounds, spaces=True)).split() == words


@given(japanese, limits)
def test_scripts_without_spaces(text: str, bounds: SubtitleLimits) -> None:
    """The same without spaces between words."""
    rows = wrap_text(text, bounds, spaces=False)
    assert all(0 < len(row) <= bounds.row_chars for row in rows)
    assert letters("".join(rows)) == letters(text)


@given(st.text(st.sampled_from("abcde "), min_size=43, max_size=84))
def test_rows_are_as_few_as_possible(text: str) -> None:
    """What can be set in two rows is."""
    bounds = SubtitleLimits()
    normal = " ".join(text.split())
    fits = any(
        normal[cut] == " " and cut <= bounds.row_chars and len(normal) - cut - 1 <= bounds.row_chars
        for cut in range(1, len(normal))
    )
    rows = wrap_text(text, bounds, spaces=True)
    if fits:
        assert len(rows) <= 2


def test_examples() -> None:
    """Short text stays on one row, two rows are of similar length, and closing marks do not begin a row."""
    bounds = SubtitleLimits()
    assert wrap_text("  a short   line ", bounds, spaces=True) == ["a short line"]
    assert wrap_text("", bounds, spaces=True) == []
    long = "The picture is fixed, and so every language keeps the length of it."
    assert wrap_text(long, bounds, spaces=True) == [
        "The picture is fixed, and so every",
        "language keeps the length of it.",
    ]
    assert wrap_text("今日はとてもいい天気ですね、散歩しましょう。", SubtitleLimits(row_chars=13), spaces=False) == [
        "今日はとてもいい",
        "天気ですね、",
        "散歩しましょう。",
    ]
    assert wrap_text("あいうえ。かきくけ", SubtitleLimits(row_chars=5), spaces=False) == ["あいうえ。", "かきくけ"]
