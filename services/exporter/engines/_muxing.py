"""The ffmpeg commands that put video, audio and subtitles into one file, as pure functions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from services.exporter.containers import ContainerName, text_codec
from services.exporter.engines._commands import compiled, own_input, read_along, video_input
from services.exporter.engines._covering import covered
from services.exporter.engines._pictures import PictureEncoder
from services.exporter.engines.base import AudioPart, MuxPlan, SubtitlePart, Track
from services.exporter.source import STILL_FPS, Source
from shared.media import JUMPING

_STILL_SIZE = (1280, 720)
_STILL_COLOR = "0x202020"

Streams = list["ffmpeg.nodes.FilterableStream"]


def cover(source: Source, index: int, target: Path) -> list[str]:
    """An attached still picture, as a separate file."""
    picture = video_input(source)[str(index)]
    return compiled(ffmpeg.output(picture, f"file:{target}", format="image2", c="copy", vframes=1))


def mux(
    source: Source,
    plan: MuxPlan,
    audio_kbps: int,
    pictures: PictureEncoder | None = None,
    covers: Sequence[Path] = (),
) -> list[str]:
    """All streams together, copied if the container allows; `pictures` is given if the picture is encoded.

    `covers` are the attached still pictures, as files, for Matroska and for making a still picture. `genpts` adds the
    timestamps that AVI lacks. Matroska has no way to hide the first frame of an AAC track, which only prepares the
    decoder: that frame is dropped there, or every stream would be moved back by its length.
    """
    video = video_input(source, fflags="+genpts")
    options = _container_options(source, plan)
    streams = _pictures(video, source, plan, pictures, covers)
    options |= pictures.options if pictures else {}
    shown, labels = len(streams), list[str]()
    for number, part in enumerate(plan.audio):
        streams.append(video[f"a:{part.number}"] if part.path is None else own_input(part.path)["a:0"])
        options |= _audio_options(f"a:{number}", part, audio_kbps)
        labels += _label(f"a:{number}", part.track)
    for number, subtitle in enumerate(plan.subtitles):
        streams.append(own_input(subtitle.path, f="srt")["s:0"] if subtitle.path else video[f"s:{subtitle.number}"])
        options |= _subtitle_options(f"s:{number}", subtitle, plan.container)
        labels += _label(f"s:{number}", subtitle.track)
    if plan.container != "mkv":
        for number, index in enumerate(plan.covers, shown):
            streams.append(video[str(index)])
            options |= {f"c:v:{number}": "copy", f"disposition:v:{number}": "attached_pic"}
    elif source.attachments:
        streams.append(video["t"])
    outputs = [ffmpeg.output(*streams, f"file:{plan.target}", **options), *_beside(video, source, plan)]
    command = compiled(*outputs, progress=True)
    end = command.index(f"file:{plan.target}")
    attached = _attached(source, covers) if plan.container == "mkv" and plan.covers else []
    command = [*command[:end], *labels, *_described(command, source), *attached, *command[end:]]
    if pictures:
        command[1:1] = pictures.device
    return command


def _pictures(
    video: "ffmpeg.nodes.FilterableStream",
    source: Source,
    plan: MuxPlan,
    encoder: PictureEncoder | None,
    covers: Sequence[Path],
) -> Streams:
    """The picture unchanged; or drawn into, held until the audio ends; or a still one for an audio file."""
    if encoder is None:
        return [video["V:0"]] if source.has_picture else []
    if source.has_picture:
        picture = video["V:0"].filter("bwdif") if source.interlaced else video["V:0"]
        if (missing_s := source.length_s - source.picture_end_s) > source.frame_s:
            picture = picture.filter("tpad", stop_mode="clone", stop_duration=f"{missing_s:.6f}")
    else:
        picture = _still(source, covers)
    picture = encoder.toned(picture)
    if plan.cover:
        picture = covered(picture, plan.cover, deep=encoder.pixels.endswith("10le"))
    if plan.burn:
        picture = picture.filter("ass", str(plan.burn))
    return [encoder.prepared(picture)]


def _still(source: Source, covers: Sequence[Path]) -> "ffmpeg.nodes.FilterableStream":
    """The cover, or a plain dark picture, for as long as the sound lasts."""
    wide, high = _STILL_SIZE
    if not covers:
        plain = f"color=c={_STILL_COLOR}:s={wide}x{high}:r={STILL_FPS}:d={source.length_s:.6f}"
        return ffmpeg.input(plain, f="lavfi")
    picture = ffmpeg.input(
        f"file:{covers[0]}",
        f="image2",
        protocol_whitelist="file",
        loop=1,
        framerate=STILL_FPS,
        t=f"{source.length_s:.6f}",
    )
    fitted = picture.filter("scale", wide, high, force_original_aspect_ratio="decrease")
    return fitted.filter("pad", wide, high, "(ow-iw)/2", "(oh-ih)/2", color=_STILL_COLOR).filter("setsar", 1)


def _beside(video: "ffmpeg.nodes.FilterableStream", source: Source, plan: MuxPlan) -> list[Any]:
    """Null outputs: to keep time (see `read_along`), and to have the original available for title and chapters."""
    if source.container.demuxer in JUMPING:
        return read_along(video, source, picture=False)
    if source.has_picture or plan.covers or any(part.path is None for part in plan.audio):
        return []
    return [ffmpeg.output(video["a:0"], "-", format="null", c="copy")]


def _described(command: Sequence[str], source: Source) -> list[str]:
    """Title, chapters and the like are those of the original, at whatever index it is among the inputs."""
    inputs = [command[at + 1] for at, part in enumerate(command) if part == "-i"]
    place = str(inputs.index(f"file:{source.path}"))
    return ["-map_metadata", place, "-map_chapters", place]


def _attached(source: Source, covers: Sequence[Path]) -> list[str]:
    """Covers as Matroska stores them, after the attachments of the original."""
    options: list[str] = []
    for number, path in enumerate(covers, source.attachments):
        kind = "image/png" if path.suffix == ".png" else "image/jpeg"
        options += ["-attach", f"file:{path}", f"-metadata:s:t:{number}", f"mimetype={kind}"]
        options += [f"-metadata:s:t:{number}", f"filename={path.name}"]
    return options


def _audio_options(place: str, part: AudioPart, audio_kbps: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if part.encode:
        options |= {f"c:{place}": "aac", f"b:{place}": f"{audio_kbps}k"}
    if part.default is not None:
        options[f"disposition:{place}"] = "default" if part.default else "0"
    return options


def _subtitle_options(place: str, part: SubtitlePart, container: ContainerName) -> dict[str, Any]:
    marks = "+".join(name for name, on in (("default", part.default), ("forced", part.forced)) if on)
    return {f"c:{place}": text_codec(part.codec, container), f"disposition:{place}": marks or "0"}


def _label(place: str, track: Track | None) -> list[str]:
    """Language and title of a track; ffmpeg-python 0.2.0 cannot repeat an option."""
    if track is None:
        return []
    values = (f"language={track.language}", f"title={track.title}", f"handler_name={track.title}")
    return [part for value in values for part in (f"-metadata:s:{place}", value)]


def _container_options(source: Source, plan: MuxPlan) -> dict[str, Any]:
    options: dict[str, Any] = {"c": "copy", "fflags": "+bitexact"}
    if plan.container == "mkv":
        return options | {"format": "matroska", "copypriorss:a": 0}
    options |= {"format": "mp4", "movflags": "+faststart"}
    if plan.draws:
        return options
    if source.video_codec == "hevc":
        options["tag:v"] = "hvc1"  # Apple's players know no other
    if source.video_codec == "mpeg4" and source.container.demuxer == "avi":
        options["bsf:v"] = "mpeg4_unpack_bframes"
    return options
