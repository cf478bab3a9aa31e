"""Hear a voice before choosing it: what it says, and the name under which the audio is kept."""

import hashlib
import json

from services.gateway.script.slots import Span
from services.gateway.script.voices import Choice
from shared.messaging import SpeakerVoice
from shared.pipeline import language

_SENTENCES = {
    "en": "Hello! This is what I sound like. Shall we begin?",
    "es": "¡Hola! Así suena mi voz. ¿Empezamos?",
    "fr": "Bonjour ! Voici ma voix. On commence ?",
    "de": "Hallo! So klingt meine Stimme. Fangen wir an?",
    "id": "Halo! Beginilah suara saya. Mari kita mulai?",
    "ja": "こんにちは。私の声はこんな感じです。始めましょうか。",
    "ko": "안녕하세요. 제 목소리는 이렇습니다. 시작할까요?",
    "zh": "你好！这就是我的声音。我们开始吧？",
}
ROOM_S = 4.0
"""Silence after a sentence, for voices that are slower."""


def sample_span(code: str, speaker_id: str) -> Span | None:
    """The sentence every voice of a language says, with room to say it; None if there is none for the language."""
    text = _SENTENCES.get(code)
    if text is None:
        return None
    return Span("sample", 0.0, len(text) / language(code).spoken_chars_per_s, speaker_id, text)


def audition_id(text: str, slot_s: float, choice: Choice | None, voice: SpeakerVoice, marks: str) -> str:
    """Equal for auditions that sound alike; also the name of its job, and of the line that its take is kept under."""
    chosen = None if choice is None else [choice.kind, choice.id]
    made_of = [text, round(slot_s * 1000), chosen, voice.model_dump(exclude={"speaker_id"}, mode="json"), marks]
    return f"try_{hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]}"
