"""The colors of letters and of their outline."""

import numpy as np
import pytest

from services.diarizer.picture.looks import colors

WHITE, BLACK, YELLOW, SKY, NIGHT = (250, 250, 250), (5, 5, 5), (240, 216, 40), (220, 230, 245), (30, 30, 50)


def written(background, letters, outline=None):
    """Five strokes of letters, each with an outline around it."""
    picture = np.full((30, 100, 3), background, np.float32)
    for left in range(8, 90, 18):
        if outline:
            picture[6:24, left : left + 10] = outline
        picture[8:22, left + 2 : left + 8] = letters
    return picture


@pytest.mark.parametrize(
    ("background", "letters", "outline", "expected"),
    [
        (SKY, YELLOW, BLACK, ("#F0D828", "#000000")),
        (SKY, WHITE, BLACK, ("#FFFFFF", "#000000")),
        (NIGHT, BLACK, WHITE, ("#000000", "#FFFFFF")),
        ((128, 128, 128), BLACK, WHITE, ("#000000", "#FFFFFF")),
        ((128, 128, 128), WHITE, BLACK, ("#FFFFFF", "#000000")),
        (SKY, BLACK, None, ("#000000", "#FFFFFF")),
        (NIGHT, YELLOW, None, ("#F0D828", "#000000")),
    ],
)
def test_letters_are_what_an_outline_encloses(background, letters, outline, expected):
    """On bright and dark backgrounds; without an outline they are what differs from the background."""
    assert colors(written(background, letters, outline)) == expected


def test_nothing_to_see_is_white_on_black():
    """As subtitles are."""
    assert colors(np.full((20, 40, 3), 90, np.float32)) == ("#FFFFFF", "#000000")
