"""English speech recognition with PocketSphinx, whose wheel contains the acoustic and language model."""

import re
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from services.diarizer.engines._quiet import cut_at_quiet
from services.diarizer.engines.base import Recognition, Report, Span
from services.diarizer.recording import SPEECH_RATE_HZ, Recording
from shared.messaging import EngineInfo
from shared.pipeline import ErrorCode, PermanentError, Stage
from shared.transcript import Word

_HINT = "upload subtitles of the spoken language with the video, or fetch Whisper: `localclip models pull starter`"
_FRAME_S = 0.01
_PIECE_S = 0.5  # PocketSphinx holds the interpreter lock while it decodes: heartbeats run between the pieces
_JOIN_S = 0.35
_PAD_S = 0.1
_CHUNK_S = 15.0
_VARIANT = re.compile(r"\(\d+\)$")
_FILLERS = ("<", "[", "+")


class SphinxRecognizer:
    """PocketSphinx: one decode per stretch of speech (it hears words in silence), English only."""

    punctuates = False

    def __init__(self) -> None:
        try:
            import pocketsphinx
        except ImportError as error:  # there is not a wheel for every Python and processor, see pyproject.toml
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"pocketsphinx is not installed here ({error}): fetch a Whisper model (`localclip models list`), set "
                "LOCALCLIP_RECOGNIZER=faster-whisper, or use Python 3.11 or 3.13",
            ) from error
        self._decoder = pocketsphinx.Decoder(loglevel="FATAL")
        self._lock = threading.Lock()  # a decoder handles one utterance at a time

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="recognizer",
            name="pocketsphinx",
            version=version("pocketsphinx"),
            licence="BSD-2-Clause",
            commercial_use=True,
            languages=("en",),
            natural_errors=(("en", 0.28),),  # measured on clean audio books
            hint=_HINT,
        )

    def recognize(
        self,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str] = (),
    ) -> Recognition:
        """Decode chunk by chunk, in English; its dictionary is fixed, so `hotwords` do not help it."""
        chunks = [
            padded
            for span in padded_chunks(speech, recording.duration_s)
            for padded in cut_at_quiet(recording, span, _CHUNK_S)
        ]
        total_s = sum(chunk.duration_s for chunk in chunks) or 1.0
        done_s = 0.0
        words: list[Word] = []
        with self._lock:
            # The channel estimate adapts while decoding; a fresh front end makes a result independent of earlier jobs.
            self._decoder.reinit_feat()
            for chunk in chunks:
                words += self._decode(recording, chunk, lambda part_s: report((done_s + part_s) / total_s))  # noqa: B023
                done_s += chunk.duration_s
        return Recognition("en", tuple(words))

    def find_language(self, recording: Recording, speech: Sequence[Span]) -> tuple[str, float | None]:
        """English."""
        return "en", None

    def recognize_each(self, recordings: Sequence[Recording], language: str, report: Report) -> list[tuple[Word, ...]]:
        """Recognize one after the other."""
        found = []
        for number, one in enumerate(recordings):
            whole = Span(0.0, one.duration_s)
            share = lambda part: report((number + part) / len(recordings))  # noqa: B023, E731
            found.append(self.recognize(one, [whole], language, share).words)
        return found

    def _decode(self, recording: Recording, chunk: Span, report: Report) -> list[Word]:
        pcm = recording.pcm(chunk.start_s, chunk.end_s)
        step = int(_PIECE_S * SPEECH_RATE_HZ)
        self._decoder.start_utt()
        try:
            for first in range(0, len(pcm), step):
                report(first / SPEECH_RATE_HZ)
                self._decoder.process_raw(pcm[first : first + step].tobytes(), False, False)
        finally:
            self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return []
        return list(self._words(chunk))

    def _words(self, chunk: Span) -> Iterator[Word]:
        for heard in self._decoder.seg():
            if heard.word.startswith(_FILLERS):
                continue
            yield Word(
                text=_VARIANT.sub("", heard.word),
                start_s=round(chunk.start_s + heard.start_frame * _FRAME_S, 3),
                end_s=round(min(chunk.end_s, chunk.start_s + (heard.end_frame + 1) * _FRAME_S), 3),
                probability=round(min(1.0, max(0.0, heard.prob)), 3),
            )


def padded_chunks(speech: Sequence[Span], duration_s: float) -> list[Span]:
    """Join stretches that are close, up to the longest chunk, and widen each into the silence around it."""
    joined: list[Span] = []
    for span in speech:
        last = joined[-1] if joined else None
        if last and span.start_s - last.end_s <= _JOIN_S and span.end_s - last.start_s <= _CHUNK_S:
            joined[-1] = Span(last.start_s, span.end_s)
        else:
            joined.append(span)
    bounds = [0.0, *(bound for span in joined for bound in (span.start_s, span.end_s)), duration_s]
    padded = []
    for number, span in enumerate(joined):
        before, after = span.start_s - bounds[2 * number], bounds[2 * number + 3] - span.end_s
        padded.append(Span(span.start_s - min(_PAD_S, before / 2), span.end_s + min(_PAD_S, max(0.0, after) / 2)))
    return padded
