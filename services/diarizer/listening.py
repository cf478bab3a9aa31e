"""The use case of listening to finished takes: are they understood, and do they sound like their speakers?"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.diarizer.clips import as_recording, whole
from services.diarizer.engines import Engines
from services.diarizer.recording import Recording
from services.diarizer.sounding import sounds_of
from services.diarizer.wording import error_rate, units
from shared.messaging import EngineInfo, EngineUsed, HeardLine, HearTakes, JobContext, TakeToHear
from shared.observability import logger
from shared.pipeline import language
from shared.spoken.chinese import in_script, script_of
from shared.storage import ObjectNotFound
from shared.transcript import join_words

_UNDERSTOOD = 0.9  # of the work on a portion, when all of it is understood
_FEWEST = 8
"""The least number of takes heard together, since so many share a window of 30 s."""
_MOST = 64
log = logger(__name__)


@dataclass(frozen=True)
class Heard:
    """What was heard, and why figures are missing if they are."""

    lines: tuple[HeardLine, ...]
    engines: tuple[EngineUsed, ...]
    no_error_rate: str | None
    no_similarity: str | None


def portion(heard: int, total: int, spent_s: float, budget_s: float | None, least: int) -> int:
    """How many of `total` takes to hear next, after `heard` of them took `spent_s`; 0: enough.

    `least` are heard in any case, plus as many as the rest of the budget allows at the cost so far.
    """
    left = total - heard
    if budget_s is None:
        return left
    if heard < least or heard == 0:
        return min(left, max(least - heard, _FEWEST))
    worth = _MOST if spent_s <= 0 else int((budget_s - spent_s) * heard / spent_s)
    return min(left, worth, _MOST) if worth >= min(left, _FEWEST) else 0


class Listening:
    """Hears one job's takes, portion after portion. Safe to repeat: it stores nothing."""

    def __init__(self, engines: Engines, clock: Callable[[], float] = time.monotonic) -> None:
        self._engines, self._clock = engines, clock

    def run(self, job: HearTakes, context: JobContext) -> Heard:
        """Hear the takes that still exist, as many as the job's budget allows.

        A figure that no engine here can measure is None.
        """
        session = _Session(self._engines, job, context)
        lines: list[HeardLine] = []
        began_s, first = self._clock(), 0
        while count := portion(first, len(job.lines), self._clock() - began_s, job.budget_s, job.least):
            lines += session.heard(first, count)
            first += count
        log.info("takes_heard", heard=first, of=len(job.lines), budget_s=job.budget_s)
        used = []
        if session.no_error_rate is None:
            used.append(_listener(self._engines.recognizer.info, job.language))
        if session.no_similarity is None:
            used.append(self._engines.embedder.info.used())
        return Heard(tuple(lines), tuple(used), session.no_error_rate, session.no_similarity)


class _Session:
    """What the takes of one job have in common: their language, and their speakers' voices."""

    def __init__(self, engines: Engines, job: HearTakes, context: JobContext) -> None:
        self._engines, self._context, self._language = engines, context, language(job.language)
        self._lines, self._first, self._count = job.lines, 0, 0
        recognizer, embedder = engines.recognizer.info, engines.embedder.info
        known = not recognizer.languages or job.language in recognizer.languages
        self.no_error_rate = None if known else f"{recognizer.name} does not understand {self._language.name}"
        self.no_similarity = None if embedder.judges_takes else f"{embedder.name} cannot tell how alike voices are"
        self._clips = {who.speaker_id: who.reference_key for who in job.speakers if who.reference_key}
        self._voices: dict[str, tuple[float, ...] | None] = {}

    def heard(self, first: int, count: int) -> list[HeardLine]:
        """The figures of `count` takes from number `first` on."""
        self._first, self._count = first, count
        takes = self._lines[first : first + count]
        recordings = [self._take(take) for take in takes]
        texts = self._understood(recordings)
        sounds = self._sounds(takes, texts)
        lines = []
        for number, (take, recording, text) in enumerate(zip(takes, recordings, texts, strict=True)):
            self._told(_UNDERSTOOD + (1 - _UNDERSTOOD) * number / count, "comparing voices")
            lines.append(self._figures(take, recording, text, sounds))
        return lines

    def _take(self, take: TakeToHear) -> Recording | None:
        """The sound of `take`; None when it is gone."""
        recording = self._open(take.take_key, f"{take.segment_id}.pcm")
        if recording is None:
            log.warning("take_missing", segment=take.segment_id, key=take.take_key)
        return recording

    def _understood(self, recordings: Sequence[Recording | None]) -> list[str | None]:
        """What is understood in each; None if there is no audio or no engine that understands it."""
        there = [recording for recording in recordings if recording is not None]
        if self.no_error_rate or not there:
            return [None] * len(recordings)
        found = iter(self._engines.recognizer.recognize_each(there, self._language.code, self._understanding))
        spaces = self._language.spaces
        texts = (join_words((word.text for word in words), spaces=spaces) for words in found)
        return [None if one is None else next(texts) for one in recordings]

    def _sounds(self, takes: Sequence[TakeToHear], texts: Sequence[str | None]) -> Mapping[str, str]:
        """The sounds of the words in lines that were understood differently from their texts."""
        pairs = [
            (units(take.text, self._language), units(text or "", self._language))
            for take, text in zip(takes, texts, strict=True)
        ]
        words = [word for said, heard in pairs if heard and said != heard for word in said + heard]
        return sounds_of(words, self._language.code, self._context.cancel)

    def _figures(
        self, take: TakeToHear, recording: Recording | None, text: str | None, sounds: Mapping[str, str]
    ) -> HeardLine:
        """The figures of one take. Chinese is compared in the script of its text, since the recognizer may write
        either."""
        if text is not None and self._language.code == "zh":
            text = in_script(text, script_of(take.text))
        return HeardLine(
            segment_id=take.segment_id,
            revision=take.revision,
            heard=text,
            error_rate=None if text is None else error_rate(take.text, text, self._language, sounds),
            similarity=self._similarity(take.speaker_id, recording) if recording and not self.no_similarity else None,
        )

    def _similarity(self, speaker_id: str, recording: Recording) -> float | None:
        if speaker_id not in self._voices:
            clip = self._open(self._clips.get(speaker_id), f"{speaker_id}.clip.pcm")
            self._voices[speaker_id] = self._embedded(clip) if clip else None
        own, voice = self._voices[speaker_id], self._embedded(recording)
        return round(float(np.dot(own, voice)), 4) if own is not None and voice is not None else None

    def _embedded(self, recording: Recording) -> tuple[float, ...] | None:
        return self._engines.embedder.embed(recording, [whole(recording)], self._report)

    def _open(self, key: str | None, name: str) -> Recording | None:
        if key is None:
            return None
        try:
            path = self._context.store.local(key, self._context.workdir)
        except ObjectNotFound:
            return None
        return as_recording(path, self._context.workdir / name)

    def _understanding(self, part: float) -> None:
        self._told(_UNDERSTOOD * part, "listening to the takes")

    def _told(self, part: float, text: str) -> None:
        """Report that `part` of this portion is done."""
        self._context.cancel.check()
        self._context.progress((self._first + part * self._count) / len(self._lines), text)

    def _report(self, _: float) -> None:
        self._context.cancel.check()


def _listener(info: EngineInfo, code: str) -> EngineUsed:
    """The engine with its error rate for natural speech: errors beyond that are the take's."""
    return info.used().model_copy(update={"natural_error_rate": dict(info.natural_errors).get(code)})
