"""Channel layouts: which one a dub has, where its voices come from, how its channels count in loudness.

A dub keeps the channel layout of its original. Mono becomes the same signal on two channels, since it is heard that
way, and its loudness is then what the meter reads. A layout that AAC does not support in every player is put into the
next larger one (quad into 5.0 with a silent centre), and anything beyond 5.1 is downmixed to 5.1.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Channels in ffmpeg's order; `voice` are those a voice is heard from, each at `voice_gain`.

    The gain of a single centre makes a voice as loud as from two front loudspeakers; a downmix to stereo, which adds
    the centre at -3 dB, undoes it. `weights` are those of BS.1770: surround counts 1.5 dB more, LFE not at all.
    """

    name: str
    voice: tuple[int, ...]
    voice_gain: float
    weights: tuple[float, ...]

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return len(self.weights)

    @property
    def frame_bytes(self) -> int:
        """Size of one frame of raw sound."""
        return 4 * self.channels


_SURROUND = 1.41
STEREO = Layout("stereo", (0, 1), 1.0, (1.0, 1.0))
FIVE = Layout("5.0", (2,), math.sqrt(2), (1.0, 1.0, 1.0, _SURROUND, _SURROUND))
FIVE_ONE = Layout("5.1", (2,), math.sqrt(2), (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND))

_BY_NAME = {
    "mono": STEREO,
    "stereo": STEREO,
    "downmix": STEREO,
    "2.1": FIVE_ONE,
    "3.1": FIVE_ONE,
    "4.1": FIVE_ONE,
    "3.0": FIVE,
    "3.0(back)": FIVE,
    "4.0": FIVE,
    "quad": FIVE,
    "quad(side)": FIVE,
    "5.0": FIVE,
    "5.0(side)": FIVE,
}
_BY_COUNT = {1: STEREO, 2: STEREO, 3: FIVE_ONE, 4: FIVE, 5: FIVE}  # three without a name are 2.1 for ffmpeg


def dub_layout(channels: int, name: str) -> Layout:
    """The layout of the dub of an original with `channels` channels, in the layout `name`, if known."""
    if channels <= 0:
        return STEREO
    return _BY_NAME.get(name) or _BY_COUNT.get(channels, FIVE_ONE)
