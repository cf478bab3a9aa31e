"""A multilingual Whisper as translator of speech: it was trained to transcribe any language into English."""

from collections.abc import Sequence

from services.diarizer.engines._doubt import Passage, believed, better
from services.diarizer.engines._whisper import Whisper
from services.diarizer.engines.base import Report, Span
from services.diarizer.recording import Recording, Samples
from shared.inference import SafeSize
from shared.messaging import EngineInfo

_ENGLISH = "en"
_BATCH = {"cpu": 4, "cuda": 16}


class WhisperTranslator:
    """The model of the recognizer, used for English output."""

    def __init__(self, whisper: Whisper, recognizer: EngineInfo) -> None:
        self._whisper = whisper
        self._batch = SafeSize(_BATCH[whisper.placement.device])
        pairs = tuple((code, _ENGLISH) for code in whisper.languages if code != _ENGLISH)
        self._info = recognizer.model_copy(
            update={"port": "speech_translator", "languages": (), "natural_errors": (), "hint": "", "pairs": pairs}
        )

    @property
    def info(self) -> EngineInfo:
        """The recognizer's name, version and licence; every language it knows into English."""
        return self._info

    def translate(self, recording: Recording, spans: Sequence[Span], language: str, report: Report) -> list[str]:
        """Translate batch by batch; doubtful chunks are translated again, at rising temperatures."""
        sounds = [recording.read(span.start_s, span.end_s) for span in spans]
        texts: list[str] = []
        while len(texts) < len(sounds):
            report(len(texts) / len(sounds))
            left = sounds[len(texts) :]
            batch = self._batch.run(lambda size: self._whisper.translate(left[:size], language))  # noqa: B023
            for sound, passage in zip(left, batch, strict=False):
                report(len(texts) / len(sounds))
                texts.append(self._settled(sound, passage, language))
        report(1.0)
        return texts

    def _settled(self, sound: Samples, passage: Passage, language: str) -> str:
        if passage.is_doubtful:
            passage = better(passage, self._whisper.translate_again(sound, language))
        return " ".join(word.text for word in believed(passage))
