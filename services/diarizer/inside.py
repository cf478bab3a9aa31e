"""Subtitles inside a file: which of them can be the source text, and their cues."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from services.diarizer.ffmpeg import Video
from shared.media import ToolLimits, input_options, run_tool
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, ErrorCode, PermanentError, language, language_of_tag
from shared.transcript import Reading, TextTrackFacts, read_subtitles

_LIMITS = ToolLimits(timeout_s=1800.0, memory_bytes=2 * 1024**3)
_STYLED = frozenset({"ass", "ssa"})


@dataclass(frozen=True)
class Inside:
    """The track that is used, if any, and a note for a person."""

    track: TextTrackFacts | None = None
    note: str | None = None


def choose_text(
    tracks: Sequence[TextTrackFacts], spoken: str | None, wanted: int | None, recognizer: EngineInfo
) -> Inside:
    """The track that is the source text: the `wanted` one, or one in the spoken language if no recognizer here
    understands that. Otherwise usable ones are named.

    Raises:
        PermanentError: `subtitles_unreadable` for a wanted track that does not exist or consists of pictures.
    """
    if wanted is not None:
        return Inside(_wanted(tracks, wanted))
    usable = [track for track in tracks if track.readable and not track.forced]
    unknown = spoken is not None and bool(recognizer.languages) and spoken not in recognizer.languages
    if unknown:
        same = [track for track in usable if language_of_tag(track.language) == spoken]
        untold = [track for track in usable if track.language is None]
        if found := next(iter(same or untold), None):
            what = f"{recognizer.name} does not understand {language(spoken or '').name}"
            return Inside(found, f"The text is that of {named(found)} inside the file, as {what}.")
    if not usable:
        return Inside()
    names = " and ".join(named(track) for track in usable)
    return Inside(note=f"The file has {names} inside: set text_track to use them in place of recognized speech.")


def _wanted(tracks: Sequence[TextTrackFacts], wanted: int) -> TextTrackFacts:
    found = next((track for track in tracks if track.number == wanted), None)
    if found is None:
        there = f"only {len(tracks)}" if tracks else "none"
        message = f"text_track asks for subtitles {wanted} inside the file, but it has {there}; change or leave it out"
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, message)
    if not found.readable:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE,
            f"{named(found)} inside the file are pictures ({found.codec}), which cannot be read; bring them as text",
        )
    return found


def named(track: TextTrackFacts) -> str:
    """A track as a note calls it."""
    code = language_of_tag(track.language)
    spoken = language(code).name if code else track.language
    kind = "closed captions" if track.captions else "subtitles"
    name = f"{spoken} {kind}" if spoken else kind
    inside = f"track {track.number}" + (f", {track.title}" if track.title else "")
    return f"{name} ({inside})"


def text_command(video: Video, track: TextTrackFacts) -> list[str]:
    """The ffmpeg command that prints a subtitle track as a file: styled ones unchanged, others as SRT."""
    source = ffmpeg.input(f"file:{video.path}", **input_options(video.container))
    format_ = "ass" if track.codec in _STYLED else "srt"
    output = ffmpeg.output(source[f"s:{track.number - 1}"], "pipe:1", format=format_, **{"c:s": format_})
    command: list[str] = output.global_args("-nostdin", "-v", "error").compile()
    return command


def captions_command(video: Video, link: Path) -> list[str]:
    """The same for closed captions, which only a filter extracts; `link` is a path without special characters."""
    opened = f"movie={link}:format_name={video.container.demuxer}:format_opts=protocol_whitelist=file[out+subcc]"
    source = ffmpeg.input(opened, f="lavfi")
    output = ffmpeg.output(source["s:0"], "pipe:1", format="srt", **{"c:s": "srt"})
    command: list[str] = output.global_args("-nostdin", "-v", "error").compile()
    return command


def read_inside(video: Video, track: TextTrackFacts, spoken: str | None, cancel: CancelToken) -> Reading:
    """The contents of a track. Raises: PermanentError, `subtitles_unreadable` if there are none."""
    try:
        if track.captions:
            with tempfile.TemporaryDirectory(prefix="localclip") as folder:
                link = Path(folder) / "picture"
                link.symlink_to(video.path.resolve())
                data = run_tool(captions_command(video, link), cancel, _LIMITS)
        else:
            data = run_tool(text_command(video, track), cancel, _LIMITS)
        return read_subtitles(data, spoken)
    except PermanentError as error:
        if error.code not in (ErrorCode.TOOL_FAILED, ErrorCode.SUBTITLES_UNREADABLE):
            raise
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE, f"{named(track)} inside the file cannot be read: {error.message}"
        ) from error
