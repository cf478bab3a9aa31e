"""How well engines are understood and understand, as measured, and the one command that improves a language.

Percentage of wrong words (ja, zh, ko: characters): for voices when transcribed by Whisper base, for recognizers on
English audiobooks, including verse. Anything without a figure was not measured.
"""

from dataclasses import dataclass

_MISHEARD = {
    "espeak-ng": {"en": 8.0, "fr": 74.0, "es": 38.0, "ja": 57.0, "zh": 73.0, "de": 47.0, "id": 81.0, "ko": 100.0},
    "flite": {"en": 0.8},
    "open-jtalk": {"ja": 7.0},
    "kokoro": {"en": 0.0, "fr": 9.6, "es": 5.6, "ja": 2.0, "zh": 5.0},
}
_MISUNDERSTOOD = {"pocketsphinx": {"en": 51.2}, "whisper-tiny.en": {"en": 6.4}, "whisper-base": {"en": 6.4}}
_POOR = 30.0
"""From this share of misheard words on, a listener understands little."""

_NEXT_EARS = {"": "whisper-base", "pocketsphinx": "whisper-base", "whisper-tiny.en": "whisper-base"}
_NEXT_EARS |= {"whisper-base": "whisper-small", "whisper-small": "whisper-large-v3-turbo"}
_CLONING = {"coqui-xtts", "voxcpm"}


@dataclass(frozen=True)
class Service:
    """What serves a language: the engine, or the name of its weights, and its error rate in percent."""

    engine: str
    error_percent: float | None
    poor: bool = False
    better: str = ""


def hearing(code: str, engine: str) -> Service:
    """What understands `code`; `engine` is a recognizer, the name of its weights, or empty for none."""
    error = _MISUNDERSTOOD.get(engine, {}).get(code)
    step = _NEXT_EARS.get(engine, "")
    return Service(engine, error, error is not None and error >= _POOR, _pull(step))


def speaking(code: str, engine: str) -> Service:
    """What speaks `code`; `engine` is a voice, or empty for none."""
    error = _MISHEARD.get(engine, {}).get(code)
    step = ""
    if engine not in _CLONING and engine != "kokoro":
        step = "kokoro" if code in _MISHEARD["kokoro"] else "voxcpm2"
    return Service(engine, error, error is not None and error >= _POOR, _pull(step))


def _pull(model: str) -> str:
    return f"localclip models pull {model}" if model else ""
