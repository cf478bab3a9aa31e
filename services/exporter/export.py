"""One export: voices over the original, levels, subtitles, file, checks, report."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from services.exporter.background import Background, part
from services.exporter.containers import MEDIA_TYPES, ContainerName, choose_container, keeps_text, must_encode
from services.exporter.drift import drift_s
from services.exporter.dubbing import Dub, Dubbing, track_frames
from services.exporter.engines import Mixer, MuxPlan, Separator
from services.exporter.engines.base import AudioPart, SubtitlePart, Track
from services.exporter.finished import fingerprint, keep
from services.exporter.lines import is_dubbed
from services.exporter.picture import Drawn, Setting, draw, wanted
from services.exporter.products import store_product
from services.exporter.report import Measured, build_report
from services.exporter.settings import ExporterSettings
from services.exporter.source import Source, inspect
from services.exporter.spans import Span
from services.exporter.subtitles import Second, flattened, layout, shown
from services.exporter.timed_text import write_ttml
from shared.messaging import ExportedFile, ExportLanguage, JobContext, Timeline
from shared.pipeline import BASE, ErrorCode, PermanentError, language
from shared.storage import ObjectNotFound, read_bytes
from shared.transcript import Cue, Transcript, write_srt, write_vtt

_DUB_SHARE, _MUX_SHARE, _STORE_SHARE = 0.8, 0.95, 0.97
_SEPARATE_SHARE = 0.6  # of the dub, if a separator works
_CLOCK_S = 0.002
"""Matroska counts milliseconds; start and end may each be rounded."""


@dataclass(frozen=True)
class Outcome:
    """The stored files and the report."""

    files: tuple[ExportedFile, ...]
    report: dict[str, object]


class Export:
    """Exports languages, one after the other."""

    def __init__(self, mixer: Mixer, settings: ExporterSettings, separator: Separator | None = None) -> None:
        self._mixer, self._settings, self._separator = mixer, settings, separator

    def run(self, job: ExportLanguage, context: JobContext) -> Outcome:
        """Make, check and store everything that `job` requests; safe to repeat.

        Raises:
            PermanentError: `artifact_missing`, `media_*` for what it was given, `export_invalid` for what it made.
        """
        context.progress(0.0, "reading the timeline")
        timeline, source = _inputs(job, context)
        dubbed = any(is_dubbed(line) for line in timeline.lines)
        heard = transcript_of(job.transcript_key, context)
        settings = job.settings
        asked = wanted(heard.picture if heard else None, settings.picture, settings.cover, job.picture_edits)
        asked = asked if source.has_picture else None
        container = choose_container(source, settings.container, dubbed=dubbed, burned=asked is not None)
        dub = self._dub(job, timeline, source, container, context) if dubbed else None
        if dub:
            timeline = timeline.model_copy(update={"lines": dub.lines})
        cues = layout(shown(timeline.lines, sdh=job.settings.sdh), language(timeline.language), source.length_s)
        drawn = draw(asked, _setting(job, timeline), source, context.workdir, context.cancel) if asked else Drawn()
        video = self._mux(job, context, timeline, source, container, dub, cues, drawn)
        measured = self._check(
            job,
            context,
            source,
            video,
            container,
            dub,
            cues,
            keeps_original=source.has_audio and job.settings.keep_original,
            encoded=drawn.changes,
            speech=speech_heard(heard),
        )
        separated = dub is not None and dub.figures.stem_gain_db is not None
        used = [engine.info.used() for engine in (self._mixer, self._separator if separated else None) if engine]
        report = build_report(timeline, job.settings, measured, used) | {"words_in_picture": drawn.report}
        return Outcome(self._store(job, context, source, video, container, cues, report), report)

    def _dub(
        self, job: ExportLanguage, timeline: Timeline, source: Source, container: ContainerName, context: JobContext
    ) -> Dub:
        """The dub track, which is stored: an export by recipe uses it unchanged."""
        report = part(context.progress, 0.0, _DUB_SHARE)
        background = Background(self._mixer, self._separator)
        share = _SEPARATE_SHARE if self._separator else 0.0
        bed = background.bed(job, job.video_key, source, context, part(report, 0.0, share))
        dubbing = Dubbing(bed, self._mixer, self._settings, job.settings, context, part(report, share, 1.0))
        parts = dubbing.prepare(timeline.lines)
        dubbing.mix(parts, track_frames(source.length_s, container))
        dub = dubbing.finish(parts, context.workdir / "dub.m4a")
        dubbing.forget()
        content = fingerprint(job.video_key, source, bed, timeline.lines, self._settings, job.settings, container)
        keep(job, job.language, content, dub, context)
        return dub

    def _mux(
        self,
        job: ExportLanguage,
        context: JobContext,
        timeline: Timeline,
        source: Source,
        container: ContainerName,
        dub: Dub | None,
        cues: list[Cue],
        drawn: Drawn,
    ) -> Path:
        context.progress(_DUB_SHARE, "writing the video")
        target = context.workdir / f"export_{job.language}.{container}"
        spoken = language(timeline.language)
        subtitles = context.workdir / "container.srt"
        subtitles.write_text(write_srt(flattened(cues) if container == "mp4" else cues), encoding="utf-8")
        made = (SubtitlePart(subtitles, Track(spoken.iso639_2, spoken.native_name)),)
        plan = MuxPlan(
            target=target,
            container=container,
            audio=_audio(job, timeline, source, container, dub),
            subtitles=(*(made if holds_texts(cues, container) else ()), *kept_texts(source, container)),
            burn=drawn.text,
            cover=drawn.cover,
            covers=source.covers,
        )
        self._mixer.mux(source, plan, context.cancel, part(context.progress, _DUB_SHARE, _MUX_SHARE))
        return target

    def _check(
        self,
        job: ExportLanguage,
        context: JobContext,
        source: Source,
        video: Path,
        container: ContainerName,
        dub: Dub | None,
        cues: list[Cue],
        *,
        keeps_original: bool,
        encoded: bool,
        speech: tuple[Span, ...] | None,
    ) -> Measured:
        """Check the finished file as a player would see it.

        Raises:
            PermanentError: `export_invalid` when it is not the video it should be.
        """
        context.progress(_MUX_SHARE, "checking the video")
        made = inspect(video, context.cancel)
        originals = len(source.audio_codecs) if not dub or (keeps_original and source.has_picture) else 0
        texts = int(holds_texts(cues, container)) + len(kept_texts(source, container))
        codec = encoded_as(made) if encoded else None
        checks = compare(source, made, audio=int(dub is not None) + originals, subtitles=texts, encoded=codec)
        broken = [name for name, good in checks.items() if not good]
        if broken:
            raise PermanentError(
                ErrorCode.EXPORT_INVALID,
                f"the exported video is not right ({', '.join(broken)}): it lasts {made.length_s:.3f} s instead of "
                f"{source.length_s:.3f} s; the upload may be damaged, try to convert it to MP4 first",
            )
        return Measured(
            container=container,
            length_s=made.length_s,
            source_length_s=source.length_s,
            frame_s=source.frame_s,
            has_audio=source.has_audio,
            figures=dub.figures if dub else None,
            drift_s=drift_s(dub.lines, video.name, 0, source.length_s, self._mixer, context) if dub else None,
            checks=checks,
            speech=speech,
        )

    def _store(
        self,
        job: ExportLanguage,
        context: JobContext,
        source: Source,
        video: Path,
        container: ContainerName,
        cues: list[Cue],
        report: dict[str, object],
    ) -> tuple[ExportedFile, ...]:
        context.progress(_STORE_SHARE, "storing the files")
        ttml = write_ttml(cues, job.language, source.rate)
        texts = (
            (f"subtitles_{job.language}.srt", write_srt(cues), "application/x-subrip"),
            (f"subtitles_{job.language}.vtt", write_vtt(cues), "text/vtt"),
            (f"subtitles_{job.language}.ttml", ttml, "application/ttml+xml"),
            (f"report_{job.language}.json", json.dumps(report, indent=2, ensure_ascii=False), "application/json"),
        )
        files = [store_product(job, context, video, MEDIA_TYPES[container])]
        for name, text, media_type in texts:
            path = context.workdir / name
            path.write_text(text, encoding="utf-8")
            files.append(store_product(job, context, path, media_type))
        return tuple(files)


def compare(source: Source, made: Source, *, audio: int, subtitles: int, encoded: str | None = None) -> dict[str, bool]:
    """Whether a finished file is what it should be: lengths within one frame, picture copied, all tracks there.

    `encoded` is the codec of the picture if it was encoded: it then lasts as long as the audio.
    """
    tolerance_s = source.frame_s + _CLOCK_S
    length_s = source.length_s if audio or encoded else source.picture_end_s
    checks = {"length": abs(made.length_s - length_s) <= tolerance_s}
    if source.has_picture or encoded:
        picture_end_s = source.length_s if encoded else source.picture_end_s
        checks["picture_length"] = abs(made.picture_end_s - picture_end_s) <= tolerance_s
        name = "picture_encoded" if encoded else "picture_copied"
        checks[name] = made.video_codec == (encoded or source.video_codec)
    checks["audio_present"] = len(made.audio_codecs) == audio
    checks["subtitles_present"] = made.subtitle_tracks == subtitles
    return checks


def _inputs(job: ExportLanguage, context: JobContext) -> tuple[Timeline, Source]:
    try:
        timeline = Timeline.model_validate_json(read_bytes(context.store, job.timeline_key))
        video = context.store.local(job.video_key, context.workdir)
    except (ObjectNotFound, ValidationError) as error:
        raise PermanentError(
            ErrorCode.ARTIFACT_MISSING, f"the video or its timeline is missing or damaged: {error}"
        ) from error
    return timeline, inspect(video, context.cancel, timeline.media.listened)


def encoded_as(made: Source) -> str:
    """The codec of a picture that was encoded again, if it is one of those used for that."""
    return made.video_codec if made.video_codec in ("h264", "hevc") else "h264"


def _setting(job: ExportLanguage, timeline: Timeline) -> Setting:
    """What replaces the original's subtitles, with the spoken language below it if requested."""
    lines = shown(timeline.lines, sdh=False)
    below = {line.segment_id: line.source_text for line in lines}
    second = Second(language(timeline.source_language), below) if job.settings.picture_second else None
    return Setting(lines, language(timeline.language), second)


def speech_heard(transcript: Transcript | None) -> tuple[Span, ...] | None:
    """When speech is heard in the original; None if nobody listened for it, or if the transcript does not say."""
    return tuple(Span(*span) for span in transcript.speech) if transcript and transcript.speech is not None else None


def transcript_of(key: str | None, context: JobContext) -> Transcript | None:
    """What is known about speech and picture of the original; None if nobody looked, or if it is no longer readable."""
    if key is None:
        return None
    try:
        return Transcript.model_validate_json(read_bytes(context.store, key))
    except (ObjectNotFound, ValidationError):
        return None  # a figure of the report is compared with the lines instead


def _audio(
    job: ExportLanguage, timeline: Timeline, source: Source, container: ContainerName, dub: Dub | None
) -> tuple[AudioPart, ...]:
    """The dub as the default, then the original's tracks, first the dubbed ones; without a dub all are unchanged.

    An audio file has one track, since its players offer no choice.
    """
    encode = must_encode(source, container)
    if dub is None:
        return tuple(AudioPart(None, number=number, encode=again) for number, again in enumerate(encode))
    spoken = language(timeline.language)
    parts = [AudioPart(Track(spoken.iso639_2, f"{spoken.native_name} (LocalClip)"), dub.path, default=True)]
    if source.has_audio and source.has_picture and job.settings.keep_original:
        for number in (*source.listened, *source.others):
            track = kept_track(source, number, timeline.source_language)
            parts.append(AudioPart(track, number=number, encode=encode[number], default=False))
    return tuple(parts)


def holds_texts(cues: list[Cue], container: ContainerName) -> bool:
    """Whether the file itself has subtitles: players show none for audio files, which get separate subtitle files."""
    return bool(cues) and container != "m4a"


def kept_track(source: Source, number: int, source_language: str) -> Track:
    """How a track of the original is labelled: by the spoken language if it was dubbed, else unchanged."""
    sound = source.sounds[number]
    if number not in source.listened:
        return Track(sound.language, sound.title or f"Audio {number + 1}")
    track = original_track(source_language)
    several = len(source.audio_codecs) > 1 and sound.title
    return Track(track.language, f"{track.title}: {sound.title}") if several else track


def kept_texts(source: Source, container: ContainerName) -> tuple[SubtitlePart, ...]:
    """The subtitle tracks of the original, as far as `container` can hold them."""
    return tuple(
        SubtitlePart(None, Track(text.language, text.title), number=number, codec=text.codec, forced=text.forced)
        for number, text in enumerate(source.texts)
        if keeps_text(text.codec, container)
    )


def original_track(source_language: str) -> Track:
    """How the original's audio is labelled."""
    if source_language == BASE:
        return Track("und", "Original")
    spoken = language(source_language)
    return Track(spoken.iso639_2, f"{spoken.native_name} (original)")
