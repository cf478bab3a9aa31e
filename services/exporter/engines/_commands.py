"""The ffmpeg commands of the export, as pure functions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from services.exporter.containers import ContainerName, text_codec
from services.exporter.engines._pictures import PictureEncoder
from services.exporter.engines.base import RATE_HZ, AudioPart, MuxPlan, SubtitlePart, Track
from services.exporter.layouts import STEREO, Layout
from services.exporter.source import KeptSound, Source
from shared.media import JUMPING, input_options

INTEGRATED, TRUE_PEAK = "lavfi.r128.I", "lavfi.r128.true_peak"
_DEMUXERS = {".m4a": "mov", ".mp4": "mov", ".mkv": "matroska", ".mp3": "mp3", ".wav": "wav", ".flac": "flac"}
_FORMATS: dict[str, dict[str, Any]] = {
    ".m4a": {"format": "mp4", "acodec": "aac"},
    ".mp3": {"format": "mp3", "acodec": "libmp3lame", "ac": 2},
    ".wav": {"format": "wav", "acodec": "pcm_s24le", "rf64": "auto"},
    ".flac": {"format": "flac", "acodec": "flac", "sample_fmt": "s32", "bits_per_raw_sample": 24},
}


def _raw(layout: Layout, rate_hz: int = RATE_HZ) -> dict[str, Any]:
    return {"f": "f32le", "ar": rate_hz, "ac": layout.channels}


def decode(source: Source, layout: Layout, rate_hz: int = RATE_HZ) -> list[str]:
    """The audio tracks that are listened to, together, to stdout as raw sound.

    `first_pts=0` fills up a late start with silence, `async=1` gaps. Everything else is read along where time is
    counted from the first packet of the streams in use. A mono track is played from both loudspeakers as it is:
    ffmpeg's own conversion would lower it by 3 dB.
    """
    video = _video(source)
    heard = [_heard(video, number, source.sounds[number], layout, rate_hz) for number in source.listened]
    sound = heard[0]
    if len(heard) > 1:
        sound = ffmpeg.filter(heard, "amix", inputs=len(heard), duration="longest", normalize=0)
    outputs = [ffmpeg.output(sound, "pipe:1", acodec="pcm_f32le", t=source.length_s, **_raw(layout, rate_hz))]
    return _compile(*outputs, *_read_along(video, source, picture=source.has_picture))


def _heard(
    video: "ffmpeg.nodes.FilterableStream", number: int, track: KeptSound, layout: Layout, rate_hz: int
) -> "ffmpeg.nodes.FilterableStream":
    sound = video[f"a:{number}"].filter("aresample", rate_hz, **{"async": 1, "first_pts": 0})
    if track.channels == 1 and layout is STEREO:
        return sound.filter("channelmap", map="0|0", channel_layout="stereo")
    if track.channels != layout.channels or layout is not STEREO:
        return sound.filter("aformat", channel_layouts=layout.name)
    return sound


def _read_along(video: "ffmpeg.nodes.FilterableStream", source: Source, *, picture: bool) -> list[Any]:
    """Outputs to nowhere that keep time 0 where it is in the whole file, in formats whose time may jump."""
    if source.container.demuxer not in JUMPING:
        return []
    streams = [video["V:0"]] if picture else []
    streams += [video["a"]] if source.has_audio else []
    return [ffmpeg.output(*streams, "-", format="null", c="copy")] if streams else []


def read(sound: Path, layout: Layout) -> list[str]:
    """A sound file of our own to stdout as raw sound."""
    stream = _own(sound)["a:0"].filter("aresample", RATE_HZ).filter("aformat", channel_layouts=layout.name)
    return _compile(ffmpeg.output(stream, "pipe:1", acodec="pcm_f32le", **_raw(layout)))


def encode(target: Path, audio_kbps: int, layout: Layout, rate_hz: int = RATE_HZ, *, stem: bool = False) -> list[str]:
    """Raw sound on stdin to the format that the name of `target` tells.

    The edit list of MP4 and the header of LAME tell players which samples are the encoder's own.
    """
    sound, options = ffmpeg.input("pipe:0", **_raw(layout, rate_hz)), _FORMATS[target.suffix]
    if stem and target.suffix == ".wav":
        options = options | {"acodec": "pcm_f32le"}
    if target.suffix in (".m4a", ".mp3"):
        kbps = audio_kbps if layout is STEREO else 2 * audio_kbps
        options = options | {"audio_bitrate": f"{min(320, audio_kbps) if target.suffix == '.mp3' else kbps}k"}
    output = ffmpeg.output(sound, f"file:{target}", map_metadata=-1, fflags="+bitexact", **options)
    return _compile(output, stdin=True)


def measure(sound: Path, raw: Layout | None) -> list[str]:
    """The readings of an EBU R128 meter to stdout; the true peak, which takes long, only of what is encoded."""
    stream = ffmpeg.input(f"file:{sound}", protocol_whitelist="file", **_raw(raw)) if raw else _own(sound)
    peak = {} if raw else {"peak": "true"}
    stream = stream["a:0"].filter("ebur128", metadata=1, framelog="verbose", **peak)
    printed = stream.filter(
        "ametadata", "print", file="pipe:1"
    )  # all keys: two printers would cut up each other's lines
    return _compile(ffmpeg.output(printed, "-", format="null"))


def excerpt(file: Path, track: int, start_s: float, length_s: float) -> list[str]:
    """A part of an audio track to stdout, one channel; what comes before its first sample is silence."""
    stream = _own(file, ss=f"{start_s:.6f}")[f"a:{track}"]
    stream = stream.filter("aresample", RATE_HZ, **{"async": 1, "first_pts": 0})
    return _compile(ffmpeg.output(stream, "pipe:1", f="f32le", acodec="pcm_f32le", ac=1, t=f"{length_s:.6f}"))


def resample(sound: Path, target: Path) -> list[str]:
    """A FLAC or WAV file at another rate to `RATE_HZ`."""
    stream = ffmpeg.input(f"file:{sound}", protocol_whitelist="file")["a:0"]
    return _compile(ffmpeg.output(stream, f"file:{target}", format="wav", acodec="pcm_f32le", ar=RATE_HZ))


def cover(source: Source, index: int, target: Path) -> list[str]:
    """A still picture that came along, as a file of its own."""
    return _compile(ffmpeg.output(_video(source)[str(index)], f"file:{target}", format="image2", c="copy", vframes=1))


def _attached(source: Source, covers: Sequence[Path]) -> list[str]:
    """Covers as Matroska keeps them; their place is behind the attachments of the original."""
    options: list[str] = []
    for number, path in enumerate(covers, source.attachments):
        kind = "image/png" if path.suffix == ".png" else "image/jpeg"
        options += ["-attach", f"file:{path}", f"-metadata:s:t:{number}", f"mimetype={kind}"]
        options += [f"-metadata:s:t:{number}", f"filename={path.name}"]
    return options


def mux(
    source: Source,
    plan: MuxPlan,
    audio_kbps: int,
    pictures: PictureEncoder | None = None,
    covers: Sequence[Path] = (),
) -> list[str]:
    """All streams together, copied where the container allows; `pictures` is there where subtitles are burned in.

    `covers` are the still pictures that came along, as files, which Matroska wants.

    `genpts` completes the time stamps AVI does not have. Matroska has no way to hide the first frame of an AAC track,
    which only prepares the decoder: that frame is dropped there, or every stream would be moved back by its length.
    """
    video = _video(source, fflags="+genpts")
    options = _container_options(source, plan)
    streams = [video["V:0"]]
    if plan.burn and pictures:
        streams = [pictures.prepared(video["V:0"].filter("ass", str(plan.burn)))]
        options |= pictures.options
    labels: list[str] = []
    for number, part in enumerate(plan.audio):
        streams.append(video[f"a:{part.number}"] if part.path is None else _own(part.path)["a:0"])
        options |= _audio_options(f"a:{number}", part, audio_kbps)
        labels += _label(f"a:{number}", part.track)
    for number, subtitle in enumerate(plan.subtitles):
        streams.append(_own(subtitle.path, f="srt")["s:0"] if subtitle.path else video[f"s:{subtitle.number}"])
        options |= _subtitle_options(f"s:{number}", subtitle, plan.container)
        labels += _label(f"s:{number}", subtitle.track)
    if plan.container == "mp4":
        for number, index in enumerate(plan.covers, 1):
            streams.append(video[str(index)])
            options |= {f"c:v:{number}": "copy", f"disposition:v:{number}": "attached_pic"}
    elif source.attachments:
        streams.append(video["t"])
    outputs = [ffmpeg.output(*streams, f"file:{plan.target}", **options)]
    outputs += _read_along(video, source, picture=False)
    command = _compile(*outputs, progress=True)
    if pictures:
        command[1:1] = pictures.device
    end = command.index(f"file:{plan.target}")
    return [*command[:end], *labels, *_attached(source, covers), *command[end:]]


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
    options: dict[str, Any] = {"c": "copy", "map_metadata": 0, "fflags": "+bitexact"}
    if plan.container == "mkv":
        return options | {"format": "matroska", "copypriorss:a": 0}
    options |= {"format": "mp4", "movflags": "+faststart"}
    if plan.burn:
        return options
    if source.video_codec == "hevc":
        options["tag:v"] = "hvc1"  # Apple's players know no other
    if source.video_codec == "mpeg4" and source.container.demuxer == "avi":
        options["bsf:v"] = "mpeg4_unpack_bframes"
    return options


def _video(source: Source, **options: Any) -> "ffmpeg.nodes.FilterableStream":
    return ffmpeg.input(f"file:{source.path}", **input_options(source.container), **options)


def _own(path: Path, **options: Any) -> "ffmpeg.nodes.FilterableStream":
    demuxer = options.pop("f", None) or _DEMUXERS[path.suffix]
    return ffmpeg.input(f"file:{path}", f=demuxer, protocol_whitelist="file", **options)


def _compile(*outputs: "ffmpeg.nodes.OutputStream", stdin: bool = False, progress: bool = False) -> list[str]:
    merged = outputs[0] if len(outputs) == 1 else ffmpeg.merge_outputs(*outputs)
    arguments = ["-v", "error", "-nostats", *(() if stdin else ("-nostdin",))]
    arguments += ("-progress", "pipe:1") if progress else ()
    command: list[str] = merged.global_args(*arguments).overwrite_output().compile()
    return command
