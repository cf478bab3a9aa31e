"""Filters that cover parts of the picture and leave the rest unchanged."""

import ffmpeg

from services.exporter.engines.base import Cover

_EDGE = 1
"""Pixels around an area from which `delogo` fills it: it refuses areas at the edge of the picture."""


def covered(
    picture: "ffmpeg.nodes.FilterableStream", cover: Cover, *, deep: bool = False
) -> "ffmpeg.nodes.FilterableStream":
    """`picture` covered as `cover` says; `deep` pictures have ten bits.

    A blurred strip of the picture is laid over it where a mask is white: the cost does not depend on the number of
    rectangles in the mask, and where it is black no pixel changes.
    """
    for start_s, end_s, left, top, width, height in cover.filled:
        left, top = max(_EDGE, left), max(_EDGE, top)
        enable = f"between(t,{start_s:.3f},{end_s:.3f})"
        picture = picture.filter("delogo", x=left, y=top, w=width, h=height, enable=enable)
    if cover.mask:
        picture = _blurred(picture, cover, deep=deep)
    if cover.bars:
        picture = picture.filter("ass", str(cover.bars))
    return picture


def _blurred(picture: "ffmpeg.nodes.FilterableStream", cover: Cover, *, deep: bool) -> "ffmpeg.nodes.FilterableStream":
    left, top, width, height = cover.strip
    parts = picture.filter("format", "yuv420p10le" if deep else "yuv420p").filter_multi_output("split", 3)
    strip = parts[1].filter("crop", width, height, left, top)
    strip = strip.filter("gblur", sigma=f"{cover.sigma:.1f}", steps=2)
    mask = parts[2].filter("crop", width, height, left, top).filter("format", "yuv420p")
    mask = mask.filter("drawbox", color="black", thickness="fill").filter("ass", str(cover.mask))
    mask = mask.filter("extractplanes", "y").filter("lut", "if(gt(val,126),255,0)")
    mask = mask.filter("format", "gray10le" if deep else "gray")
    laid = ffmpeg.filter([strip, mask], "alphamerge")
    return ffmpeg.overlay(parts[0], laid, x=left, y=top, format="yuv420p10" if deep else "yuv420")
