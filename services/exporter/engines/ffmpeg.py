"""ffmpeg as the engine of the export."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from services.exporter.engines import _commands as commands
from services.exporter.engines import _muxing as muxing
from services.exporter.engines._pictures import SOFTWARE, encoders, hdr_encoder
from services.exporter.engines.base import RATE_HZ, MuxPlan, Report
from services.exporter.layouts import Layout
from services.exporter.loudness import SILENCE_LUFS, Loudness, Samples
from services.exporter.source import Source
from shared.media import ToolLimits, piped_tool, run_tool
from shared.messaging import EngineInfo
from shared.observability import logger
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage, TransientError

_MEMORY_BYTES = 2 * 1024**3
_COVERS = {"png": ".png", "mjpeg": ".jpg"}
log = logger(__name__)


class FfmpegMixer:
    """Runs the ffmpeg found on PATH, under limits of time and memory."""

    def __init__(self, audio_kbps: int, picture_encoder: str = "auto") -> None:
        self._audio_kbps, self._picture_encoder = audio_kbps, picture_encoder
        self._info = _describe(run_tool(["ffmpeg", "-version"], CancelToken(), ToolLimits(timeout_s=20)).decode())

    @property
    def info(self) -> EngineInfo:
        """What `ffmpeg -version` says."""
        return self._info

    @contextmanager
    def decode(
        self, source: Source, cancel: CancelToken, layout: Layout | None = None, rate_hz: int = RATE_HZ
    ) -> Iterator[IO[bytes]]:
        """See `Mixer.decode`."""
        command = commands.decode(source, layout or source.layout, rate_hz)
        try:
            with piped_tool(command, cancel, _limits(source.length_s), stdout=True) as pipe:
                yield pipe
        except PermanentError as error:
            if error.code is not ErrorCode.TOOL_FAILED:
                raise
            raise PermanentError(
                ErrorCode.MEDIA_UNREADABLE, f"the original audio cannot be decoded: {error.message}"
            ) from error

    def read(
        self, sound: Path, cancel: CancelToken, layout: Layout, length_s: float
    ) -> AbstractContextManager[IO[bytes]]:
        """See `Mixer.read`."""
        return piped_tool(commands.read(sound, layout), cancel, _limits(length_s), stdout=True)

    def encode(
        self,
        target: Path,
        length_s: float,
        cancel: CancelToken,
        layout: Layout,
        rate_hz: int = RATE_HZ,
        stem: bool = False,
    ) -> AbstractContextManager[IO[bytes]]:
        """See `Mixer.encode`."""
        command = commands.encode(target, self._audio_kbps, layout, rate_hz, stem=stem)
        return piped_tool(command, cancel, _limits(length_s), stdin=True)

    def measure(
        self, sound: Path, length_s: float, cancel: CancelToken, report: Report, raw: Layout | None = None
    ) -> Loudness:
        """See `Mixer.measure`: the readings of the ebur128 filter, which come ten times a second."""
        readings: dict[str, float] = {}

        def on_line(line: str) -> None:
            name, _, value = line.partition("=")
            if name in (commands.INTEGRATED, commands.TRUE_PEAK):
                readings[name] = float(value)
            elif found := re.search(r"pts_time:([\d.]+)", line):
                report(min(1.0, float(found[1]) / length_s))

        run_tool(commands.measure(sound, raw), cancel, _limits(length_s), on_line=on_line)
        lufs = readings.get(commands.INTEGRATED, -math.inf)
        peak = readings.get(commands.TRUE_PEAK, 0.0)
        return Loudness(
            integrated_lufs=lufs if lufs > SILENCE_LUFS else None,
            true_peak_dbtp=20 * math.log10(peak) if peak > 0 else None,
        )

    def excerpt(self, file: Path, track: int, start_s: float, length_s: float, cancel: CancelToken) -> Samples:
        """See `Mixer.excerpt`."""
        data = run_tool(commands.excerpt(file, track, start_s, length_s), cancel, _limits(length_s))
        return np.frombuffer(data, "<f4")

    def resample(self, sound: Path, target: Path, cancel: CancelToken) -> None:
        """See `Mixer.resample`."""
        run_tool(commands.resample(sound, target), cancel, _limits(0))

    def mux(self, source: Source, plan: MuxPlan, cancel: CancelToken, report: Report) -> None:
        """See `Mixer.mux`; if a hardware encoder fails on the real picture, software takes over."""
        on_line = _progress(source.length_s, report)
        covers = self._covers(source, plan, cancel) if plan.covers and (plan.container == "mkv" or plan.still) else []
        if not plan.draws and not plan.still:
            command = muxing.mux(source, plan, self._audio_kbps, covers=covers)
            run_tool(command, cancel, _limits(source.length_s), on_line=on_line)
            return
        hdr = hdr_encoder(source, cancel) if source.hdr else None
        for encoder in [hdr] if hdr else encoders(self._picture_encoder):
            command = muxing.mux(source, plan, self._audio_kbps, encoder, covers)
            try:
                run_tool(command, cancel, _slow_limits(source.length_s), on_line=on_line)
            except (PermanentError, TransientError) as error:
                if encoder in (SOFTWARE, hdr) or error.code is not ErrorCode.TOOL_FAILED:
                    raise
                log.warning("hardware_encoder_failed", encoder=encoder.name, error=error.message)
            else:
                return

    def _covers(self, source: Source, plan: MuxPlan, cancel: CancelToken) -> list[Path]:
        """The attached still pictures, as files beside the target."""
        found = []
        for number, (index, codec) in enumerate(zip(source.covers, source.cover_codecs, strict=True)):
            if index in plan.covers:
                found.append(plan.target.parent / f"cover{number or ''}{_COVERS[codec]}")
                run_tool(muxing.cover(source, index, found[-1]), cancel, _limits(0))
        return found


def _progress(length_s: float, report: Report) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.lstrip("-").isdigit():
            report(max(0.0, min(1.0, int(value) / 1e6 / length_s)))

    return on_line


def _limits(length_s: float) -> ToolLimits:
    return ToolLimits(timeout_s=300 + 2 * length_s, memory_bytes=_MEMORY_BYTES)


def _slow_limits(length_s: float) -> ToolLimits:
    """Limits for encoding the whole picture: a large one on a small machine takes many times its length."""
    return ToolLimits(timeout_s=600 + 30 * length_s, memory_bytes=2 * _MEMORY_BYTES)


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
