"""The dub track of one language: measured, mixed, brought to its loudness, encoded and measured again."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from services.exporter.containers import ContainerName
from services.exporter.ducking import DuckCurve, plan_ducks
from services.exporter.engines import Mixer, Report
from services.exporter.engines.base import FRAME_BYTES, RATE_HZ
from services.exporter.lines import is_dubbed, source_span
from services.exporter.loudness import (
    DUAL_MONO_LU,
    Levels,
    Loudness,
    corrected,
    first_levels,
    mean_lufs,
    on_target,
    voice_gain_db,
)
from services.exporter.mixing import level, mix, speech_loudness
from services.exporter.settings import ExporterSettings
from services.exporter.source import Source
from services.exporter.spans import union
from services.exporter.takes import Take, Voices, survey
from shared.messaging import ExportSettings, JobContext, TimelineLine

_AAC_FRAME = 1024
# How far the steps reach in the whole time, about.
_SURVEYED, _HEARD, _MIXED, _METERED, _ENCODED = 0.1, 0.15, 0.25, 0.35, 0.85


@dataclass(frozen=True)
class Dub:
    """An encoded dub track and what was measured on the way; `lines` carry the true lengths of their takes."""

    path: Path
    lines: tuple[TimelineLine, ...]
    loudness: Loudness
    take_lufs: tuple[float | None, ...]
    voice_gain_db: float


def track_frames(length_s: float, container: ContainerName) -> int:
    """Samples of the dub track.

    Matroska cannot cut the last AAC frame where the sound ends, so the track ends with the last whole frame there.
    """
    frames = round(length_s * RATE_HZ)
    return frames - frames % _AAC_FRAME if container == "mkv" else frames


class Dubbing:
    """Makes the dub track of one job; its mix takes 0.4 MB of the work folder per second of video."""

    def __init__(
        self,
        source: Source,
        mixer: Mixer,
        own: ExporterSettings,
        chosen: ExportSettings,
        context: JobContext,
        report: Report,
    ) -> None:
        self._source, self._mixer, self._own, self._chosen = source, mixer, own, chosen
        self._context, self._cancel, self._report = context, context.cancel, report
        self._mixed, self._track = context.workdir / "mix.f32", context.workdir / "dub.m4a"

    def make(self, lines: Iterable[TimelineLine], container: ContainerName) -> Dub:
        """Dub `lines`, of which at least one has a take.

        Raises:
            PermanentError: `artifact_missing` for a take that is gone, `media_unreadable` for the original audio.
        """
        lines = tuple(lines)
        self._say("measuring the voices")
        dubbed = [line for line in lines if is_dubbed(line)]
        takes = survey(dubbed, self._mixer, self._context, self._share(0.0, _SURVEYED))
        lines = _with_lengths(lines, takes)
        gain_db = self._voice_gain_db(lines, takes)
        self._say("mixing")
        self._mix(lines, Voices(takes, gain_db), track_frames(self._source.length_s, container))
        loudness = self._bring_to_level()
        self._mixed.unlink()
        return Dub(self._track, lines, loudness, tuple(take.lufs for take in takes), gain_db)

    def _voice_gain_db(self, lines: Iterable[TimelineLine], takes: Iterable[Take]) -> float:
        """How much the voices are raised to be as loud as the speech they replace."""
        takes_lufs = mean_lufs(take.lufs for take in takes)
        if not self._source.has_audio or takes_lufs is None:
            return 0.0
        spoken = union(source_span(line) for line in lines if is_dubbed(line))
        report = self._share(_SURVEYED, _HEARD)
        speech_lufs = speech_loudness(self._source, spoken, self._mixer, self._cancel, report)
        return voice_gain_db(speech_lufs, takes_lufs + DUAL_MONO_LU)

    def _mix(self, lines: Iterable[TimelineLine], voices: Voices, frames: int) -> None:
        ducks = plan_ducks(lines, self._own.duck_attack_s, self._own.duck_release_s)
        curve = DuckCurve(ducks, self._chosen.duck_db, RATE_HZ)
        report = self._share(_HEARD, _MIXED)
        original = self._mixer.decode(self._source, self._cancel) if self._source.has_audio else nullcontext()
        with original as bed, self._mixed.open("wb") as sink:
            for done in mix(bed, sink, frames, curve, voices):
                self._cancel.check()
                report(done / frames)

    def _bring_to_level(self) -> Loudness:
        """Measure the mix, encode it at the level asked for, and once more if that misses."""
        target_lufs, peak_dbtp = self._chosen.loudness_lufs, self._chosen.true_peak_dbtp
        self._say("measuring loudness")
        meter = self._share(_MIXED, _METERED)
        mix = self._mixer.measure(self._mixed, self._length_s(), self._cancel, meter, raw=True)
        self._say("encoding the dub track")
        levels = first_levels(mix.integrated_lufs, target_lufs, peak_dbtp)
        loudness = self._encode(levels, self._share(_METERED, _ENCODED))
        if not on_target(loudness, target_lufs, peak_dbtp):
            again = corrected(levels, loudness, target_lufs, peak_dbtp)
            loudness = self._encode(again, self._share(_ENCODED, 1.0))
        return loudness

    def _encode(self, levels: Levels, report: Report) -> Loudness:
        """Encode the mix at `levels` and measure what came of it."""
        length_s = self._length_s()
        with self._mixer.encode(self._track, length_s, self._cancel) as pipe:
            for done in level(self._mixed, pipe, levels):
                self._cancel.check()
                report(0.8 * done / RATE_HZ / length_s)
        meter = _share(report, 0.8, 1.0)
        return self._mixer.measure(self._track, length_s, self._cancel, meter, raw=False)

    def _length_s(self) -> float:
        return self._mixed.stat().st_size / FRAME_BYTES / RATE_HZ

    def _say(self, message: str) -> None:
        self._context.progress(0.0, message)  # progress never goes back: only the words change

    def _share(self, start: float, end: float) -> Report:
        return _share(self._report, start, end)


def _with_lengths(lines: Iterable[TimelineLine], takes: Iterable[Take]) -> tuple[TimelineLine, ...]:
    """The lines with their takes' measured lengths, which decide where the original is ducked."""
    lengths_s = ((take.end - take.start) / RATE_HZ for take in takes)
    return tuple(
        line.model_copy(update={"take_duration_s": next(lengths_s)}) if is_dubbed(line) else line for line in lines
    )


def _share(report: Report, start: float, end: float) -> Callable[[float], None]:
    return lambda fraction: report(start + (end - start) * fraction)
