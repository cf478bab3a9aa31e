"""What is subtitles among the rows of a sample of frames, and what is something else."""

import pytest

from services.diarizer.picture.finding import Seen, find_band, find_titles

LINES = ("今天我们去山上", "你带了多少钱", "他说明天下雨", "没关系", "面条非常好吃", "我们走吧", "车站在哪里", "谢谢你")
FRAMES = 8


def row(frame, text, level=0.9, *, middle=0.5, high=0.06, sure=0.95, moves=False):
    wide = 0.03 * len(text)
    return Seen(frame, frame * 1.0, middle - wide / 2, level - high / 2, wide, high, text, sure, moves)


def said(level=0.9, middle=0.5, **how):
    return [row(number, text, level, middle=middle, **how) for number, text in enumerate(LINES)]


def test_what_changes_in_its_place_is_subtitles():
    """With their rows, height and alignment."""
    band = find_band(said(), FRAMES)
    assert (band.levels, band.alignment, band.anchor) == (pytest.approx((0.9,)), "center", pytest.approx(0.5))
    assert band.share == 1.0
    left = [Seen(n, n * 1.0, 0.1, 0.85, 0.03 * len(text), 0.06, text, 0.9) for n, text in enumerate(LINES)]
    assert find_band(left, FRAMES).alignment == "left"


@pytest.mark.parametrize(
    "others",
    [
        [row(number, "DAILY NEWS", 0.05, middle=0.85) for number in range(FRAMES)],
        [row(number, f"12:00:{number:02d}", 0.05, middle=0.1) for number in range(FRAMES)],
        [row(number, f"LIVE 12:0{number}", 0.05, middle=0.1) for number in range(FRAMES)],
        [Seen(number, 0, 0.0, 0.93, 1.0, 0.05, text * 3, 0.9) for number, text in enumerate(LINES)],
        [row(number, text, 0.95, moves=True) for number, text in enumerate(LINES)],
        [row(3, "EXIT 24", 0.3, middle=0.3)],
        [row(number, text, 0.1 * number, middle=0.1 + 0.1 * number) for number, text in enumerate(LINES)],
        [row(number, text, 0.5, sure=0.4) for number, text in enumerate(LINES)],
        [],
    ],
    ids=["logo", "clock", "clock with words", "ticker", "moves", "sign", "all over the place", "unreadable", "nothing"],
)
def test_what_is_no_subtitle(others):
    """By itself it is found to be none, and beside subtitles it is no row of theirs."""
    assert find_band(others, FRAMES) is None
    assert find_band([*said(), *others], FRAMES).levels == pytest.approx((0.9,))


def test_two_rows_are_one_band():
    """Also where the second is there now and then."""
    upper = [row(number, LINES[-number - 1], 0.83) for number in (1, 4, 6)]
    assert find_band([*said(), *upper], FRAMES).levels == pytest.approx((0.83, 0.9))


def test_one_text_that_stays_is_a_title():
    """It is listed where it stands, with when it was seen, and once."""
    seen = [*said(), *(row(number, "DAILY NEWS", 0.05, middle=0.7) for number in range(2, 6))]
    band = find_band(seen, FRAMES)
    assert [(one.text, one.first_s, one.last_s) for one in find_titles(seen, band)] == [("DAILY NEWS", 2.0, 5.0)]
