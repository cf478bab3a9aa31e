"""How long the write lock is held for the longest transcript."""

from pathlib import Path
from typing import Any

from benchmarks import lock as locking

LANGUAGES = ("es", "fr", "de", "ko", "ja", "id", "zh")


def lock(path: Path) -> dict[str, Any]:
    """A transcript of 2 000 lines for seven languages; CPU time counts where others were at work."""
    path.mkdir()
    watch = locking.transcript(path, LANGUAGES)
    return {
        "lines": locking.LINES,
        "languages": len(LANGUAGES),
        "transcript_s": round(max(watch.seconds["transcript"]), 3),
        "transcript_cpu_s": round(max(watch.cpu["transcript"]), 3),
    }
