"""Media files as hostile input: what a file is, what is in it, and ffmpeg under limits."""

from shared.media._audio import plain_audio, sniff_audio
from shared.media._probe import probe
from shared.media._sniff import SNIFF_BYTES, Container, sniff
from shared.media._tools import ToolLimits, input_options, piped_tool, run_tool

__all__ = [
    "SNIFF_BYTES",
    "Container",
    "ToolLimits",
    "input_options",
    "piped_tool",
    "plain_audio",
    "probe",
    "run_tool",
    "sniff",
    "sniff_audio",
]
