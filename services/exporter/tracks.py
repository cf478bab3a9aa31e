"""The audio tracks of a recipe as files: finished dubs are used unchanged, everything else is mixed from the takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import soundfile

from services.exporter.background import Background, part
from services.exporter.containers import ContainerName
from services.exporter.dubbing import Dub, Dubbing, DubFigures, Prepared, Stem, track_frames
from services.exporter.edit_timeline import TakeClip, frames_of
from services.exporter.engines import Mixer, Report, Separator
from services.exporter.engines.base import RATE_HZ
from services.exporter.finished import find, fingerprint, keep, local_copy
from services.exporter.lines import is_dubbed
from services.exporter.mixing import Bed
from services.exporter.settings import ExporterSettings
from services.exporter.source import Source
from services.exporter.takes import Voices
from services.exporter.texts import Texts
from shared.messaging import AudioTrack, JobContext, RenderRecipe, TimelineLine
from shared.pipeline import ErrorCode, PermanentError

_FLAC_HEADROOM_DB = -6.0
"""FLAC cannot exceed full scale, but single parts of a mix may."""


@dataclass(frozen=True)
class SoundFile:
    """A track of a recipe as a file, and the measurements of the dub it is or belongs to."""

    track: AudioTrack
    path: Path
    figures: DubFigures | None = None
    reused: bool = False


class Tracks:
    """Renders the audio tracks of one recipe."""

    def __init__(
        self,
        mixer: Mixer,
        separator: Separator | None,
        own: ExporterSettings,
        job: RenderRecipe,
        source: Source,
        texts: Texts,
        context: JobContext,
        container: ContainerName,
    ) -> None:
        self._mixer, self._own, self._job = mixer, own, job
        self._source, self._texts, self._context, self._container = source, texts, context, container
        self._background, self._separator = Background(mixer, separator), separator
        self._bed: Bed | None = None

    def render(self, tracks: Iterable[AudioTrack], suffix: str, report: Report) -> list[SoundFile]:
        """Files for `tracks`, encoded according to `suffix`; for `.m4a` an `original` has no file, since it is
        copied."""
        tracks = list(tracks)
        files: list[SoundFile] = []
        for number, track in enumerate(tracks):
            share = part(report, number / len(tracks), (number + 1) / len(tracks))
            files += self._render(track, suffix, share)
        return files

    def _render(self, track: AudioTrack, suffix: str, report: Report) -> list[SoundFile]:
        folder, language = self._context.workdir, track.language or ""
        if track.kind == "original":
            return [SoundFile(track, self._whole(Bed(self._source), folder / f"original{suffix}", report))]
        if track.kind == "bed" and not language:
            return [SoundFile(track, self._whole(self._separated(report), folder / f"bed{suffix}", report))]
        if track.kind == "dub":
            return [self._dub(track, language, suffix, report)]
        return self._stems(track, language, suffix, report)

    def _dub(self, track: AudioTrack, language: str, suffix: str, report: Report) -> SoundFile:
        """The dub of a language; as .m4a it is the one that the language's own export stored, if that is still
        current."""
        target = self._context.workdir / f"{language}{suffix}"
        if suffix == ".m4a":
            dub, reused = self._finished(language, report)
            return SoundFile(track, local_copy(dub, target.name, target.parent), dub.figures, reused)
        dubbing, _ = self._dubbing(language, report)
        parts = dubbing.prepare(self._lines(language))
        dubbing.mix(parts, track_frames(self._source.length_s, None))
        dub = dubbing.finish(parts, target)
        dubbing.forget()
        self._texts.measured(language, dub.lines)
        return SoundFile(track, target, dub.figures)

    def _finished(self, language: str, report: Report) -> tuple[Dub, bool]:
        lines = self._lines(language)
        dubbing, bed = self._dubbing(language, report)
        content = fingerprint(
            self._job.video_key, self._source, bed, lines, self._own, self._job.settings, self._container
        )
        dub = find(self._job, language, content, lines, self._context)
        reused = dub is not None
        if dub is None:
            parts = dubbing.prepare(lines)
            dubbing.mix(parts, track_frames(self._source.length_s, self._container))
            dub = dubbing.finish(parts, self._context.workdir / f"dub_{language}.m4a")
            dubbing.forget()
            keep(self._job, language, content, dub, self._context)
        self._texts.measured(language, dub.lines)
        return dub, reused

    def _stems(self, track: AudioTrack, language: str, suffix: str, report: Report) -> list[SoundFile]:
        """Parts of the dub of a language, at their levels in it."""
        dub, dubbing, parts = self._again(language, report)
        gain_db = dub.figures.gain_db + (_FLAC_HEADROOM_DB if suffix == ".flac" else 0.0)
        speakers: list[str | None] = [None]
        if track.per_speaker:
            speakers = list(dict.fromkeys(take.speaker_id for take in sorted(parts.takes)))
        files = []
        for speaker in speakers:
            name = ".".join(filter(None, (track.kind, language, speaker)))
            target = self._context.workdir / f"{name}{suffix}"
            dubbing.write_stem(Stem(track.kind == "voices", speaker), parts, target, gain_db)
            files.append(SoundFile(track, target, dub.figures))
        return files

    def takes(self, language: str, rate: Fraction, folder: Path, report: Report) -> list[TakeClip]:
        """The takes of a language as WAV files from frame to frame, at their levels in the dub."""
        dub, _, parts = self._again(language, report)
        folder.mkdir(parents=True, exist_ok=True)
        dubbed = [line for line in parts.lines if is_dubbed(line)]
        clips = []
        for line, take in zip(dubbed, parts.takes, strict=True):
            self._context.cancel.check()
            frames = frames_of(take.start, take.end, rate)
            heard = Voices([take], parts.voice_gain_db + dub.figures.gain_db).render(*frames.samples(rate))
            name = f"{line.segment_id}.{language}.wav"
            soundfile.write(folder / name, heard, RATE_HZ, subtype="FLOAT")
            clips.append(TakeClip(line, name, frames))
        return clips

    def _again(self, language: str, report: Report) -> tuple[Dub, Dubbing, Prepared]:
        """The dub of a language, and the parts of its mix."""
        dub, _ = self._finished(language, part(report, 0.0, 0.5))
        dubbing, _ = self._dubbing(language, part(report, 0.5, 1.0))
        return dub, dubbing, dubbing.prepare(self._lines(language))

    def _whole(self, bed: Bed, target: Path, report: Report) -> Path:
        """The whole original, or its background, unchanged."""
        if not self._source.has_audio:
            raise PermanentError(ErrorCode.EXPORT_INVALID, "the video has no audio of its own")
        layout, length_s, cancel = self._source.layout, self._source.length_s, self._context.cancel
        sound = (
            self._mixer.read(bed.stem, cancel, layout, length_s)
            if bed.stem
            else self._mixer.decode(self._source, cancel, layout)
        )
        done, total = 0, max(1.0, length_s * 48_000 * layout.frame_bytes)
        with sound as pipe, self._mixer.encode(target, length_s, cancel, layout, stem=True) as sink:
            while data := pipe.read(1 << 20):
                cancel.check()
                sink.write(data)
                done += len(data)
                report(min(1.0, done / total))
        return target

    def _separated(self, report: Report) -> Bed:
        bed = self._common_bed(part(report, 0.0, 0.9))
        if bed.stem is None:
            reason = "surround sound is not separated" if self._separator else "no separator is configured"
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the original cannot be had without its voices: {reason}; name a language to get its ducked bed, "
                "or set LOCALCLIP_SEPARATOR=demucs",
            )
        return bed

    def _dubbing(self, language: str, report: Report) -> tuple[Dubbing, Bed]:
        bed = self._common_bed(report)
        return Dubbing(bed, self._mixer, self._own, self._job.settings, self._context, report), bed

    def _common_bed(self, report: Report) -> Bed:
        if self._bed is None:
            self._bed = self._background.bed(self._job, self._job.video_key, self._source, self._context, report)
        return self._bed

    def _lines(self, language: str) -> tuple[TimelineLine, ...]:
        lines = self._texts.timeline(language).lines
        if not any(is_dubbed(line) for line in lines):
            raise PermanentError(ErrorCode.EXPORT_INVALID, f"nothing was dubbed to '{language}' yet")
        return lines
