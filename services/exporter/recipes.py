"""One export by recipe: any tracks, any subtitles, in one file or in many; nothing is dubbed again."""

import zipfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from pydantic import ValidationError

from services.exporter.background import part
from services.exporter.containers import MEDIA_TYPES, ContainerName, choose_container, must_encode
from services.exporter.drift import drift_s
from services.exporter.edit_timeline import Cut, edit_timeline
from services.exporter.engines import Mixer, MuxPlan, Separator
from services.exporter.engines.base import AudioPart, SubtitlePart, Track
from services.exporter.export import compare, encoded_as, original_track, transcript_of
from services.exporter.line_figures import rounded
from services.exporter.picture import Drawn, Setting, Wanted, draw, wanted
from services.exporter.products import store_as
from services.exporter.report import loudness_checks
from services.exporter.settings import ExporterSettings
from services.exporter.source import Source, inspect
from services.exporter.subtitles import Second, shown
from services.exporter.texts import Texts
from services.exporter.tracks import SoundFile, Tracks
from shared.messaging import AudioTrack, ExportedFile, JobContext, PublishedText, RecipeTimelines, RenderRecipe
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound, keys, read_bytes
from shared.transcript import AssStyle

_PAPER_WHITE = 0.58
"""203 cd/m² as a share of what PQ can say."""
_TITLE_CHARS, _DESCRIPTION_BYTES = 100, 5000
_USUAL_RATE = Fraction(25)
"""The frame rate of timelines for audio alone."""
_SOUND_SHARE, _FILES_SHARE, _STORE_SHARE = 0.6, 0.93, 0.96
_SOUND_TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".m4a": "audio/mp4"}
_TEXT_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt", "ass": "text/x-ssa", "ttml": "application/ttml+xml"}


@dataclass(frozen=True)
class Product:
    """A file to hand over, under the name a person sees."""

    name: str
    path: Path
    media_type: str


@dataclass(frozen=True)
class Rendered:
    """The stored files and the report."""

    files: tuple[ExportedFile, ...]
    report: dict[str, object]


class RecipeExport:
    """Renders recipes, one after the other."""

    def __init__(self, mixer: Mixer, settings: ExporterSettings, separator: Separator | None = None) -> None:
        self._mixer, self._settings, self._separator = mixer, settings, separator

    def run(self, job: RenderRecipe, context: JobContext) -> Rendered:
        """Make, check and store everything that the recipe of `job` requests; safe to repeat.

        Raises:
            PermanentError: `artifact_missing`, `media_*` for what it was given, `engine_unavailable` for what is
                missing here, `export_invalid` for what cannot be or did not become right.
        """
        context.progress(0.0, "reading the recipe")
        timelines, source = _inputs(job, context)
        return _Rendering(self._mixer, self._separator, self._settings, job, context, timelines, source).run()


class _Rendering:
    """One recipe being rendered."""

    def __init__(
        self,
        mixer: Mixer,
        separator: Separator | None,
        own: ExporterSettings,
        job: RenderRecipe,
        context: JobContext,
        timelines: RecipeTimelines,
        source: Source,
    ) -> None:
        self._mixer, self._job, self._context, self._source = mixer, job, context, source
        self._recipe, self._texts = job.recipe, Texts(timelines, source, context.cancel)
        self._source_language = timelines.source.language
        self._still = job.recipe.kind == "video" and not source.has_picture
        self._asked = self._of_picture()
        self._encoded = job.recipe.burn is not None or self._still or self._asked is not None
        self._container: ContainerName = choose_container(
            source, job.recipe.container, dubbed=True, burned=self._encoded
        )
        if job.recipe.kind == "audio" and self._container == "mkv":
            self._container = "mp4"  # audio alone can be cut where the video ends
        self._tracks = Tracks(mixer, separator, own, job, source, self._texts, context, self._container)
        stem = keys.safe_name(f"{job.recipe.name}.x").removesuffix(".x") if job.recipe.name else ""
        self._base = stem or keys.safe_name(job.original_name).rpartition(".")[0] or "video"
        self._named_speakers, self._review = timelines.speakers, timelines.review
        self._figures: list[dict[str, object]] = []
        self._publication: dict[str, str] = {}
        self._unpublished = timelines.unpublished
        self._edits: list[dict[str, object]] = []
        self._hdr: str | None = None
        self._drawn = Drawn()
        self._checks: dict[str, bool] = {}

    def run(self) -> Rendered:
        products = self._video() if self._recipe.kind == "video" else self._sounds()
        products += self._sidecars()
        products += self._published()
        products += self._timelines(products[0].name) if self._recipe.timelines else []
        if self._recipe.bundle:
            products = [self._bundled(products)]
        self._context.progress(_STORE_SHARE, "storing the files")
        files = tuple(
            store_as(
                keys.recipe_file(self._job.task_id, self._job.export_id, product.name),
                product.name,
                self._context,
                product.path,
                product.media_type,
            )
            for product in products
        )
        return Rendered(files, self._report())

    def _video(self) -> list[Product]:
        share = part(self._context.progress, 0.0, _SOUND_SHARE)
        made = [track for track in self._recipe.audio if track.kind != "original" or len(self._source.listened) > 1]
        sounds = {file.track: file for file in self._tracks.render(made, ".m4a", share)}
        target = self._context.workdir / f"recipe.{self._container}"
        if self._asked:
            self._drawn = draw(self._asked, self._setting(), self._source, self._context.workdir, self._context.cancel)
        plan = MuxPlan(
            target=target,
            container=self._container,
            audio=tuple(self._audio_part(number, track, sounds) for number, track in enumerate(self._recipe.audio)),
            subtitles=self._subtitle_parts(),
            burn=self._burned() or self._drawn.text,
            cover=self._drawn.cover,
            covers=self._source.covers,
            still=self._still,
        )
        self._context.progress(_SOUND_SHARE, "burning in the subtitles" if plan.burn else "writing the video")
        self._mixer.mux(
            self._source, plan, self._context.cancel, part(self._context.progress, _SOUND_SHARE, _FILES_SHARE)
        )
        self._check(plan)
        for number, track in enumerate(self._recipe.audio):
            self._note(track, sounds.get(track), plan.target.name, number)
        return [Product(f"{self._base}.{self._container}", target, MEDIA_TYPES[self._container])]

    def _of_picture(self) -> Wanted | None:
        """What happens to words in the picture, if there are any."""
        recipe = self._recipe.picture
        if recipe is None or not self._source.has_picture:
            return None
        known = transcript_of(self._job.transcript_key, self._context)
        return wanted(known.picture if known else None, recipe.mode, recipe.cover, self._job.picture_edits)

    def _setting(self) -> Setting | None:
        """What replaces the original's subtitles."""
        recipe = self._recipe.picture
        if recipe is None or recipe.language is None:
            return None
        lines = shown(self._texts.timeline(recipe.language).lines, sdh=False)
        second = None
        if recipe.second:
            below = {line.segment_id: line.text for line in self._texts.timeline(recipe.second).lines}
            second = Second(self._texts.spoken(recipe.second), below)
        return Setting(lines, self._texts.spoken(recipe.language), second)

    def _audio_part(self, number: int, track: AudioTrack, sounds: dict[AudioTrack, SoundFile]) -> AudioPart:
        chosen = [index for index, one in enumerate(self._recipe.audio) if one.default] or [0]
        default = number == chosen[0]
        if track in sounds:
            return AudioPart(self._named(track), sounds[track].path, default=default)
        if not self._source.has_audio:
            raise PermanentError(ErrorCode.EXPORT_INVALID, "the video has no audio of its own")
        number_there = self._source.listened[0]
        encode = must_encode(self._source, self._container)[number_there]
        return AudioPart(self._named(track), number=number_there, default=default, encode=encode)

    def _named(self, track: AudioTrack) -> Track:
        if track.kind == "original":
            found = original_track(self._source_language)
        elif track.language is None:
            found = Track("zxx", "Background")
        else:
            spoken = self._texts.spoken(track.language)
            word = {"dub": "LocalClip", "voices": "voices", "bed": "background"}[track.kind]
            found = Track(spoken.iso639_2, f"{spoken.native_name} ({word})")
        return Track(found.language, track.title) if track.title else found

    def _subtitle_parts(self) -> tuple[SubtitlePart, ...]:
        """The soft subtitles; none for a language without texts."""
        parts: list[SubtitlePart] = []
        format_ = "flat" if self._container == "mp4" else "srt"
        for number, text in enumerate(self._recipe.subtitles):
            if not self._texts.cues(text):
                continue
            path = self._texts.write(text, format_, self._context.workdir / f"track{number}.srt")
            track = self._texts.track(text)
            parts.append(SubtitlePart(path, Track(track.language, text.title or track.title), text.default))
        return tuple(parts)

    def _burned(self) -> Path | None:
        burn = self._recipe.burn
        if burn is None:
            return None
        style = dimmed(burn.style) if self._source.hdr == "pq" else burn.style
        return self._texts.write(burn, "drawn", self._context.workdir / "burn.ass", style)

    def _check(self, plan: MuxPlan) -> None:
        self._context.progress(_FILES_SHARE, "checking the video")
        made = inspect(plan.target, self._context.cancel)
        encoded = encoded_as(made) if self._encoded else None
        checks = compare(self._source, made, audio=len(plan.audio), subtitles=len(plan.subtitles), encoded=encoded)
        if self._encoded and self._source.hdr:
            self._hdr = "kept" if made.hdr == self._source.hdr else "tone-mapped"
        broken = [name for name, good in checks.items() if not good]
        if broken:
            raise PermanentError(ErrorCode.EXPORT_INVALID, f"the exported video is not right ({', '.join(broken)})")
        self._checks |= checks

    def _sounds(self) -> list[Product]:
        share = part(self._context.progress, 0.0, _FILES_SHARE)
        suffix = f".{self._recipe.audio_format}"
        products: list[Product] = []
        for file in self._tracks.render(self._recipe.audio, suffix, share):
            self._note(file.track, file, file.path.name, 0)
            name = file.path.name if file.track.kind != "dub" else f"{file.track.language}{suffix}"
            products.append(Product(f"{self._base}.{name}", file.path, _SOUND_TYPES[suffix]))
        return products

    def _sidecars(self) -> list[Product]:
        products: list[Product] = []
        for text in self._recipe.sidecars:
            name = f"{self._base}.{self._texts.label(text)}.{text.format}"
            path = self._context.workdir / f"sidecar{len(products)}.{text.format}"
            self._texts.write(text, text.format, path, text.style)
            products.append(Product(name, path, _TEXT_TYPES[text.format]))
        return products

    def _published(self) -> list[Product]:
        """Title and description of each dubbed language that has them; for the others, the reason why not."""
        if self._recipe.publication is None:
            return []
        products: list[Product] = []
        for language in dict.fromkeys(language for _, language in self._recipe.dubs() if language):
            text = self._recipe.publication.texts.get(language, PublishedText())
            if not (text.title or text.description):
                self._publication[language] = self._unpublished.get(language, "no title and no description were given")
                continue
            path = self._context.workdir / f"published_{language}.txt"
            path.write_text(f"{text.title}\n\n{text.description}".strip() + "\n", encoding="utf-8")
            products.append(Product(f"{self._base}.{language}.txt", path, "text/plain"))
            self._publication[language] = published(text)
        return products

    def _timelines(self, video: str) -> list[Product]:
        """A timeline for each requested language, its takes, and the audio of the original."""
        rate, length_s, folder = self._source.rate or _USUAL_RATE, self._source.length_s, self._context.workdir
        report = part(self._context.progress, _FILES_SHARE, _STORE_SHARE)
        self._context.progress(_FILES_SHARE, "writing the timelines")
        products: list[Product] = []
        if self._source.has_audio:
            (sound,) = self._tracks.render([AudioTrack(kind="original")], ".wav", report)
            products.append(Product(f"{self._base}.original.wav", sound.path, _SOUND_TYPES[".wav"]))
        original = products[0].name if products else None
        picture_s = self._source.picture_end_s if self._source.has_picture and not self._encoded else length_s
        for language in [one.language for one in self._recipe.timelines]:
            own = f"takes/{language}"
            clips = self._tracks.takes(language, rate, folder / own, report)
            clips = [replace(clip, file=f"{own}/{clip.file}") for clip in clips]
            cut = Cut(
                name=f"{self._base}.{language}",
                language=language,
                source_language=self._source_language,
                rate=rate,
                picture=video,
                picture_frames=max(1, round(picture_s * rate)),
                original=original,
                original_frames=max(1, round(length_s * rate)),
                takes=clips,
                lines=self._texts.timeline(language).lines,
                speakers=self._named_speakers,
                review=self._review.get(language, {}),
            )
            path = folder / f"{language}.otio"
            path.write_text(edit_timeline(cut), encoding="utf-8")
            products.append(Product(f"{cut.name}.otio", path, "application/vnd.pixar.opentimelineio+json"))
            products += [Product(clip.file, folder / clip.file, _SOUND_TYPES[".wav"]) for clip in clips]
            self._edits.append({"language": language, "rate": str(rate), "takes": len(clips)})
        return products

    def _bundled(self, products: list[Product]) -> Product:
        self._context.progress(_FILES_SHARE, "packing the files")
        target = self._context.workdir / "bundle.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for product in products:
                self._context.cancel.check()
                archive.write(product.path, product.name)
        return Product(f"{self._base}.zip", target, "application/zip")

    def _note(self, track: AudioTrack, file: SoundFile | None, made_at: str, number: int) -> None:
        """Report a finished track; a dub is searched for in the file it became part of, to see whether it is in
        sync."""
        told: dict[str, object] = {"kind": track.kind, "language": track.language}
        figures = file.figures if file else None
        if file and figures and track.kind == "dub":
            lines, length_s = self._texts.timeline(track.language or "").lines, self._source.length_s
            late_s = drift_s(lines, made_at, number, length_s, self._mixer, self._context)
            told |= {
                "reused": file.reused,
                "integrated_lufs": rounded(figures.loudness.integrated_lufs, 2),
                "true_peak_dbtp": rounded(figures.loudness.true_peak_dbtp, 2),
                "nonspeech_residual_db": rounded(figures.nonspeech_residual_db, 2),
                "gain_db": rounded(figures.gain_db, 2),
                "drift_s": rounded(late_s, 4),
            }
            checks = loudness_checks(figures.loudness, self._job.settings)
            self._checks |= {f"{name}_{track.language}": good for name, good in checks.items()}
        self._figures.append(told)

    def _report(self) -> dict[str, object]:
        return {
            "kind": self._recipe.kind,
            "container": self._container if self._recipe.kind == "video" else None,
            "picture": None if self._recipe.kind != "video" else "encoded" if self._encoded else "copied",
            "words_in_picture": self._drawn.report,
            "hdr": self._hdr,
            "deinterlaced": (self._recipe.burn is not None or self._drawn.changes) and self._source.interlaced,
            "audio": self._figures,
            "timelines": self._edits,
            "publication": self._publication,
            "checks": self._checks,
            "passed": all(self._checks.values()),
        }


def published(text: PublishedText) -> str:
    """The note on a text: `written`, or what a platform does not accept."""
    if len(text.title) > _TITLE_CHARS:
        return f"the title has {len(text.title)} characters, and YouTube takes {_TITLE_CHARS}: shorten it"
    if (size := len(text.description.encode())) > _DESCRIPTION_BYTES:
        return f"the description has {size} bytes, and YouTube takes {_DESCRIPTION_BYTES}: shorten it"
    return "written" if text.title else "written without a title: none was given"


def dimmed(style: AssStyle) -> AssStyle:
    """`style` as bright as the white of a page in HDR: full white is that of the sun there (ITU-R BT.2408)."""

    def darker(color: str) -> str:
        parts = (round(int(color[at : at + 2], 16) * _PAPER_WHITE) for at in (1, 3, 5))
        return "#" + "".join(f"{part:02X}" for part in parts)

    return style.model_copy(update={"color": darker(style.color), "outline_color": darker(style.outline_color)})


def _inputs(job: RenderRecipe, context: JobContext) -> tuple[RecipeTimelines, Source]:
    try:
        timelines = RecipeTimelines.model_validate_json(read_bytes(context.store, job.timelines_key))
        video = context.store.local(job.video_key, context.workdir)
    except (ObjectNotFound, ValidationError) as error:
        raise PermanentError(
            ErrorCode.ARTIFACT_MISSING, f"the video or its lines are missing or damaged: {error}"
        ) from error
    return timelines, inspect(video, context.cancel, timelines.source.media.listened)
