"""What subtitles of a recipe say: cues in one language or two, as files of every format."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from services.exporter.engines.base import Track
from services.exporter.fonts import font_for
from services.exporter.source import Source
from services.exporter.subtitles import Second, flattened, layout, shown
from services.exporter.timed_text import write_ttml
from shared.messaging import SOURCE, RecipeTimelines, SubtitleText, Timeline, TimelineLine
from shared.pipeline import CancelToken, ErrorCode, LanguageInfo, PermanentError, language
from shared.transcript import AssStyle, Cue, limits_on, write_ass, write_srt, write_vtt

_EVERYWHERE = "Arial"


class Texts:
    """The timelines of a recipe as subtitles."""

    def __init__(self, timelines: RecipeTimelines, source: Source, cancel: CancelToken) -> None:
        self._timelines, self._source, self._cancel = timelines, source, cancel

    @cached_property
    def _by_language(self) -> dict[str, Timeline]:
        return {timeline.language: timeline for timeline in self._timelines.languages}

    def timeline(self, code: str) -> Timeline:
        """The timeline of a language or of the source. Raises: PermanentError, `export_invalid` if it is missing."""
        found = self._timelines.source if code == SOURCE else self._by_language.get(code)
        if found is None:
            raise PermanentError(ErrorCode.EXPORT_INVALID, f"the recipe came without the lines of '{code}'")
        return found

    def spoken(self, code: str) -> LanguageInfo:
        """What is known about a language of the recipe."""
        return language(self.timeline(code).language)

    def measured(self, code: str, lines: tuple[TimelineLine, ...]) -> None:
        """Add the true lengths of takes to the timeline of a language."""
        known = self._by_language
        known[code] = known[code].model_copy(update={"lines": lines})

    def cues(self, text: SubtitleText, style: AssStyle | None = None) -> list[Cue]:
        """Cues of `text`; with a `style`, in rows that fit on this picture."""
        second = None
        if text.second:
            below = {line.segment_id: line.text for line in self.timeline(text.second).lines}
            second = Second(self._laid_out(text.second, style), below)
        lines = shown(self.timeline(text.language).lines, sdh=text.sdh)
        return layout(lines, self._laid_out(text.language, style), self._source.length_s, second)

    def _laid_out(self, code: str, style: AssStyle | None) -> LanguageInfo:
        spoken = self.spoken(code)
        if style is None:
            return spoken
        wide = spoken.code in ("ja", "ko", "zh")
        return replace(spoken, subtitles=limits_on(spoken.subtitles, style, self._source.aspect, wide_letters=wide))

    def track(self, text: SubtitleText) -> Track:
        """How a track of `text` is labelled."""
        spoken = self.spoken(text.language)
        names = [spoken.native_name, *([self.spoken(text.second).native_name] if text.second else [])]
        return Track(spoken.iso639_2, " / ".join(names))

    def label(self, text: SubtitleText) -> str:
        """The part of a file name that names the languages."""
        codes = [self.spoken(code).code for code in (text.language, text.second) if code]
        return "-".join(codes)

    def write(self, text: SubtitleText, format_: str, target: Path, style: AssStyle | None = None) -> Path:
        """Write `text` as `srt`, `vtt`, `ass`, `ttml`, for an MP4 track (`flat`), or to be drawn here (`drawn`).

        Only what is drawn here needs fonts checked: other machines that open an ASS file have other fonts.
        """
        match format_:
            case "srt":
                written = write_srt(self.cues(text))
            case "vtt":
                written = write_vtt(self.cues(text))
            case "ttml":
                written = write_ttml(self.cues(text), self.spoken(text.language).code, self._source.rate)
            case "flat":
                written = write_srt(flattened(self.cues(text)))
            case "ass" | "drawn":
                written = self._ass(text, style or AssStyle(), drawn=format_ == "drawn")
            case unknown:
                raise ValueError(f"no subtitle format {unknown}")
        target.write_text(written, encoding="utf-8")
        return target

    def _ass(self, text: SubtitleText, style: AssStyle, *, drawn: bool) -> str:
        font = second = style.font or _EVERYWHERE
        if drawn:
            font = font_for(self.spoken(text.language), style.font, self._cancel)
            second = font_for(self.spoken(text.second), style.font, self._cancel) if text.second else font
        cues = self.cues(text, style)
        return write_ass(cues, style, font=font, second_font=second, aspect=self._source.aspect)
