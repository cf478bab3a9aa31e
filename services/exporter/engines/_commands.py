"""The ffmpeg commands of the export, as pure functions."""

from pathlib import Path
from typing import Any

import ffmpeg

from services.exporter.engines.base import CHANNELS, RATE_HZ, MuxPlan, Track
from services.exporter.source import JUMPING, Source
from shared.media import input_options

INTEGRATED, TRUE_PEAK = "lavfi.r128.I", "lavfi.r128.true_peak"
_RAW: dict[str, Any] = {"f": "f32le", "ar": RATE_HZ, "ac": CHANNELS}


def decode(source: Source) -> list[str]:
    """The first audio track to stdout as raw sound.

    `first_pts=0` fills up a late start with silence, `async=1` gaps. The picture is read along where time is counted
    from the first packet of the streams in use. A mono track is played from both loudspeakers as it is: ffmpeg's own
    conversion would lower it by 3 dB.
    """
    video = _video(source)
    sound = video["a:0"].filter("aresample", RATE_HZ, **{"async": 1, "first_pts": 0})
    if source.audio_channels == 1:
        sound = sound.filter("channelmap", map="0|0", channel_layout="stereo")
    outputs = [ffmpeg.output(sound, "pipe:1", acodec="pcm_f32le", t=source.length_s, **_RAW)]
    if source.container.demuxer in JUMPING:
        outputs.append(ffmpeg.output(video["V:0"], "-", format="null", vcodec="copy"))
    return _compile(*outputs)


def encode(target: Path, audio_kbps: int) -> list[str]:
    """Raw sound on stdin to AAC; the edit list of MP4 tells players which samples are the encoder's own."""
    sound = ffmpeg.input("pipe:0", **_RAW)
    output = ffmpeg.output(sound, f"file:{target}", format="mp4", acodec="aac", audio_bitrate=f"{audio_kbps}k")
    return _compile(output, stdin=True)


def measure(sound: Path, *, raw: bool) -> list[str]:
    """The readings of an EBU R128 meter to stdout; the true peak, which takes long, only of what is encoded."""
    options = _RAW if raw else {"f": "mov"}
    stream = ffmpeg.input(f"file:{sound}", protocol_whitelist="file", **options)["a:0"]
    stream = stream.filter("ebur128", metadata=1, framelog="verbose", **({} if raw else {"peak": "true"}))
    printed = stream.filter(
        "ametadata", "print", file="pipe:1"
    )  # all keys: two printers would cut up each other's lines
    return _compile(ffmpeg.output(printed, "-", format="null"))


def resample(sound: Path, target: Path) -> list[str]:
    """A FLAC or WAV file at another rate to `RATE_HZ`."""
    stream = ffmpeg.input(f"file:{sound}", protocol_whitelist="file")["a:0"]
    return _compile(ffmpeg.output(stream, f"file:{target}", format="wav", acodec="pcm_f32le", ar=RATE_HZ))


def mux(source: Source, plan: MuxPlan, audio_kbps: int) -> list[str]:
    """All streams together, copied where the container allows.

    `genpts` completes the time stamps AVI does not have. Matroska has no way to hide the first frame of an AAC track,
    which only prepares the decoder: that frame is dropped there, or every stream would be moved back by its length.
    """
    video = _video(source, fflags="+genpts")
    streams, options = [video["V:0"]], _container_options(source, plan)
    labels: list[str] = []
    if plan.dub:
        streams.append(_own(plan.dub[0], "mov")["a:0"])
        options["disposition:a:0"] = "default"
        labels += _label("a:0", plan.dub[1])
    for number in _kept(source, plan):
        place = f"a:{len(streams) - 1}"
        streams.append(video[f"a:{number}"])
        if plan.encode_original[number]:
            options |= {f"c:{place}": "aac", f"b:{place}": f"{audio_kbps}k"}
        if plan.dub and plan.original:
            options[f"disposition:{place}"] = "0"
            labels += _label(place, plan.original)
    if plan.subtitles:
        streams.append(_own(plan.subtitles[0], "srt")["s:0"])
        options |= {"c:s": "mov_text" if plan.container == "mp4" else "srt", "disposition:s:0": "0"}
        labels += _label("s:0", plan.subtitles[1])
    outputs = [ffmpeg.output(*streams, f"file:{plan.target}", **options)]
    if plan.dub and not plan.original and source.has_audio and source.container.demuxer in JUMPING:
        outputs.append(ffmpeg.output(video["a:0"], "-", format="null", acodec="copy"))  # see `decode`
    command = _compile(*outputs, progress=True)
    end = command.index(f"file:{plan.target}")
    return [*command[:end], *labels, *command[end:]]


def _kept(source: Source, plan: MuxPlan) -> range:
    """Which original audio tracks go along: all where nothing was dubbed, else the first if it is wanted."""
    tracks = len(source.audio_codecs)
    if plan.dub is None:
        return range(tracks)
    return range(min(1, tracks) if plan.original else 0)


def _label(place: str, track: Track) -> list[str]:
    """Language and title of a track; ffmpeg-python 0.2.0 cannot repeat an option."""
    values = (f"language={track.language}", f"title={track.title}", f"handler_name={track.title}")
    return [part for value in values for part in (f"-metadata:s:{place}", value)]


def _container_options(source: Source, plan: MuxPlan) -> dict[str, Any]:
    options: dict[str, Any] = {"c": "copy", "map_metadata": 0, "fflags": "+bitexact"}
    if plan.container == "mkv":
        return options | {"format": "matroska", "copypriorss:a": 0}
    options |= {"format": "mp4", "movflags": "+faststart"}
    if source.video_codec == "hevc":
        options["tag:v"] = "hvc1"  # Apple's players know no other
    if source.video_codec == "mpeg4" and source.container.demuxer == "avi":
        options["bsf:v"] = "mpeg4_unpack_bframes"
    return options


def _video(source: Source, **options: Any) -> "ffmpeg.nodes.FilterableStream":
    return ffmpeg.input(f"file:{source.path}", **input_options(source.container), **options)


def _own(path: Path, demuxer: str) -> "ffmpeg.nodes.FilterableStream":
    return ffmpeg.input(f"file:{path}", f=demuxer, protocol_whitelist="file")


def _compile(*outputs: "ffmpeg.nodes.OutputStream", stdin: bool = False, progress: bool = False) -> list[str]:
    merged = outputs[0] if len(outputs) == 1 else ffmpeg.merge_outputs(*outputs)
    arguments = ["-v", "error", "-nostats", *(() if stdin else ("-nostdin",))]
    arguments += ("-progress", "pipe:1") if progress else ()
    command: list[str] = merged.global_args(*arguments).overwrite_output().compile()
    return command
