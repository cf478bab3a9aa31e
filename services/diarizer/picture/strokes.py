"""The strokes of letters in a picture, and how much of known strokes another picture shows."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from services.diarizer.engines import Picture

Gray = npt.NDArray[np.float32]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_STRONG = 80  # of a hundred pixels of a box, letters are the strongest fifth


def luma(picture: Picture) -> npt.NDArray[np.uint8]:
    """How bright each pixel is, 0 to 255."""
    bright: npt.NDArray[np.uint8] = (picture @ _LUMA).astype(np.uint8)
    return bright


def strokes(gray: npt.NDArray[np.uint8], width: int) -> Gray:
    """Differences from the surroundings of about `width` pixels: letters stay, skies and walls vanish."""
    bright = gray.astype(np.float32)
    found: Gray = bright - uniform_filter(bright, max(3, width))
    return found


def opacity(seen: Gray, known: Gray) -> float:
    """How strongly `known` strokes are in `seen`: 1 fully, 0 not at all; linear while text fades.

    The projection of one picture on the other, over the strongest pixels of `known`.
    """
    strong = np.abs(known) >= np.percentile(np.abs(known), _STRONG)
    return float((seen[strong] * known[strong]).sum() / max(1.0, (known[strong] ** 2).sum()))


def likeness(seen: Gray, known: Gray) -> float:
    """Whether both show the same strokes, however strong: the correlation over the strongest pixels of both."""
    least = np.percentile(np.abs(known), _STRONG), np.percentile(np.abs(seen), _STRONG)
    strong = (np.abs(known) >= least[0]) | (np.abs(seen) >= least[1])
    one, other = seen[strong], known[strong]
    return float((one * other).sum() / max(1.0, np.sqrt((one**2).sum() * (other**2).sum())))


def is_still(gray: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8]) -> bool:
    """Whether nothing happened between two frames, anywhere in blocks of 8 pixels."""
    change = np.abs(gray.astype(np.int16) - before.astype(np.int16))
    high, wide = (side // 8 * 8 for side in change.shape)
    blocks = change[:high, :wide].reshape(high // 8, 8, wide // 8, 8).mean(axis=(1, 3))
    return bool(blocks.max(initial=0.0) < _STILL)


_STILL = 4.0
