"""What is in an uploaded audio file, and the same audio in one plain form."""

import json
import wave
from pathlib import Path

import ffmpeg

from shared.media._sniff import SNIFF_BYTES, Container, sniff_audio
from shared.media._tools import ToolLimits, input_options, run_tool
from shared.pipeline import CancelToken, ErrorCode, PermanentError

_LIMITS = ToolLimits(timeout_s=30.0, memory_bytes=2 * 1024**3)
_UNREADABLE = "no sound file LocalClip reads (WAV, FLAC, MP3, M4A, OGG, Opus, WebM)"


def plain_audio(path: Path, target: Path, sample_rate_hz: int, longest_s: float, cancel: CancelToken) -> float:
    """Write the first audio track of `path` to `target` as mono 16-bit WAV; return its length in seconds.

    Anything after `longest_s` is cut off.

    Raises:
        PermanentError: `media_unsupported` for anything but an audio file, `media_unreadable` for a damaged one.
    """
    with path.open("rb") as file:
        container = sniff_audio(file.read(SNIFF_BYTES))
    if container is None:
        raise PermanentError(ErrorCode.MEDIA_UNSUPPORTED, _UNREADABLE)
    try:
        _require_audio(path, container, cancel)
        run_tool(_command(path, container, target, sample_rate_hz, longest_s), cancel, _LIMITS)
    except PermanentError as error:
        if error.code is not ErrorCode.TOOL_FAILED:
            raise
        raise PermanentError(ErrorCode.MEDIA_UNREADABLE, f"the sound cannot be read: {error.message}") from error
    with wave.open(str(target), "rb") as wav:
        return wav.getnframes() / wav.getframerate()


def _require_audio(path: Path, container: Container, cancel: CancelToken) -> None:
    options = [part for name, value in input_options(container).items() for part in (f"-{name}", value)]
    shown = ["-show_entries", "stream=codec_type", "-select_streams", "a", "-of", "json"]
    found = json.loads(run_tool(["ffprobe", "-v", "error", *options, *shown, f"file:{path}"], cancel, _LIMITS))
    if not found.get("streams"):
        raise PermanentError(ErrorCode.MEDIA_UNSUPPORTED, "the file holds no sound")


def _command(path: Path, container: Container, target: Path, sample_rate_hz: int, longest_s: float) -> list[str]:
    source = ffmpeg.input(f"file:{path}", **input_options(container), t=longest_s)
    options = {"ac": 1, "ar": sample_rate_hz, "acodec": "pcm_s16le", "format": "wav", "map_metadata": -1}
    output = ffmpeg.output(source["a:0"], f"file:{target}", bitexact=None, **options)
    command: list[str] = output.global_args("-nostdin", "-v", "error").overwrite_output().compile()
    return command
