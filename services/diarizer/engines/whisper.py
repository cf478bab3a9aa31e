"""Speech recognition in many languages with faster-whisper: Whisper on CTranslate2."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import fmean

import numpy as np

from services.diarizer.engines._chunks import Chunk, chunks_of
from services.diarizer.engines._doubt import SURE_WORD, Passage, believed, better, unheard, within_speech
from services.diarizer.engines._packing import Place, laid_back, sound, windows
from services.diarizer.engines._votes import Guess, elect
from services.diarizer.engines._whisper import Whisper
from services.diarizer.engines.base import Recognition, Report, Span, SpokenIn
from services.diarizer.recording import Recording, Samples
from services.diarizer.settings import DiarizerSettings
from shared.inference import SafeSize
from shared.messaging import EngineInfo
from shared.models import ModelSettings, digest_here, find_model, identified
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, Stage
from shared.pipeline import language as known_language
from shared.transcript import Word

_HINT = "upload subtitles of the spoken language with the video"
_DEFAULT = "whisper-large-v3-turbo"
_BATCH = {"cpu": 4, "cuda": 16}
_ASKED_CHUNKS = 4  # for their language
_AGAIN_AT_LEAST = 4
_CHINESE, _CHINESE_PROMPT = "zh", "以下是普通话的句子。"
"""As the initial prompt for Chinese, it makes Whisper write punctuation, as it does by itself in other languages."""
log = logger(__name__)


@dataclass(frozen=True)
class _Item:
    """A chunk and where it comes from."""

    recording: Recording
    chunk: Chunk

    @property
    def sound(self) -> Samples:
        return self.chunk.samples(self.recording)


class WhisperRecognizer:
    """Batches of 30 s of speech; doubtful chunks are recognized again, at rising temperatures."""

    punctuates = True

    def __init__(self, settings: DiarizerSettings, models: ModelSettings) -> None:
        wanted = settings.recognizer_model or _DEFAULT
        folder = find_model(wanted, models)
        self._whisper = Whisper(folder, models)
        self._weights = identified(wanted)
        self._name = self._weights.name if self._weights else folder.name
        self._digest = digest_here(wanted, models)
        self._batch = SafeSize(settings.recognizer_batch or _BATCH[self._whisper.placement.device])

    @property
    def whisper(self) -> Whisper:
        """Its model, which can do more than recognize."""
        return self._whisper

    @property
    def info(self) -> EngineInfo:
        """What this engine is: the licence is that of the weights, which are identified by name or content."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="recognizer",
            name="faster-whisper",
            version=f"{version('faster-whisper')} ({self._name}, {self._whisper.placement.compute_type})",
            licence=self._weights.licence if self._weights else "unknown",
            commercial_use=self._weights.commercial_use if self._weights else False,
            languages=self._whisper.languages,
            model=self._name,
            digest=self._digest,
            natural_errors=(("en", 0.03),),  # audio books by the smallest models; other languages were not measured
            hint=_HINT if self._whisper.is_multilingual else f"{_HINT}, or take a multilingual model",
        )

    def recognize(
        self,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str] = (),
    ) -> Recognition:
        """Recognize batch by batch; if no language is given, up to four chunks vote."""
        items = [_Item(recording, chunk) for chunk in chunks_of(recording, speech)]
        report(0.0)
        guess = Guess(language, None) if language else self._find_language(items)
        prompt = self._whisper.prompt(hotwords)
        heard, languages = self._heard(items, guess.language, prompt, report)
        words = [word for own in heard for word in own]
        words += self._left_out(recording, unheard(speech, words), len(items), guess.language)
        placed = within_speech(sorted(words, key=lambda word: word.start_s), speech)
        return Recognition(guess.language, _in_order(placed), guess.confidence, tuple(languages))

    def find_language(self, recording: Recording, speech: Sequence[Span]) -> tuple[str, float | None]:
        """A vote of up to four chunks."""
        guess = self._find_language([_Item(recording, chunk) for chunk in chunks_of(recording, speech)])
        return guess.language, guess.confidence

    def recognize_each(self, recordings: Sequence[Recording], language: str, report: Report) -> list[tuple[Word, ...]]:
        """Short recordings packed into windows of 30 s; doubtful ones are heard again individually."""
        packed = windows([recording.duration_s for recording in recordings])
        share = sum(len(window) for window in packed) / len(recordings) if recordings else 0.0
        found = self._packed(recordings, packed, language, lambda part: report(share * part))
        left = [number for number in range(len(recordings)) if number not in found]
        log.info("short_clips_heard", packed=len(found), windows=len(packed), alone=len(left))
        alone = self._alone(
            [recordings[number] for number in left], language, lambda p: report(share + (1 - share) * p)
        )
        found |= dict(zip(left, alone, strict=True))
        return [found[number] for number in range(len(recordings))]

    def _packed(
        self, recordings: Sequence[Recording], packed: Sequence[tuple[Place, ...]], language: str, report: Report
    ) -> dict[int, tuple[Word, ...]]:
        """The words of those that are understood in a shared window, by number: none from a doubtful window."""
        found: dict[int, tuple[Word, ...]] = {}
        before = _CHINESE_PROMPT if language == _CHINESE else None
        at = 0
        while at < len(packed):
            report(at / len(packed))
            left = packed[at:]
            heard = self._batch.run(
                lambda size: self._whisper.hear([sound(one, recordings) for one in left[:size]], language, None, before)  # noqa: B023
            )
            for window, (passage, _) in zip(left, heard, strict=False):
                if not passage.is_doubtful:
                    words = laid_back(believed(passage), window)
                    found |= {index: _in_order(own) for index, own in words.items() if own}
            at += len(heard)
        return found

    def _alone(self, recordings: Sequence[Recording], language: str, report: Report) -> list[tuple[Word, ...]]:
        whole = [chunks_of(recording, [Span(0.0, recording.duration_s)]) for recording in recordings]
        items = [_Item(one, chunk) for one, chunks in zip(recordings, whole, strict=True) for chunk in chunks]
        words, _ = self._heard(items, language, None, report)
        following = iter(words)
        return [_in_order(word for _ in chunks for word in next(following)) for chunks in whole]

    def _find_language(self, items: Sequence[_Item]) -> Guess:
        """Raises: PermanentError, `language_unsupported`."""
        known = self._whisper.languages
        if not self._whisper.is_multilingual or not items:
            return Guess(known[0], None)
        asked = np.unique(np.linspace(0, len(items) - 1, _ASKED_CHUNKS).round().astype(int))
        guess = elect([(items[at].chunk.duration_s, self._whisper.ranking(items[at].sound)) for at in asked])
        log.info("language_found", language=guess.language, confidence=guess.confidence)
        if guess.language not in known:
            offered = ", ".join(known_language(code).name for code in known)
            raise PermanentError(
                ErrorCode.LANGUAGE_UNSUPPORTED,
                f"the speech sounds like the language '{guess.language}' (confidence {guess.confidence}), which is not "
                f"among those offered ({offered}); if that is wrong, set the source language of the task",
            )
        return guess

    def _heard(
        self, items: Sequence[_Item], language: str, prompt: str | None, report: Report
    ) -> tuple[list[list[Word]], list[SpokenIn]]:
        """The words of each of `items`, at their times in the recording, and the languages heard."""
        words: list[list[Word]] = []
        languages: list[SpokenIn] = []
        before = _CHINESE_PROMPT if language == _CHINESE else None
        while len(words) < len(items):
            report(len(words) / len(items))
            left = items[len(words) :]
            batch = self._batch.run(
                lambda size: self._whisper.hear([item.sound for item in left[:size]], language, prompt, before)  # noqa: B023
            )
            for item, (passage, tongue) in zip(left, batch, strict=False):
                report(len(words) / len(items))
                words.append(list(_placed(self._settled(item, passage, language), item.chunk)))
                if tongue is not None:
                    span = item.chunk.whole
                    languages.append(SpokenIn(span.start_s, span.end_s, tongue[0], round(tongue[1], 3)))
        report(1.0)
        return words, languages

    def _left_out(
        self, recording: Recording, missed: Sequence[tuple[Span, ...]], chunks: int, language: str
    ) -> list[Word]:
        """Words of the speech in which nothing was heard, each gap recognized separately.

        Whisper sometimes ends a window before the sound does, or skips a sentence. Uncertain results are dropped, since
        it writes words for isolated noises. Limited to the longest gaps, a quarter of the number of chunks and at least
        four.
        """
        longest = sorted(missed, key=lambda gap: -sum(part.duration_s for part in gap))
        longest = longest[: max(_AGAIN_AT_LEAST, chunks // 4)]
        items = [_Item(recording, chunk) for gap in longest for chunk in chunks_of(recording, gap)]
        heard, _ = self._heard(items, language, None, lambda _: None)
        sure = [own for own in heard if own and fmean(word.probability or 0.0 for word in own) >= SURE_WORD]
        if missed:
            log.info("speech_left_out", gaps=len(missed), heard_again=len(longest), understood=len(sure))
        return [word for own in sure for word in own]

    def _settled(self, item: _Item, passage: Passage, language: str) -> tuple[Word, ...]:
        """The words of `passage`, or of a second try if it is doubtful."""
        if not passage.is_doubtful:
            return tuple(believed(passage))
        again = self._whisper.hear_again(item.sound, language)
        chosen = better(passage, again)
        log.info(
            "doubtful_speech",
            start_s=round(item.chunk.whole.start_s, 2),
            avg_logprob=round(passage.avg_logprob, 2),
            again=round(again.avg_logprob, 2),
            kept="second" if chosen is again else "first",
        )
        return tuple(believed(chosen))


def _placed(words: Iterable[Word], chunk: Chunk) -> Iterable[Word]:
    """`words` of a chunk at their times in the recording, without those beyond its end."""
    for word in words:
        span = chunk.placed(Span(word.start_s, word.end_s))
        if span is not None:
            yield word.model_copy(update={"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)})


def _in_order(words: Iterable[Word]) -> tuple[Word, ...]:
    """`words` so that none begins before the previous one has ended."""
    ordered: list[Word] = []
    for word in words:
        start_s = max(word.start_s, ordered[-1].end_s) if ordered else word.start_s
        ordered.append(word.model_copy(update={"start_s": start_s, "end_s": max(start_s, word.end_s)}))
    return tuple(ordered)
