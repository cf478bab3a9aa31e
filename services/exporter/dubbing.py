"""The dub track of one language: measured, mixed, adjusted in loudness, encoded and measured again."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.exporter.background import part
from services.exporter.containers import ContainerName
from services.exporter.ducking import DuckCurve, plan_ducks
from services.exporter.engines import Mixer, Report
from services.exporter.engines.base import RATE_HZ
from services.exporter.lines import is_dubbed, source_span
from services.exporter.listening import Listener
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
from services.exporter.mixing import Bed, Mix, Speech, gain_of, level, listen_to_speech, opened
from services.exporter.settings import ExporterSettings
from services.exporter.spans import union
from services.exporter.takes import Take, Voices, survey
from shared.messaging import ExportSettings, JobContext, TimelineLine

_AAC_FRAME = 1024
LEAK_DB = -30.0
"""How far below the voices the original's speech is kept if a separator left some of it in the background."""
# How far the steps reach in the whole time, about.
_SURVEYED, _HEARD, _MIXED, _METERED, _ENCODED = 0.1, 0.15, 0.25, 0.35, 0.85


class DubFigures(BaseModel):
    """What was measured of a dub track; lists have an entry for every dubbed line, in the order of the lines."""

    model_config = ConfigDict(frozen=True)

    loudness: Loudness
    gain_db: float
    voice_gain_db: float
    stem_gain_db: float | None
    bed: str
    take_lengths_s: tuple[float, ...]
    take_lufs: tuple[float | None, ...]
    line_lufs: tuple[float | None, ...]
    nonspeech_residual_db: float | None
    bed_leakage_db: float | None


@dataclass(frozen=True)
class Dub:
    """A finished dub track; `lines` carry the true lengths of their takes."""

    path: Path
    lines: tuple[TimelineLine, ...]
    figures: DubFigures


@dataclass(frozen=True)
class Stem:
    """A part of a mix: the voices of one speaker or all, or what is under them."""

    voices: bool
    speaker_id: str | None = None


@dataclass(frozen=True)
class Prepared:
    """The parts of a mix, examined once: they may be mixed again, wholly or partly."""

    lines: tuple[TimelineLine, ...]
    takes: tuple[Take, ...]
    curve: DuckCurve
    voice_gain_db: float
    stem_gain_db: float | None
    leak_db: float | None


def track_frames(length_s: float, container: ContainerName | None) -> int:
    """Samples of the dub track.

    Matroska cannot cut the last AAC frame at the end of the sound, so the track ends with its last whole frame there.
    """
    frames = round(length_s * RATE_HZ)
    return frames - frames % _AAC_FRAME if container == "mkv" else frames


class Dubbing:
    """Makes the dub of one language; its mix takes 0.4 MB of the work folder per second of stereo."""

    def __init__(
        self,
        bed: Bed,
        mixer: Mixer,
        own: ExporterSettings,
        chosen: ExportSettings,
        context: JobContext,
        report: Report,
    ) -> None:
        self._bed, self._mixer, self._own, self._chosen = bed, mixer, own, chosen
        self._context, self._cancel, self._report = context, context.cancel, report
        self._layout, self._mixed = bed.source.layout, context.workdir / "mix.f32"
        self._listener: Listener | None = None

    def prepare(self, lines: Iterable[TimelineLine]) -> Prepared:
        """Measure the takes of `lines`, at least one of which has a take, and the speech they replace.

        Raises:
            PermanentError: `artifact_missing` for a missing take, `media_unreadable` for the original audio.
        """
        lines = tuple(lines)
        self._say("measuring the voices")
        dubbed = [line for line in lines if is_dubbed(line)]
        takes = survey(dubbed, self._mixer, self._context, part(self._report, 0.0, _SURVEYED))
        lines = with_lengths(lines, [(take.end - take.start) / RATE_HZ for take in takes])
        speech = self._listen(lines)
        ducks = plan_ducks(lines, self._own.duck_attack_s, self._own.duck_release_s)
        takes_lufs = mean_lufs(take.lufs for take in takes)
        loud = None if takes_lufs is None else takes_lufs + DUAL_MONO_LU
        return Prepared(
            lines=lines,
            takes=tuple(takes),
            curve=DuckCurve(ducks, self._chosen.duck_db, RATE_HZ),
            voice_gain_db=voice_gain_db(speech.lufs, loud),
            stem_gain_db=_stem_gain_db(speech.leak_db, self._chosen.duck_db) if self._bed.stem else None,
            leak_db=speech.leak_db,
        )

    def _listen(self, lines: Iterable[TimelineLine]) -> Speech:
        spoken = union(source_span(line) for line in lines if is_dubbed(line))
        report = part(self._report, _SURVEYED, _HEARD)
        return listen_to_speech(self._bed, self._layout, spoken, self._mixer, self._cancel, report)

    def mix(self, parts: Prepared, frames: int) -> None:
        """Mix everything into the work folder, measuring it meanwhile."""
        self._say("mixing")
        listener = Listener(parts.lines, parts.curve.ducks, self._layout, frames / RATE_HZ, RATE_HZ)
        report = part(self._report, _HEARD, _MIXED)
        voices = Voices(parts.takes, parts.voice_gain_db)
        mix = Mix(self._layout, parts.curve, voices, parts.stem_gain_db or 0.0)
        with ExitStack() as stack, self._mixed.open("wb") as sink:
            strips = opened(self._bed, self._layout, self._mixer, self._cancel, stack)
            for done in mix.run(strips, sink, frames, listener):
                self._cancel.check()
                report(done / frames)
        self._listener = listener

    def finish(self, parts: Prepared, target: Path) -> Dub:
        """Bring the mix to the requested level, encoded according to the name of `target`; once more if that misses."""
        target_lufs, peak_dbtp = self._chosen.loudness_lufs, self._chosen.true_peak_dbtp
        self._say("measuring loudness")
        meter = part(self._report, _MIXED, _METERED)
        mix = self._mixer.measure(self._mixed, self._length_s(), self._cancel, meter, self._layout)
        self._say("encoding the dub track")
        levels = first_levels(mix.integrated_lufs, target_lufs, peak_dbtp)
        loudness, residual_db = self._encode(target, levels, part(self._report, _METERED, _ENCODED))
        if not on_target(loudness, target_lufs, peak_dbtp):
            levels = corrected(levels, loudness, target_lufs, peak_dbtp)
            loudness, residual_db = self._encode(target, levels, part(self._report, _ENCODED, 1.0))
        return Dub(target, parts.lines, self._figures(parts, levels, loudness, residual_db))

    def _figures(self, parts: Prepared, levels: Levels, loudness: Loudness, residual_db: float | None) -> DubFigures:
        assert self._listener is not None  # noqa: S101 (`finish` comes after `mix`)
        common_db = parts.voice_gain_db + levels.gain_db + DUAL_MONO_LU
        if self._bed.stem is None:
            leakage_db = self._listener.leakage_db() if self._bed.source.has_audio else None
        else:
            leakage_db = None if parts.leak_db is None else parts.leak_db + (parts.stem_gain_db or 0.0)
        return DubFigures(
            loudness=loudness,
            gain_db=levels.gain_db,
            voice_gain_db=parts.voice_gain_db,
            stem_gain_db=parts.stem_gain_db,
            bed=self._bed.name,
            take_lengths_s=tuple((take.end - take.start) / RATE_HZ for take in parts.takes),
            take_lufs=tuple(
                None if take.lufs is None else take.lufs + take.even_db + common_db for take in parts.takes
            ),
            line_lufs=tuple(None if lufs is None else lufs + levels.gain_db for lufs in self._listener.lines_lufs()),
            nonspeech_residual_db=residual_db,
            bed_leakage_db=leakage_db,
        )

    def _encode(self, target: Path, levels: Levels, report: Report) -> tuple[Loudness, float | None]:
        """Encode the mix at `levels`; measure the result, and the effect of limiting where nobody speaks."""
        assert self._listener is not None  # noqa: S101 (`finish` comes after `mix`)
        length_s, limiting = self._length_s(), self._listener.limiting(gain_of(levels))
        with self._mixer.encode(target, length_s, self._cancel, self._layout) as pipe:
            for done in level(self._mixed, pipe, levels, self._layout, limiting):
                self._cancel.check()
                report(0.8 * done / RATE_HZ / length_s)
        loudness = self._mixer.measure(target, length_s, self._cancel, part(report, 0.8, 1.0))
        return loudness, self._listener.residual_db(limiting)

    def write_stem(self, stem: Stem, parts: Prepared, target: Path, gain_db: float) -> None:
        """Write a single part of the mix, changed only by a constant gain: the parts of one dub add up to it."""
        frames, layout = round(self._bed.source.length_s * RATE_HZ), self._layout
        takes = [take for take in parts.takes if stem.speaker_id in (None, take.speaker_id)] if stem.voices else []
        mix = Mix(layout, parts.curve, Voices(takes, parts.voice_gain_db), parts.stem_gain_db or 0.0)
        with ExitStack() as stack:
            strips = [] if stem.voices else opened(self._bed, layout, self._mixer, self._cancel, stack)
            pipe = stack.enter_context(
                self._mixer.encode(target, self._bed.source.length_s, self._cancel, layout, stem=True)
            )
            for done in mix.run(strips, pipe, frames, None, gain_db):
                self._cancel.check()
                self._report(done / frames)

    def forget(self) -> None:
        """Remove the mix."""
        self._mixed.unlink(missing_ok=True)

    def _length_s(self) -> float:
        return self._mixed.stat().st_size / self._layout.frame_bytes / RATE_HZ

    def _say(self, message: str) -> None:
        self._context.progress(0.0, message)  # progress never decreases: only the words change


def _stem_gain_db(leak_db: float | None, duck_db: float) -> float:
    """The gain of a separated background: lowered only if speech leaks through, at most as far as an original is."""
    return max(duck_db, min(0.0, LEAK_DB - leak_db)) if leak_db is not None else 0.0


def with_lengths(lines: Iterable[TimelineLine], lengths_s: Sequence[float]) -> tuple[TimelineLine, ...]:
    """The lines with their takes' measured lengths, which decide where the original is ducked."""
    lengths = iter(lengths_s)
    return tuple(
        line.model_copy(update={"take_duration_s": next(lengths)}) if is_dubbed(line) else line for line in lines
    )
