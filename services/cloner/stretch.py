"""Change the tempo of a take without its pitch, to an exact number of samples."""

import ffmpeg
import numpy as np

from services.cloner.audio import TAKE_RATE_HZ, level
from services.cloner.engines import Audio
from shared.media import ToolLimits, run_tool
from shared.pipeline import CancelToken

_LIMITS = ToolLimits(timeout_s=120.0, memory_bytes=2 * 1024**3)
_FORM = {"format": "f32le", "ar": TAKE_RATE_HZ, "ac": 1}


def stretch(audio: Audio, samples: int, cancel: CancelToken) -> Audio:
    """Stretch `audio` to `samples` samples, level again. Raises: Canceled."""
    stretched = run_tool(stretch_command(len(audio) / samples, samples), cancel, _LIMITS, data=audio.tobytes())
    return level(np.frombuffer(stretched, np.float32))


def stretch_command(tempo: float, samples: int) -> list[str]:
    """The ffmpeg command from pipe to pipe; `atempo` is exact to 20 ms only, so the end is padded and cut."""
    output = (
        ffmpeg.input("pipe:0", **_FORM)
        .filter("atempo", f"{tempo:.6f}")
        .filter("apad", whole_len=samples)
        .filter("atrim", end_sample=samples)
        .output("pipe:1", **_FORM)
        .global_args("-v", "error", "-nostats")
    )
    command: list[str] = output.compile()
    return command


def pad(audio: Audio, samples: int) -> Audio:
    """Pad with silence to `samples` samples."""
    return np.pad(audio, (0, samples - len(audio)))
