"""A Whisper in memory: recognizes sounds in batches, and one of them again."""

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

from services.diarizer.engines._doubt import Passage
from services.diarizer.engines._pieces import whole_words
from services.diarizer.recording import SPEECH_RATE_HZ, Samples
from shared.inference import GpuLease, Placement, place_ctranslate2
from shared.models import ModelSettings
from shared.observability import logger
from shared.pipeline import SOURCE_LANGUAGES, ErrorCode, PermanentError
from shared.pipeline import language as language_info
from shared.transcript import Word

_NEEDED = ("config.json", "model.bin", "tokenizer.json")  # without the last, faster-whisper would download it
_BEAM = 5
_HOTWORD_TOKENS = 100  # of 448 that prompt and answer share: 30 s of fast speech take some 200
_SILENCE_S = 2.0
_LAST_TIME = 1500  # steps of 20 ms: the end of what it hears at a time
_DEEP = 8  # of the layers, counted from 0; whisper-small's last such head is in the eleventh
_WARMER = (0.2, 0.6)  # a second and a third try; all six of its authors' cost more than real time on a CPU
log = logger(__name__)

Heard = tuple[Passage, tuple[str, float] | None]
"""What is said in a sound, and the language it sounds like with its probability; None for a model of one language."""


class Whisper:
    """A model loaded and warmed up; a caller has it for one batch, and then waits for others."""

    def __init__(self, folder: Path, models: ModelSettings) -> None:
        self.placement = place_ctranslate2(models)
        self._model = _load(folder, self.placement)
        self._deepest_head = _deepest_head(folder)
        self._lease = GpuLease(models.gpu_lease, self.placement.name)
        self._lock = threading.Lock()
        try:
            self.hear([np.zeros(SPEECH_RATE_HZ, np.float32)], self.languages[0], None)
        except RuntimeError as error:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the recognizer does not work on {self.placement.name}: {error} (a GPU needs cuBLAS 12: pip install "
                "'localclip[cuda]')",
            ) from error

    @property
    def is_multilingual(self) -> bool:
        """Whether it knows more than English."""
        return bool(self._model.model.is_multilingual)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those offered that its vocabulary has."""
        if not self.is_multilingual:
            return ("en",)
        known = self._model.hf_tokenizer
        return tuple(code for code in SOURCE_LANGUAGES if known.token_to_id(f"<|{code}|>") is not None)

    def prompt(self, hotwords: Sequence[str]) -> str | None:
        """As many of `hotwords` as leave room for the output."""
        taken: list[str] = []
        for word in hotwords:
            if len(self._model.hf_tokenizer.encode(" " + ", ".join([*taken, word])).ids) > _HOTWORD_TOKENS:
                break
            taken.append(word)
        return ", ".join(taken) or None

    def ranking(self, sound: Samples) -> list[tuple[str, float]]:
        """Languages it may be in and their probabilities."""
        with self._turn():
            _, _, ranking = self._model.detect_language(audio=sound)
        return [(str(code), float(probability)) for code, probability in ranking]

    def hear(
        self, sounds: Sequence[Samples], language: str, prompt: str | None, before: str | None = None
    ) -> list[Heard]:
        """All `sounds`, of 30 s at most, in one batch, with `before` as their initial prompt."""
        audio, clips = _laid_out(sounds)
        pipeline = _Pipeline(self._model)
        with self._turn():
            segments, _ = pipeline.transcribe(
                audio,
                language=language,
                batch_size=len(sounds),
                beam_size=_BEAM,
                word_timestamps=True,
                clip_timestamps=clips,
                hotwords=prompt,
                initial_prompt=before,
                without_timestamps=False,  # without them it writes long chunks without punctuation
            )
            found = list(segments)
        spaces = language_info(language).spaces
        heard: list[Heard] = []
        for number, clip in enumerate(clips):
            own = [one for one in found if one.seek == round(clip["start"]) * self._model.frames_per_second]
            heard.append(
                (
                    _passage(own, clip["start"], spaces=spaces),
                    pipeline.languages[number] if pipeline.languages else None,
                )
            )
        return heard

    @property
    def translates(self) -> bool:
        """Whether its English is usable: multilingual, with a decoder of at least nine layers.

        Recognized by the heads that follow the audio: those of base and smaller models, which translate poorly, and
        those of the turbo and distilled ones, which were not trained for it, are all in the first six layers.
        """
        return self.is_multilingual and self._deepest_head >= _DEEP

    def translate(self, sounds: Sequence[Samples], language: str) -> list[Passage]:
        """What is said in each of `sounds`, of 30 s at most, in English."""
        audio, clips = _laid_out(sounds)
        with self._turn():
            segments, _ = BatchedInferencePipeline(self._model).transcribe(
                audio,
                language=language,
                task="translate",
                batch_size=len(sounds),
                beam_size=_BEAM,
                clip_timestamps=clips,
                without_timestamps=True,
            )
            found = list(segments)
        starts = [round(clip["start"]) * self._model.frames_per_second for clip in clips]
        return [_said([one for one in found if one.seek == start]) for start in starts]

    def translate_again(self, sound: Samples, language: str) -> Passage:
        """One sound alone, at higher temperatures where the model doubts what it says."""
        with self._turn():
            segments, _ = self._model.transcribe(
                sound,
                language=language,
                task="translate",
                beam_size=_BEAM,
                temperature=_WARMER,
                condition_on_previous_text=False,
                without_timestamps=True,
            )
            return _said(list(segments))

    def hear_again(self, sound: Samples, language: str) -> Passage:
        """One sound alone, at higher temperatures where the model doubts what it says.

        Without hotwords, since these may have caused its words.
        """
        with self._turn():
            segments, _ = self._model.transcribe(
                sound,
                language=language,
                beam_size=_BEAM,
                word_timestamps=True,
                temperature=_WARMER,
                condition_on_previous_text=False,
                hallucination_silence_threshold=_SILENCE_S,
            )
            return _passage(list(_unbroken(segments)), 0.0, spaces=language_info(language).spaces)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock, self._lease.hold():
            yield


class _Pipeline(BatchedInferencePipeline):  # type: ignore[misc] # faster-whisper has no types
    """Remembers which language each chunk of its batch sounds like, which costs one step of the decoder.

    It completes a last sentence whose end the model did not mark before the sound was over: faster-whisper leaves such
    a sentence to the next window, which a chunk of a batch does not have.
    """

    languages: Sequence[tuple[str, float]] = ()

    def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> Any:
        encoded, output = super().generate_segment_batched(features, tokenizer, options)
        if self.model.model.is_multilingual:
            rankings = self.model.model.detect_language(encoded)
            self.languages = [(ranking[0][0][2:-2], float(ranking[0][1])) for ranking in rankings]
        return encoded, [{**one, "tokens": _ended(one["tokens"], tokenizer.timestamp_begin)} for one in output]


def _deepest_head(folder: Path) -> int:
    """The last layer, counted from 0, with a head that follows the audio; 0 if a conversion does not say."""
    heads = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("alignment_heads") or [[0, 0]]
    return max(int(layer) for layer, _ in heads)


def _load(folder: Path, placement: Placement) -> WhisperModel:
    missing = [file for file in _NEEDED if not (folder / file).is_file()]
    if missing:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE, f"{folder} is not a model of faster-whisper: no {', '.join(missing)} there"
        )
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


def _ended(tokens: Sequence[int], first_time: int) -> list[int]:
    """`tokens` with a timestamp at their end, if the text before has timestamps: tokens from `first_time` on."""
    is_open = bool(tokens) and tokens[-1] < first_time and any(token > first_time for token in tokens)
    return [*tokens, first_time + _LAST_TIME] if is_open else list(tokens)


def _unbroken(segments: Iterable[Any]) -> Iterator[Any]:
    """`segments` up to a rest of one frame, on which faster-whisper 1.2.1 fails: it finds no times for its words."""
    try:
        yield from segments
    except IndexError as error:
        log.warning("rest_not_recognized", error=str(error))


def _laid_out(sounds: Sequence[Samples]) -> tuple[Samples, list[dict[str, float]]]:
    """The sounds one after the other, each from a whole second on: faster-whisper counts frames in floating point."""
    clips, parts, at_s = [], [], 0
    for samples in sounds:
        clips.append({"start": float(at_s), "end": at_s + len(samples) / SPEECH_RATE_HZ})
        parts.append(np.pad(samples, (0, -len(samples) % SPEECH_RATE_HZ)))
        at_s += len(parts[-1]) // SPEECH_RATE_HZ
    return np.concatenate(parts), clips


def _passage(segments: Sequence[Any], start_s: float, *, spaces: bool) -> Passage:
    """faster-whisper's segments of one chunk that begins at `start_s`, in a language with or without `spaces`."""
    if not segments:
        return Passage(())
    pieces = [[_piece(heard, start_s) for heard in segment.words or ()] for segment in segments]
    words = tuple(word for own in pieces for word in whole_words(own, spaces=spaces))
    tokens = [max(1, len(segment.tokens)) for segment in segments]
    logprob = np.average([segment.avg_logprob for segment in segments], weights=tokens)
    text = "".join(segment.text for segment in segments).strip()
    return Passage(words, text, float(logprob), max(segment.no_speech_prob for segment in segments))


def _said(segments: Sequence[Any]) -> Passage:
    """What faster-whisper found in one sound, without the times of words."""
    text = " ".join(filter(None, (segment.text.strip() for segment in segments)))
    if not text:
        return Passage(())
    tokens = [max(1, len(segment.tokens)) for segment in segments]
    logprob = np.average([segment.avg_logprob for segment in segments], weights=tokens)
    words = tuple(Word(text=word, start_s=0.0, end_s=0.0) for word in text.split())
    return Passage(words, text, float(logprob), max(segment.no_speech_prob for segment in segments))


def _piece(heard: Any, start_s: float) -> Word:
    begin_s = max(0.0, float(heard.start) - start_s)
    sure = float(np.clip(np.nan_to_num(heard.probability), 0.0, 1.0))
    return Word(text=heard.word, start_s=begin_s, end_s=max(begin_s, float(heard.end) - start_s), probability=sure)
