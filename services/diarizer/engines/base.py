"""What the use case needs from engines that listen.

Engines block. Each work method takes `report`, which is called with the fraction done at least about every second of
work and raises Canceled when the work should stop. Times are seconds from the start of the recording.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.diarizer.recording import Recording
from shared.messaging import EngineInfo
from shared.transcript import Word

Report = Callable[[float], None]
Picture = npt.NDArray[np.uint8]
"""Rows × columns × red, green, blue."""


@dataclass(frozen=True)
class Span:
    """A stretch of time."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Turn(Span):
    """A stretch in which one speaker, a number from 0 on, is heard."""

    speaker: int


@dataclass(frozen=True)
class SpokenIn(Span):
    """A stretch, the language heard in it, and the recognizer's confidence in that, 0 to 1."""

    language: str
    confidence: float


@dataclass(frozen=True)
class Recognition:
    """What was said: words in time order, in the language that was asked for or found.

    `confidence` (0 to 1) in a detected language; None for a requested one. `languages` gives the language heard in each
    stretch, if the engine can tell; the words are in `language` nevertheless.
    """

    language: str
    words: tuple[Word, ...]
    confidence: float | None = None
    languages: tuple[SpokenIn, ...] = ()


class VoiceActivity(Protocol):
    """Separates speech from everything else."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        ...

    def speech(self, recording: Recording, report: Report) -> list[Span]:
        """Find the stretches of speech: in time order, not overlapping, separated by pauses of 0.2 s or more."""
        ...


class Recognizer(Protocol):
    """Transcribes speech."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is; `languages` are those it recognizes; an empty list means any."""
        ...

    @property
    def punctuates(self) -> bool:
        """Whether words come with punctuation and capitals; otherwise the use case restores sentences from pauses."""
        ...

    def recognize(
        self,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str] = (),
    ) -> Recognition:
        """Recognize what is said within `speech`, in one of the languages that `info` lists.

        `language` None lets the engine detect it or use its default. `hotwords`, most important first, may occur: an
        engine that can do so prefers them. Word texts have no surrounding spaces.

        Raises:
            PermanentError: `language_unsupported` when the detected language is none of those.
        """
        ...

    def find_language(self, recording: Recording, speech: Sequence[Span]) -> tuple[str, float | None]:
        """The language spoken within `speech`, and its probability, 0 to 1; None: the engine knows no other.

        Raises: PermanentError, as `recognize`.
        """
        ...

    def recognize_each(self, recordings: Sequence[Recording], language: str, report: Report) -> list[tuple[Word, ...]]:
        """Recognize short independent recordings, each as a whole; results in order."""
        ...


class SpeechTranslator(Protocol):
    """Translates speech into another language."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is; `pairs` are those it translates."""
        ...

    def translate(self, recording: Recording, spans: Sequence[Span], language: str, report: Report) -> list[str]:
        """What is said in each of `spans`, of 30 s at most, from `language`; empty if nothing is understood."""
        ...


class VoiceEmbedder(Protocol):
    """Describes a voice as a vector, so that it can be recognized."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is; `judges_takes` says whether its vectors of synthesized takes mean anything."""
        ...

    @property
    def model(self) -> str:
        """The model of its vectors: only those of the same model can be compared."""
        ...

    @property
    def same_voice(self) -> float:
        """The cosine from which on two vectors count as the same voice; measured."""
        ...

    def embed(self, recording: Recording, spans: Sequence[Span], report: Report) -> tuple[float, ...] | None:
        """The voice heard in `spans`, where one person speaks, at unit length; None if there is too little of it."""
        ...


class SpeakerDiarizer(Protocol):
    """Distinguishes speakers."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        ...

    def turns(
        self, recording: Recording, speech: Sequence[Span], num_speakers: int | None, report: Report
    ) -> list[Turn]:
        """Say who speaks when: exclusive turns in time order.

        `num_speakers` None lets the engine count; fewer than requested may be returned if so many cannot be
        distinguished.
        """
        ...


@dataclass(frozen=True)
class Place:
    """Where a row of text is in a picture, in its pixels; `right` and `bottom` are exclusive. `score` is 0 to 1."""

    left: int
    top: int
    right: int
    bottom: int
    score: float = 1.0

    @property
    def height(self) -> int:
        """Its height."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Where it is from left to right."""
        return (self.left + self.right) / 2

    @property
    def level(self) -> float:
        """Where it is from top to bottom."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Written:
    """What a row says, with the confidence in each character, 0 to 1."""

    text: str
    confidences: tuple[float, ...]

    @property
    def confidence(self) -> float:
        """Of the row as a whole."""
        return sum(self.confidences) / len(self.confidences) if self.confidences else 0.0


class PictureText(Protocol):
    """Finds and reads text in pictures."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is; `languages` are those whose scripts it knows."""
        ...

    def find(self, picture: Picture) -> list[Place]:
        """Find rows of text in a picture at its given size: letters of 12 pixels and more."""
        ...

    def read(self, rows: Sequence[Picture]) -> list[Written]:
        """Read rows that were cut out, each independently; results in order."""
        ...
