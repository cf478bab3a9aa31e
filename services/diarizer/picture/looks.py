"""How burned-in text looks: the color of its letters and of what surrounds them."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_fill_holes

from services.diarizer.picture.strokes import Gray

_CONTRAST = 40.0
"""Out of 255: anything that differs less from the background is background."""
_ENCLOSED = 0.25
"""Share of an outline's area: letters inside it have at least that, the holes of letters (日) less."""
_WHITE, _GRAY, _BLACK = 175, 40, 80

Mask = npt.NDArray[np.bool_]


def colors(picture: Gray) -> tuple[str, str]:
    """The colors of letters and outline as `#RRGGBB`, from the mean `picture` of a text.

    Letters are enclosed by the outline: bright ones in a dark outline, dark ones in a bright one. Without an outline,
    they are what differs from the background.
    """
    brightness = picture.mean(axis=2)
    around = float(np.median(np.concatenate([brightness[0], brightness[-1]])))
    low, high = (float(np.percentile(brightness, share)) for share in (2, 98))
    dark = brightness < (around + low) / 2 if around - low > _CONTRAST else np.zeros(brightness.shape, bool)
    bright = brightness > (around + high) / 2 if high - around > _CONTRAST else np.zeros(brightness.shape, bool)
    in_dark, in_bright = _enclosed(dark), _enclosed(bright)
    if _share(in_dark, dark) >= max(_ENCLOSED, _share(in_bright, bright)):
        return _color(picture, in_dark, "#FFFFFF"), _color(picture, dark, "#000000")
    if _share(in_bright, bright) >= _ENCLOSED:
        return _color(picture, in_bright, "#000000"), _color(picture, bright, "#FFFFFF")
    if bright.sum() >= dark.sum():
        return _color(picture, bright, "#FFFFFF"), "#000000"
    return _color(picture, dark, "#000000"), "#FFFFFF"


def _enclosed(mask: Mask) -> Mask:
    inside: Mask = binary_fill_holes(mask) & ~mask
    return inside


def _share(inside: Mask, mask: Mask) -> float:
    return float(inside.sum() / mask.sum()) if mask.any() else 0.0


def _color(picture: Gray, mask: Mask, without: str) -> str:
    """The median color of the half that is least mixed with others.

    Encoding blurs thin strokes, so nearly white or black counts as white or black.
    """
    if not mask.any():
        return without
    pixels = picture[mask]
    brightness = pixels.mean(axis=1)
    whole = brightness >= np.median(brightness) if without == "#FFFFFF" else brightness <= np.median(brightness)
    red, green, blue = (int(value) for value in np.median(pixels[whole], axis=0))
    if min(red, green, blue) > _WHITE and max(red, green, blue) - min(red, green, blue) < _GRAY:
        return "#FFFFFF"
    if max(red, green, blue) < _BLACK:
        return "#000000"
    return f"#{red:02X}{green:02X}{blue:02X}"
