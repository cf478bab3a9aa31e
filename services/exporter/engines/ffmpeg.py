"""ffmpeg as the engine of the export."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from services.exporter.engines import _commands as commands
from services.exporter.engines.base import MuxPlan, Report
from services.exporter.loudness import SILENCE_LUFS, Loudness
from services.exporter.source import Source
from shared.media import ToolLimits, piped_tool, run_tool
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage

_MEMORY_BYTES = 2 * 1024**3


class FfmpegMixer:
    """Runs the ffmpeg found on PATH, under limits of time and memory."""

    def __init__(self, audio_kbps: int) -> None:
        self._audio_kbps = audio_kbps
        self._info = _describe(run_tool(["ffmpeg", "-version"], CancelToken(), ToolLimits(timeout_s=20)).decode())

    @property
    def info(self) -> EngineInfo:
        """What `ffmpeg -version` says."""
        return self._info

    @contextmanager
    def decode(self, source: Source, cancel: CancelToken) -> Iterator[IO[bytes]]:
        """See `Mixer.decode`."""
        try:
            with piped_tool(commands.decode(source), cancel, _limits(source.length_s), stdout=True) as pipe:
                yield pipe
        except PermanentError as error:
            if error.code is not ErrorCode.TOOL_FAILED:
                raise
            raise PermanentError(
                ErrorCode.MEDIA_UNREADABLE, f"the original audio cannot be decoded: {error.message}"
            ) from error

    def encode(self, target: Path, length_s: float, cancel: CancelToken) -> AbstractContextManager[IO[bytes]]:
        """See `Mixer.encode`."""
        return piped_tool(commands.encode(target, self._audio_kbps), cancel, _limits(length_s), stdin=True)

    def measure(self, sound: Path, length_s: float, cancel: CancelToken, report: Report, *, raw: bool) -> Loudness:
        """See `Mixer.measure`: the readings of the ebur128 filter, which come ten times a second."""
        readings: dict[str, float] = {}

        def on_line(line: str) -> None:
            name, _, value = line.partition("=")
            if name in (commands.INTEGRATED, commands.TRUE_PEAK):
                readings[name] = float(value)
            elif found := re.search(r"pts_time:([\d.]+)", line):
                report(min(1.0, float(found[1]) / length_s))

        run_tool(commands.measure(sound, raw=raw), cancel, _limits(length_s), on_line=on_line)
        lufs = readings.get(commands.INTEGRATED, -math.inf)
        peak = readings.get(commands.TRUE_PEAK, 0.0)
        return Loudness(
            integrated_lufs=lufs if lufs > SILENCE_LUFS else None,
            true_peak_dbtp=20 * math.log10(peak) if peak > 0 else None,
        )

    def resample(self, sound: Path, target: Path, cancel: CancelToken) -> None:
        """See `Mixer.resample`."""
        run_tool(commands.resample(sound, target), cancel, _limits(0))

    def mux(self, source: Source, plan: MuxPlan, cancel: CancelToken, report: Report) -> None:
        """See `Mixer.mux`."""
        command = commands.mux(source, plan, self._audio_kbps)
        run_tool(command, cancel, _limits(source.length_s), on_line=_progress(source.length_s, report))


def _progress(length_s: float, report: Report) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.lstrip("-").isdigit():
            report(max(0.0, min(1.0, int(value) / 1e6 / length_s)))

    return on_line


def _limits(length_s: float) -> ToolLimits:
    return ToolLimits(timeout_s=300 + 2 * length_s, memory_bytes=_MEMORY_BYTES)


def _describe(banner: str) -> EngineInfo:
    """Version and licence from the banner; ffmpeg's licence depends on how it was built (its LICENSE.md)."""
    version = re.match(r"ffmpeg version (\S+)", banner)
    nonfree = "--enable-nonfree" in banner
    family, number = ("GPL", "2.0") if "--enable-gpl" in banner else ("LGPL", "2.1")
    number = "3.0" if "--enable-version3" in banner else number
    return EngineInfo(
        stage=Stage.EXPORT,
        port="mixer",
        name="ffmpeg",
        version=version[1] if version else "unknown",
        licence="nonfree build, not redistributable" if nonfree else f"{family}-{number}-or-later",
        commercial_use=True,
    )
