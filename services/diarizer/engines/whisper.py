"""Speech recognition in many languages with faster-whisper: Whisper on CTranslate2."""

import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

from services.diarizer.engines._chunks import Chunk, chunks_of
from services.diarizer.engines._doubt import Passage, believed, better, within_speech
from services.diarizer.engines._votes import Guess, elect
from services.diarizer.engines.base import Recognition, Report, Span, SpokenIn
from services.diarizer.recording import SPEECH_RATE_HZ, Recording, Samples
from services.diarizer.settings import DiarizerSettings
from shared.inference import GpuLease, Placement, SafeSize, place_ctranslate2
from shared.messaging import EngineInfo
from shared.models import ModelSettings, catalogued, find_model
from shared.observability import logger
from shared.pipeline import SOURCE_LANGUAGES, ErrorCode, PermanentError, Stage, language
from shared.transcript import Word

_NEEDED = ("config.json", "model.bin", "tokenizer.json")  # without the last, faster-whisper would download it
_HINT = "upload subtitles of the spoken language with the video"
_BATCH = {"cpu": 4, "cuda": 16}
_BEAM = 5
_ASKED_CHUNKS = 4  # for their language
_HOTWORD_TOKENS = 100  # of 448 that prompt and answer share: 30 s of fast speech take some 200
_SILENCE_S = 2.0
log = logger(__name__)


class WhisperRecognizer:
    """Batches of 30 s of speech; what the model doubts is recognized again, with its ladder of temperatures.

    Jobs take turns batch by batch, so that a take to be heard does not wait for a film.
    """

    punctuates = True

    def __init__(self, settings: DiarizerSettings, models: ModelSettings) -> None:
        folder = _folder(settings.recognizer_model, models)
        self._placement = place_ctranslate2(models)
        self._model, self._name = _load(folder, self._placement), folder.name
        self._catalogued = catalogued(settings.recognizer_model)
        self._lease = GpuLease(models.gpu_lease, self._placement.name)
        self._batch = SafeSize(settings.recognizer_batch or _BATCH[self._placement.device])
        self._lock = threading.Lock()
        _warm_up(self._model, self.info.languages[0])

    @property
    def info(self) -> EngineInfo:
        """What this engine is: the licence is that of the weights, which is not known of those given by path."""
        found = self._catalogued
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="recognizer",
            name="faster-whisper",
            version=f"{version('faster-whisper')} ({self._name}, {self._placement.compute_type})",
            licence=found.licence if found else "unknown",
            commercial_use=found.commercial_use if found else False,
            languages=_languages(self._model),
            hint=_HINT if self._model.model.is_multilingual else f"{_HINT}, or take a multilingual model",
        )

    def recognize(
        self,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str] = (),
    ) -> Recognition:
        """Recognize batch by batch; a language that is not given is voted on by up to four chunks."""
        chunks = chunks_of(recording, speech)
        report(0.0)
        guess = Guess(language, None) if language else self._find_language(recording, chunks)
        prompt, words, spoken = self._prompt(hotwords), list[Word](), list[SpokenIn]()
        done = 0
        while done < len(chunks):
            passages, languages = self._batch.run(
                lambda size: self._first(recording, chunks[done : done + size], guess.language, prompt)  # noqa: B023
            )
            for chunk, passage in zip(chunks[done:], passages, strict=False):
                report(done / len(chunks))
                words += _placed(self._settled(recording, chunk, passage, guess.language), chunk)
                done += 1
            spoken += languages
        report(1.0)
        return Recognition(guess.language, _in_order(within_speech(words, speech)), guess.confidence, tuple(spoken))

    def _find_language(self, recording: Recording, chunks: Sequence[Chunk]) -> Guess:
        """Raises: PermanentError, `language_unsupported`."""
        if not self._model.model.is_multilingual or not chunks:
            return Guess(self.info.languages[0], None)
        votes = []
        for number in np.unique(np.linspace(0, len(chunks) - 1, _ASKED_CHUNKS).round().astype(int)):
            chunk = chunks[number]
            with self._lock, self._lease.hold():
                _, _, ranking = self._model.detect_language(audio=chunk.samples(recording))
            votes.append((chunk.duration_s, ranking))
        guess = elect(votes)
        log.info("language_found", language=guess.language, confidence=guess.confidence)
        if guess.language not in self.info.languages:
            offered = ", ".join(language(code).name for code in self.info.languages)
            raise PermanentError(
                ErrorCode.LANGUAGE_UNSUPPORTED,
                f"the speech sounds like the language '{guess.language}' (confidence {guess.confidence}), which is not "
                f"among those offered ({offered}); if that is wrong, set the source language of the task",
            )
        return guess

    def _prompt(self, hotwords: Sequence[str]) -> str | None:
        """As many of `hotwords` as leave room for the answer."""
        taken: list[str] = []
        for word in hotwords:
            if len(self._model.hf_tokenizer.encode(" " + ", ".join([*taken, word])).ids) > _HOTWORD_TOKENS:
                break
            taken.append(word)
        return ", ".join(taken) or None

    def _first(
        self, recording: Recording, chunks: Sequence[Chunk], language: str, prompt: str | None
    ) -> tuple[list[Passage], list[SpokenIn]]:
        """All `chunks` in one batch: what is said in each, and the language heard in it."""
        audio, clips = _laid_out([chunk.samples(recording) for chunk in chunks])
        pipeline = _Pipeline(self._model)
        with self._lock, self._lease.hold():
            segments, _ = pipeline.transcribe(
                audio,
                language=language,
                batch_size=len(chunks),
                beam_size=_BEAM,
                word_timestamps=True,
                clip_timestamps=clips,
                hotwords=prompt,
            )
            found = list(segments)
        starts = [round(clip["start"]) for clip in clips]
        passages = [
            _passage([one for one in found if one.seek == start_s * self._model.frames_per_second], start_s)
            for start_s in starts
        ]
        heard = [
            SpokenIn(chunk.whole.start_s, chunk.whole.end_s, code, round(sure, 3))
            for chunk, (code, sure) in zip(chunks, pipeline.languages, strict=False)
        ]
        return passages, heard

    def _settled(self, recording: Recording, chunk: Chunk, passage: Passage, language: str) -> tuple[Word, ...]:
        """The words of `passage`, or of a second try where it is doubtful."""
        if not passage.is_doubtful:
            return believed(passage)
        with self._lock, self._lease.hold():
            # Without hotwords: they are what it may have made its words of.
            segments, _ = self._model.transcribe(
                chunk.samples(recording),
                language=language,
                beam_size=_BEAM,
                word_timestamps=True,
                condition_on_previous_text=False,
                hallucination_silence_threshold=_SILENCE_S,
            )
            again = _passage(list(segments), 0.0)
        chosen = better(passage, again)
        log.info(
            "doubtful_speech",
            start_s=round(chunk.whole.start_s, 2),
            avg_logprob=round(passage.avg_logprob, 2),
            again=round(again.avg_logprob, 2),
            kept="second" if chosen is again else "first",
        )
        return believed(chosen)


class _Pipeline(BatchedInferencePipeline):  # type: ignore[misc] # faster-whisper has no types
    """Remembers which language each chunk of its batch sounds like, which costs one step of the decoder."""

    languages: Sequence[tuple[str, float]] = ()

    def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> Any:
        encoded, output = super().generate_segment_batched(features, tokenizer, options)
        if self.model.model.is_multilingual:
            rankings = self.model.model.detect_language(encoded)
            self.languages = [(ranking[0][0][2:-2], float(ranking[0][1])) for ranking in rankings]
        return encoded, output


def _folder(name_or_path: str, models: ModelSettings) -> Path:
    folder = find_model(name_or_path, models)
    missing = [file for file in _NEEDED if not (folder / file).is_file()]
    if missing:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE, f"{folder} is not a model of faster-whisper: no {', '.join(missing)} there"
        )
    return folder


def _load(folder: Path, placement: Placement) -> WhisperModel:
    try:
        return WhisperModel(
            str(folder),
            device=placement.device,
            device_index=placement.index,
            compute_type=placement.compute_type,
            local_files_only=True,
        )
    except (RuntimeError, ValueError) as error:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE, f"the recognizer's model in {folder} cannot be loaded: {error}"
        ) from error


def _warm_up(model: WhisperModel, spoken: str) -> None:
    """Recognize a second of nothing: kernels and libraries are loaded before the worker says that it is ready."""
    audio, clips = _laid_out([np.zeros(SPEECH_RATE_HZ, np.float32)])
    try:
        segments, _ = _Pipeline(model).transcribe(audio, language=spoken, clip_timestamps=clips, word_timestamps=True)
        list(segments)
    except RuntimeError as error:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the recognizer does not work on {model.model.device}: {error} (a GPU needs cuBLAS 12: "
            "pip install 'localclip[cuda]')",
        ) from error


def _languages(model: WhisperModel) -> tuple[str, ...]:
    """Those offered that the model's vocabulary has."""
    if not model.model.is_multilingual:
        return ("en",)
    return tuple(code for code in SOURCE_LANGUAGES if model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None)


def _laid_out(sounds: Sequence[Samples]) -> tuple[Samples, list[dict[str, float]]]:
    """One sound after the other, each from a whole second on: faster-whisper counts frames in floating point."""
    clips, parts, at_s = [], [], 0
    for samples in sounds:
        clips.append({"start": float(at_s), "end": at_s + len(samples) / SPEECH_RATE_HZ})
        parts.append(np.pad(samples, (0, -len(samples) % SPEECH_RATE_HZ)))
        at_s += len(parts[-1]) // SPEECH_RATE_HZ
    return np.concatenate(parts), clips


def _passage(segments: Sequence[Any], start_s: float) -> Passage:
    """faster-whisper's segments of one chunk that begins at `start_s`."""
    words: list[Word] = []
    for heard in (word for segment in segments for word in segment.words or ()):
        text = heard.word.strip()
        if not any(letter.isalnum() for letter in text) and words:  # a mark of its own belongs to the word before
            words[-1] = words[-1].model_copy(update={"text": words[-1].text + text})
        elif text:
            words.append(_word(text, heard, start_s))
    tokens = [max(1, len(segment.tokens)) for segment in segments]
    if not segments:
        return Passage(())
    logprob = np.average([segment.avg_logprob for segment in segments], weights=tokens)
    text = "".join(segment.text for segment in segments).strip()
    return Passage(tuple(words), text, float(logprob), max(segment.no_speech_prob for segment in segments))


def _word(text: str, heard: Any, start_s: float) -> Word:
    begin_s = max(0.0, float(heard.start) - start_s)
    sure = float(np.clip(np.nan_to_num(heard.probability), 0.0, 1.0))
    return Word(text=text, start_s=begin_s, end_s=max(begin_s, float(heard.end) - start_s), probability=round(sure, 3))


def _placed(words: Iterable[Word], chunk: Chunk) -> Iterable[Word]:
    """`words` of a chunk at their times in the recording, without those beyond its end."""
    for word in words:
        span = chunk.placed(Span(word.start_s, word.end_s))
        if span is not None:
            yield word.model_copy(update={"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)})


def _in_order(words: Iterable[Word]) -> tuple[Word, ...]:
    """`words` so that none begins before the one before it has ended."""
    ordered: list[Word] = []
    for word in words:
        start_s = max(word.start_s, ordered[-1].end_s) if ordered else word.start_s
        ordered.append(word.model_copy(update={"start_s": start_s, "end_s": max(start_s, word.end_s)}))
    return tuple(ordered)
