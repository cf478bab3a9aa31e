"""The ffmpeg commands of the export, as pure functions."""

from pathlib import Path
from typing import Any

import ffmpeg

from services.exporter.engines.base import RATE_HZ
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
    """Decode the audio tracks that are listened to, mixed together, to stdout as raw audio.

    `first_pts=0` fills a late start with silence, `async=1` gaps. Everything else is read too where time is counted
    from the first packet of the streams in use. A mono track goes to both channels unchanged: ffmpeg's own conversion
    would lower it by 3 dB.
    """
    video = video_input(source)
    heard = [_heard(video, number, source.sounds[number], layout, rate_hz) for number in source.listened]
    sound = heard[0]
    if len(heard) > 1:
        sound = ffmpeg.filter(heard, "amix", inputs=len(heard), duration="longest", normalize=0)
    outputs = [ffmpeg.output(sound, "pipe:1", acodec="pcm_f32le", t=source.length_s, **_raw(layout, rate_hz))]
    return compiled(*outputs, *read_along(video, source, picture=source.has_picture))


def _heard(
    video: "ffmpeg.nodes.FilterableStream", number: int, track: KeptSound, layout: Layout, rate_hz: int
) -> "ffmpeg.nodes.FilterableStream":
    sound = video[f"a:{number}"].filter("aresample", rate_hz, **{"async": 1, "first_pts": 0})
    if track.channels == 1 and layout is STEREO:
        return sound.filter("channelmap", map="0|0", channel_layout="stereo")
    if track.channels != layout.channels or layout is not STEREO:
        return sound.filter("aformat", channel_layouts=layout.name)
    return sound


def read_along(video: "ffmpeg.nodes.FilterableStream", source: Source, *, picture: bool) -> list[Any]:
    """Null outputs that keep time 0 where it is in the whole file, in formats whose timestamps may jump."""
    if source.container.demuxer not in JUMPING:
        return []
    streams = [video["V:0"]] if picture else []
    streams += [video["a"]] if source.has_audio else []
    return [ffmpeg.output(*streams, "-", format="null", c="copy")] if streams else []


def read(sound: Path, layout: Layout) -> list[str]:
    """Decode one of our own audio files to stdout as raw audio."""
    stream = own_input(sound)["a:0"].filter("aresample", RATE_HZ).filter("aformat", channel_layouts=layout.name)
    return compiled(ffmpeg.output(stream, "pipe:1", acodec="pcm_f32le", **_raw(layout)))


def encode(target: Path, audio_kbps: int, layout: Layout, rate_hz: int = RATE_HZ, *, stem: bool = False) -> list[str]:
    """Encode raw audio on stdin in the format given by the name of `target`.

    The edit list of MP4 and the header of LAME tell players which samples are the encoder's own.
    """
    sound, options = ffmpeg.input("pipe:0", **_raw(layout, rate_hz)), _FORMATS[target.suffix]
    if stem and target.suffix == ".wav":
        options = options | {"acodec": "pcm_f32le"}
    if target.suffix in (".m4a", ".mp3"):
        kbps = audio_kbps if layout is STEREO else 2 * audio_kbps
        options = options | {"audio_bitrate": f"{min(320, audio_kbps) if target.suffix == '.mp3' else kbps}k"}
    output = ffmpeg.output(sound, f"file:{target}", map_metadata=-1, fflags="+bitexact", **options)
    return compiled(output, stdin=True)


def measure(sound: Path, raw: Layout | None) -> list[str]:
    """The readings of an EBU R128 meter to stdout; the true peak, which is slow, only for encoded audio."""
    stream = ffmpeg.input(f"file:{sound}", protocol_whitelist="file", **_raw(raw)) if raw else own_input(sound)
    peak = {} if raw else {"peak": "true"}
    stream = stream["a:0"].filter("ebur128", metadata=1, framelog="verbose", **peak)
    printed = stream.filter("ametadata", "print", file="pipe:1")  # all keys: two printers would interleave their lines
    return compiled(ffmpeg.output(printed, "-", format="null"))


def excerpt(file: Path, track: int, start_s: float, length_s: float) -> list[str]:
    """A part of an audio track to stdout, one channel; before its first sample there is silence."""
    stream = own_input(file, ss=f"{start_s:.6f}")[f"a:{track}"]
    stream = stream.filter("aresample", RATE_HZ, **{"async": 1, "first_pts": 0})
    return compiled(ffmpeg.output(stream, "pipe:1", f="f32le", acodec="pcm_f32le", ac=1, t=f"{length_s:.6f}"))


def resample(sound: Path, target: Path) -> list[str]:
    """A FLAC or WAV file at another rate to `RATE_HZ`."""
    stream = ffmpeg.input(f"file:{sound}", protocol_whitelist="file")["a:0"]
    return compiled(ffmpeg.output(stream, f"file:{target}", format="wav", acodec="pcm_f32le", ar=RATE_HZ))


def video_input(source: Source, **options: Any) -> "ffmpeg.nodes.FilterableStream":
    """The original, confined to its own bytes."""
    return ffmpeg.input(f"file:{source.path}", **input_options(source.container), **options)


def own_input(path: Path, **options: Any) -> "ffmpeg.nodes.FilterableStream":
    """One of our own files."""
    demuxer = options.pop("f", None) or _DEMUXERS[path.suffix]
    return ffmpeg.input(f"file:{path}", f=demuxer, protocol_whitelist="file", **options)


def compiled(*outputs: "ffmpeg.nodes.OutputStream", stdin: bool = False, progress: bool = False) -> list[str]:
    """The command that writes `outputs` quietly; with `progress` it reports its progress on stdout."""
    merged = outputs[0] if len(outputs) == 1 else ffmpeg.merge_outputs(*outputs)
    arguments = ["-v", "error", "-nostats", *(() if stdin else ("-nostdin",))]
    arguments += ("-progress", "pipe:1") if progress else ()
    command: list[str] = merged.global_args(*arguments).overwrite_output().compile()
    return command
