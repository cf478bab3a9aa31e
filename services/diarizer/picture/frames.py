"""Frames of a video at the size for finding text, one at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import ffmpeg
import numpy as np

from services.diarizer.engines import Picture
from services.diarizer.ffmpeg import Video
from shared.media import ToolLimits, input_options, piped_tool
from shared.pipeline import CancelToken

SHORT_SIDE = 360
"""The size of analysed frames: subtitles that people can read are at least 15 pixels high in it."""
_MEMORY_BYTES = 2 * 1024**3
_SHORT_S = 60.0
_TWO = 1.99


@dataclass(frozen=True)
class Strip:
    """A part of the picture from side to side; 0 is its top, 1 its bottom."""

    top: float
    bottom: float


WHOLE = Strip(0.0, 1.0)


@dataclass(frozen=True)
class Frame:
    """A frame and when it is shown."""

    at_s: float
    pixels: Picture


def frames_command(
    video: Video, rate: float, strip: Strip, start_s: float = 0.0, length_s: float | None = None
) -> list[str]:
    """The ffmpeg command that prints frames, `rate` a second evenly spaced, as PPM, which contains their size.

    The picture is rotated and scaled as players show it.
    """
    short = f"min(iw*sar,ih)/{SHORT_SIDE}"
    options = {"ss": f"{start_s:.3f}"} if start_s else {}
    source = ffmpeg.input(f"file:{video.path}", **input_options(video.container), **options)
    picture = (
        source["V:0"]
        .filter("fps", f"{rate:.6f}", start_time=0)
        .filter("scale", f"trunc(iw*sar/({short})/2)*2", f"trunc(ih/({short})/2)*2")
        .filter("setsar", 1)
    )
    if strip != WHOLE:
        picture = picture.filter("crop", "iw", f"ih*{strip.bottom - strip.top:.6f}", 0, f"ih*{strip.top:.6f}", exact=1)
    length = {"t": f"{length_s:.3f}"} if length_s else {}
    output = ffmpeg.output(picture, "pipe:1", format="image2pipe", vcodec="ppm", pix_fmt="rgb24", **length)
    command: list[str] = output.global_args("-nostdin", "-v", "error", "-threads", "2").compile()
    return command


def frames_between(video: Video, start_s: float, end_s: float, count: float, cancel: CancelToken) -> list[Picture]:
    """About `count` frames at even distances. Raises: PermanentError, where they cannot be decoded."""
    length_s = max(end_s - start_s, 0.04)
    command = frames_command(video, count / length_s, WHOLE, start_s, length_s)
    found: list[Picture] = []
    with piped_tool(command, cancel, ToolLimits(timeout_s=120, memory_bytes=_MEMORY_BYTES), stdout=True) as pipe:
        while (pixels := _next(pipe)) is not None:
            found.append(pixels)
    return found


def frames(video: Video, rate: float, strip: Strip, cancel: CancelToken) -> Iterator[Frame]:
    """All frames of `video`, `rate` a second. Raises: PermanentError, where it cannot be decoded."""
    limits = ToolLimits(timeout_s=600 + 10 * video.facts.duration_s, memory_bytes=_MEMORY_BYTES)
    with piped_tool(frames_command(video, rate, strip), cancel, limits, stdout=True) as pipe:
        number = 0
        while (pixels := _next(pipe)) is not None:
            yield Frame(number / rate, pixels)
            number += 1


def pairs(video: Video, moments: Sequence[float], apart_s: float, cancel: CancelToken) -> Iterator[tuple[Frame, Frame]]:
    """Two frames at each of `moments`, `apart_s` seconds apart; moments after the end of the picture are left out.

    A short video is decoded once, and they are in time order; a long one is seeked to each moment.
    """
    if video.facts.duration_s <= _SHORT_S:
        yield from _passing(video, moments, apart_s, cancel)
        return
    for moment in moments:
        found = frames_between(video, moment, moment + 1.99 * apart_s, _TWO, cancel)
        if len(found) > 1:
            yield Frame(moment, found[0]), Frame(moment + apart_s, found[1])


def _passing(
    video: Video, moments: Sequence[float], apart_s: float, cancel: CancelToken
) -> Iterator[tuple[Frame, Frame]]:
    wanted = {int(moment / apart_s): moment for moment in moments}
    before: Picture | None = None
    for number, frame in enumerate(frames(video, 1 / apart_s, WHOLE, cancel)):
        if before is not None and (moment := wanted.get(number - 1)) is not None:
            yield Frame(moment, before), Frame(moment + apart_s, frame.pixels)
        before = frame.pixels


def _next(pipe: IO[bytes]) -> Picture | None:
    """The next PPM picture of a stream; None at its end."""
    if pipe.readline().strip() != b"P6":
        return None
    width, height = map(int, pipe.readline().split())
    pipe.readline()  # the brightest value, 255
    data = pipe.read(width * height * 3)
    if len(data) < width * height * 3:
        return None
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)
