"""Open JTalk: Japanese, clear and as cheap as eSpeak NG; dictionary and voice are in the wheel of pyopenjtalk-plus."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from math import log2
from typing import Any

import numpy as np

from services.cloner.engines.base import Abilities, Fault, Sound, Speech, StockVoice
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, Stage

NAME = "open-jtalk"
_RATE_HZ = 48_000
_FULL_SCALE = 32_768.0
_F0_HZ = 330.0  # of the voice Mei, the median of a few sentences
_ZERO_HZ = 357.0  # the base for shifts, so that they reach the wanted pitch
_VOICES = (
    StockVoice("open-jtalk-mei", _F0_HZ, _F0_HZ * 0.6, _F0_HZ * 1.2, title="Mei"),
    StockVoice("open-jtalk-deep", 130.0, 90.0, 200.0, title="Ken"),
)
_SIZES = {"open-jtalk-deep": 0.82}  # played slower and spoken faster by as much: a longer vocal tract, like a man's
_PACE = 1.18  # at which it speaks as fast as people do


class OpenJTalkSynthesizer:
    """One voice, shifted to the pitch of the speaker; 30 ms of computing for a second of sound."""

    def __init__(self, jtalk: Any) -> None:
        self._jtalk = jtalk

    @cached_property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.CLONING,
            port="voice",
            name=NAME,
            version=version("pyopenjtalk-plus"),
            licence="MIT; voice Mei: CC BY 3.0, MMDAgent Project Team, Nagoya Institute of Technology",
            commercial_use=True,
            languages=self.abilities.languages,
            voices=tuple(voice.name for voice in _VOICES),
            stock=tuple(voice.told for voice in _VOICES),
        )

    @cached_property
    def abilities(self) -> Abilities:
        """What it can do."""
        return Abilities(
            languages=("ja",),
            sample_rate_hz=_RATE_HZ,
            max_chars=1000,
            slowest=0.6,
            fastest=1.6,
            voices=_VOICES,
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Speak one text after the other."""
        for index, speech in enumerate(batch):
            cancel.check()
            yield index, self._speak(speech)

    def _speak(self, speech: Speech) -> Sound | Fault:
        size = _SIZES.get(speech.voice.name or "", 1.0)
        half_tones = 12 * log2(speech.voice.f0_hz / (_ZERO_HZ * size)) if speech.voice.f0_hz else 0.0
        speed = _PACE * speech.rate * speech.voice.pace / size
        samples, rate_hz = self._jtalk.tts(speech.text, speed=speed, half_tone=half_tones)
        if not len(samples):
            return Fault("the Japanese voice finds nothing to read in this line: write it in kana or kanji")
        return Sound((samples / _FULL_SCALE).astype(np.float32), round(rate_hz * size / 100) * 100)


def find_open_jtalk() -> OpenJTalkSynthesizer | None:
    """The installed Open JTalk, or None."""
    if find_spec("pyopenjtalk") is None:
        return None
    import pyopenjtalk

    pyopenjtalk.run_frontend("準備")  # the dictionary is opened now, not during the first line
    return OpenJTalkSynthesizer(pyopenjtalk)
