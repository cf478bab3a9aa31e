"""How burned-in text looks: the color of its letters and of what surrounds them."""

import numpy as np

from services.diarizer.picture.strokes import Gray

_STRONG = 85


def colors(picture: Gray, known: Gray) -> tuple[str, str]:
    """The colors of letters and outline as `#RRGGBB`: from the mean `picture` of a text and its `known` strokes.

    Letters are brighter than their outline, unless they stand on something brighter than both.
    """
    bright = known >= np.percentile(known, _STRONG)
    dark = known <= np.percentile(known, 100 - _STRONG)
    around = np.concatenate([picture[0], picture[-1]]).mean()
    letters, outline = picture[bright], picture[dark]
    if around > letters.mean() - _CLOSE and around > outline.mean() + 2 * _CLOSE:
        letters, outline = outline, letters
    return _hex(letters), _hex(outline)


_CLOSE = 25.0


def _hex(pixels: Gray) -> str:
    """The middle color; what is nearly white or black is taken for it, as encoding blurs thin strokes."""
    red, green, blue = (int(value) for value in np.median(pixels, axis=0))
    if min(red, green, blue) > 175 and max(red, green, blue) - min(red, green, blue) < 40:
        return "#FFFFFF"
    if max(red, green, blue) < 80:
        return "#000000"
    return f"#{red:02X}{green:02X}{blue:02X}"
