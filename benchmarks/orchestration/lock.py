"""How long the write lock is held for the longest transcript."""

from pathlib import Path
from typing import Any

from benchmarks import lock as locking

LANGUAGES = ("es", "fr", "de", "ko", "ja", "id", "zh")


def lock(path: Path) -> dict[str, Any]:
    """The longest of the transactions that take in a transcript of 2 000 lines and begin its seven languages.

    CPU time counts where others were at work.
    """
    path.mkdir()
    watch = locking.transcript(path, LANGUAGES)
    longest, cpu = (max(max(times) for times in kind.values()) for kind in (watch.seconds, watch.cpu))
    return {
        "lines": locking.LINES,
        "languages": len(LANGUAGES),
        "transcript_s": round(longest, 3),
        "transcript_cpu_s": round(cpu, 3),
    }
