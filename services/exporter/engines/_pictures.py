"""Encoders for a picture with burned-in subtitles: hardware where it really works, else libx264."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import ffmpeg

from shared.media import ToolLimits, run_tool
from shared.observability import logger
from shared.pipeline import CancelToken, ErrorCode, PermanentError, TransientError

log = logger(__name__)

_EVEN = "trunc(iw/2)*2"
_RENDER_NODE = "/dev/dri/renderD128"
_PROBE = ToolLimits(timeout_s=20.0)


@dataclass(frozen=True)
class PictureEncoder:
    """An H.264 encoder: its options, a device to open first, filters that bring frames to where it reads them."""

    name: str
    options: dict[str, Any] = field(hash=False)
    device: tuple[str, ...] = ()
    upload: bool = False

    def prepared(self, picture: "ffmpeg.nodes.FilterableStream") -> "ffmpeg.nodes.FilterableStream":
        """`picture` as this encoder takes it: even sides, 4:2:0."""
        picture = picture.filter("scale", _EVEN, _EVEN.replace("iw", "ih")).filter(
            "format", "nv12" if self.upload else "yuv420p"
        )
        return picture.filter("hwupload") if self.upload else picture


SOFTWARE = PictureEncoder("libx264", {"c:v": "libx264", "preset:v": "fast", "crf": 18})
HARDWARE = (
    PictureEncoder("h264_nvenc", {"c:v": "h264_nvenc", "rc": "vbr", "cq": 19, "b:v": 0}),
    PictureEncoder("h264_videotoolbox", {"c:v": "h264_videotoolbox", "q:v": 65}),
    PictureEncoder("h264_qsv", {"c:v": "h264_qsv", "global_quality": 19}),
    PictureEncoder("h264_vaapi", {"c:v": "h264_vaapi", "qp": 19}, ("-vaapi_device", _RENDER_NODE), upload=True),
)


def encoders(choice: str) -> Iterator[PictureEncoder]:
    """Encoders to try in turn: `auto` hardware that works, then libx264; or the one that `choice` names, then it."""
    for encoder in HARDWARE:
        if choice in ("auto", encoder.name) and works(encoder):
            yield encoder
    yield SOFTWARE


_known: dict[str, bool] = {}


def works(encoder: PictureEncoder) -> bool:
    """Whether `encoder` encodes a few frames; found out once per process: being listed by ffmpeg means little."""
    if encoder.name not in _known:
        picture = ffmpeg.input("testsrc=size=256x144:rate=5:duration=1", f="lavfi")
        output = ffmpeg.output(encoder.prepared(picture), "-", format="null", **encoder.options)
        command: list[str] = output.global_args("-v", "error", "-nostdin").compile()
        command[1:1] = encoder.device
        try:
            run_tool(command, CancelToken(), _PROBE)
        except (PermanentError, TransientError) as error:
            if error.code is ErrorCode.ENGINE_UNAVAILABLE:
                raise
            log.info("hardware_encoder_unusable", encoder=encoder.name, error=error.message[:200])
            _known[encoder.name] = False
        else:
            log.info("hardware_encoder_found", encoder=encoder.name)
            _known[encoder.name] = True
    return _known[encoder.name]
