"""Media files as hostile input: what a file is, what it contains, and ffmpeg under limits."""

from shared.media._audio import plain_audio
from shared.media._probe import described, probe, tag, title_of
from shared.media._sniff import SNIFF_BYTES, Container, sniff, sniff_audio
from shared.media._streams import JUMPING, READABLE, READABLE_SUFFIXES, Opened, number_of, open_media
from shared.media._tools import ToolLimits, input_options, piped_tool, run_tool

__all__ = [
    "JUMPING",
    "READABLE",
    "READABLE_SUFFIXES",
    "SNIFF_BYTES",
    "Container",
    "Opened",
    "ToolLimits",
    "described",
    "input_options",
    "number_of",
    "open_media",
    "piped_tool",
    "plain_audio",
    "probe",
    "run_tool",
    "sniff",
    "sniff_audio",
    "tag",
    "title_of",
]
