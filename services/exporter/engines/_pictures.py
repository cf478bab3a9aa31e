"""Encoders for a picture with burned-in subtitles: hardware if it really works, else libx264."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import ffmpeg

from services.exporter.source import Source
from shared.media import ToolLimits, input_options, run_tool
from shared.observability import logger
from shared.pipeline import CancelToken, ErrorCode, PermanentError, TransientError

log = logger(__name__)

_EVEN = "trunc(iw/2)*2"
_RENDER_NODE = "/dev/dri/renderD128"
_PROBE = ToolLimits(timeout_s=20.0)


@dataclass(frozen=True)
class PictureEncoder:
    """An encoder, of H.264 unless it is for HDR.

    Its options, a device to open first, and filters that upload frames for it.
    """

    name: str
    options: dict[str, Any] = field(hash=False)
    device: tuple[str, ...] = ()
    upload: bool = False
    pixels: str = "yuv420p"
    tone_mapped: bool = False
    """Whether the picture is first converted from HDR to standard dynamic range."""

    def toned(self, picture: "ffmpeg.nodes.FilterableStream") -> "ffmpeg.nodes.FilterableStream":
        """`picture` in the dynamic range and colours that are encoded, before anything is drawn into it."""
        if not self.tone_mapped:
            return picture
        linear = picture.filter("zscale", t="linear", npl=100).filter("format", "gbrpf32le").filter("zscale", p="bt709")
        return linear.filter("tonemap", "hable", desat=0).filter("zscale", t="bt709", m="bt709", r="tv")

    def prepared(self, picture: "ffmpeg.nodes.FilterableStream") -> "ffmpeg.nodes.FilterableStream":
        """`picture` in the form this encoder needs: even sides, 4:2:0."""
        picture = picture.filter("scale", _EVEN, _EVEN.replace("iw", "ih")).filter(
            "format", "nv12" if self.upload else self.pixels
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


_BT709 = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
TONE_MAPPED = replace(SOFTWARE, options={**SOFTWARE.options, **_BT709}, tone_mapped=True)
_TRANSFER = {"pq": "smpte2084", "hlg": "arib-std-b67"}
_LIGHT = 10_000  # steps of a candela per square metre
_CHROMA = 50_000  # steps of a chromaticity


def hdr_encoder(source: Source, cancel: CancelToken) -> PictureEncoder:
    """The encoder that keeps the HDR of `source`; if there is none, it is converted to standard dynamic range."""
    encoder = PictureEncoder("libx265", {"c:v": "libx265", "preset:v": "fast", "crf": 20}, pixels="yuv420p10le")
    if not works(encoder):
        return TONE_MAPPED
    transfer = _TRANSFER[source.hdr or "pq"]
    told = {"log-level": "error", "repeat-headers": 1, "colorprim": "bt2020", "transfer": transfer}
    told |= {"colormatrix": "bt2020nc", "range": "limited", **_mastering(source, cancel)}
    tags = {"color_primaries": "bt2020", "color_trc": transfer, "colorspace": "bt2020nc", "tag:v": "hvc1"}
    words = ":".join(f"{name}={value}" for name, value in told.items())
    return replace(encoder, options={**encoder.options, **tags, "x265-params": words})


def _mastering(source: Source, cancel: CancelToken) -> dict[str, str | int]:
    """What the first frame says about the mastering display, in x265's form."""
    if source.hdr != "pq":
        return {}
    options = [part for name, value in input_options(source.container).items() for part in (f"-{name}", value)]
    command = ["ffprobe", "-v", "error", *options, "-select_streams", "V:0", "-read_intervals", "%+#1", "-show_frames"]
    command += ["-show_entries", "frame=side_data_list", "-of", "json", f"file:{source.path}"]
    frames = json.loads(run_tool(command, cancel, _PROBE)).get("frames") or [{}]
    found: dict[str, str | int] = {"hdr10": 1}
    for side in frames[0].get("side_data_list", ()):
        kind = side.get("side_data_type")
        if kind == "Mastering display metadata" and "red_x" in side and "max_luminance" in side:
            found["master-display"] = _display(side)
        elif kind == "Content light level metadata":
            found["max-cll"] = f"{int(side.get('max_content', 0))},{int(side.get('max_average', 0))}"
    return found


def _display(side: Mapping[str, Any]) -> str:
    """The primaries, the white point and the brightness of a screen in the steps of the standard (SMPTE ST 2086)."""

    def steps(name: str, of: int) -> int:
        top, _, bottom = str(side.get(name, "0")).partition("/")
        return round(float(top) / float(bottom or 1) * of)

    points = {"G": "green", "B": "blue", "R": "red", "WP": "white_point"}
    told = "".join(
        f"{key}({steps(f'{name}_x', _CHROMA)},{steps(f'{name}_y', _CHROMA)})" for key, name in points.items()
    )
    return f"{told}L({steps('max_luminance', _LIGHT)},{steps('min_luminance', _LIGHT)})"


_known: dict[str, bool] = {}


def works(encoder: PictureEncoder) -> bool:
    """Whether `encoder` encodes a few frames; determined once per process: being listed by ffmpeg means little."""
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
