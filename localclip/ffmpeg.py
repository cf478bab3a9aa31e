"""What the installed ffmpeg can do, and what it measures in a file."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from shared.media import ToolLimits, run_tool
from shared.pipeline import CancelToken

LIMITS = ToolLimits(timeout_s=3600.0)


@cache
def available(kind: str) -> frozenset[str]:
    """Names of the `filters` or `encoders` of the installed ffmpeg; empty without one."""
    if shutil.which("ffmpeg") is None:
        return frozenset()
    listing = run_tool(["ffmpeg", "-hide_banner", f"-{kind}"], CancelToken()).decode("utf-8", "replace")
    columns = (line.split() for line in listing.splitlines())
    return frozenset(words[1] for words in columns if len(words) > 2)


def run_ffmpeg(*arguments: str) -> bytes:
    """Run ffmpeg quietly and return its stdout. Raises: PermanentError, when it fails."""
    return run_tool(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], CancelToken(), LIMITS)


def streams(path: Path) -> list[dict[str, Any]]:
    """The streams of a file as ffprobe reports them."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", f"file:{path}"]
    found: list[dict[str, Any]] = json.loads(run_tool(command, CancelToken(), LIMITS)).get("streams", [])
    return found


def decodes(path: Path) -> None:
    """Decode every stream to its end. Raises: PermanentError, at the first error."""
    run_ffmpeg("-xerror", "-i", f"file:{path}", "-map", "0:v", "-map", "0:a?", "-f", "null", "-")


def integrated_lufs(path: Path, stream: str = "0:a:0") -> float | None:
    """Integrated loudness of an audio stream by EBU R128; None when it is silent throughout."""
    graph = f"[{stream}]ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-[out]"
    last = ""

    def keep(line: str) -> None:
        nonlocal last
        if line.startswith("lavfi.r128.I="):
            last = line

    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", f"file:{path}", "-filter_complex", graph, "-map", "[out]"]
    run_tool([*command, "-f", "null", "-"], CancelToken(), LIMITS, on_line=keep)
    value = float(last.partition("=")[2]) if last else -70.0
    return value if value > -70.0 else None


def samples(path: Path, stream: int, rate_hz: int = 4000) -> bytes:
    """One audio stream as mono 16-bit samples."""
    options = ("-map", f"0:a:{stream}", "-ac", "1", "-ar", str(rate_hz), "-f", "s16le", "-")
    return run_ffmpeg("-i", f"file:{path}", *options)
