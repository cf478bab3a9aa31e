"""The use case of translating from sound into English: lines that no translator here can translate.

A sentence is heard as a whole, and its translation is divided among its lines by their times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.diarizer.diarization import open_video
from services.diarizer.engines import Engines, Span
from services.diarizer.settings import DiarizerSettings
from services.diarizer.sounds import Ears
from shared.messaging import EngineUsed, HeardSourceLine, JobContext, TranslatedLine, TranslateSpeech
from shared.pipeline import ErrorCode, PermanentError, language
from shared.transcript import lay_over

_LONGEST_S = 28.0  # of the 30 that Whisper hears
_MARGIN_S = 0.15  # around a sentence: recognized times are off by some hundredths
_EXTRACTED = 0.1  # of the work
_FOUND = 0.2


@dataclass(frozen=True)
class Interpreted:
    """Every requested line, in the order of the job, and the engine that translated them."""

    lines: tuple[TranslatedLine, ...]
    engines: tuple[EngineUsed, ...]


class Interpreting:
    """Translates the lines of one job after the other. Safe to repeat: it stores nothing."""

    def __init__(self, engines: Engines, settings: DiarizerSettings) -> None:
        self._engines, self._settings = engines, settings

    def run(self, job: TranslateSpeech, context: JobContext) -> Interpreted:
        """Translate what is said in the lines of `job`.

        Raises:
            PermanentError: `language_unsupported` if nothing here can do it, or as for any unreadable video.
        """
        engine, pair = self._engines.speech_translator, (job.source_language, job.language)
        if engine is None or pair not in engine.info.pairs:
            raise PermanentError(
                ErrorCode.LANGUAGE_UNSUPPORTED,
                f"nothing here translates {pair[0]} → {pair[1]} from sound any more; take a model that has the pair, "
                "or bring your own translation",
            )
        video = open_video(job.video_key, context, self._settings.max_duration_s)
        ears = Ears(video, context.workdir, self._engines.voice_activity, context.cancel)
        listened = ears.listen(
            job.source_language,
            job.audio_track,
            lambda part: context.progress(_EXTRACTED * part, "extracting the audio"),
            lambda part: context.progress(_EXTRACTED + (_FOUND - _EXTRACTED) * part, "finding speech"),
        )
        groups = list(sentences(job.lines))
        spans = [_span(group) for group in groups]

        def report(part: float) -> None:
            context.cancel.check()
            context.progress(_FOUND + (1 - _FOUND) * part, "translating what is said")

        texts = engine.translate(listened.sounds.speech, spans, job.source_language, report)
        lines = [line for group, text in zip(groups, texts, strict=True) for line in _laid_back(group, text, job)]
        return Interpreted(tuple(lines), (engine.info.used(),))


def sentences(lines: Sequence[HeardSourceLine]) -> Iterator[list[HeardSourceLine]]:
    """Lines that are one sentence and can be heard at once."""
    group: list[HeardSourceLine] = []
    for line in lines:
        if group and line.end_s - group[0].start_s > _LONGEST_S:
            yield group
            group = []
        group.append(line)
        if not line.goes_on:
            yield group
            group = []
    if group:
        yield group


def _span(group: Sequence[HeardSourceLine]) -> Span:
    start_s = max(0.0, group[0].start_s - _MARGIN_S)
    return Span(start_s, min(group[-1].end_s + _MARGIN_S, start_s + _LONGEST_S + 2 * _MARGIN_S))


def _laid_back(group: Sequence[HeardSourceLine], text: str, job: TranslateSpeech) -> Iterator[TranslatedLine]:
    """The requested lines of a sentence. If there are too few words for all, the first line has them."""
    spoken = language(job.language)
    shares = [max(0.01, line.end_s - line.start_s) for line in group]
    parts = lay_over(text, shares, spoken.code, spaces=spoken.spaces) if len(group) > 1 and text else None
    parts = parts or [text, *[""] * (len(group) - 1)]
    for line, part in zip(group, parts, strict=True):
        if line.asked and part:
            yield TranslatedLine(segment_id=line.segment_id, text=part, from_sound=True)
        elif line.asked:
            yield TranslatedLine(
                segment_id=line.segment_id,
                text=None,
                error_code=ErrorCode.ENGINE_FAILED,
                error_message="nothing was understood here when it was translated from sound: write its translation",
            )
