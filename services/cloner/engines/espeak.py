"""eSpeak NG: every language LocalClip offers, by formants, tuned to the speaker's pitch."""

import io
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import soundfile

from services.cloner.engines.base import Abilities, Fault, Sound, Speech, StockVoice, Voice
from services.cloner.engines.kana import KanaReader, find_kana_reader
from shared.media import ToolLimits, run_tool
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, Stage

# Words per minute, as eSpeak NG counts them, at which each language has the pace of ordinary speech
# (`spoken_chars_per_s`): at its default of 175 French has 24 characters a second and German 19, measured as the median
# of a few sentences in two voices on eSpeak NG 1.51.
NATURAL_WPM = {"en": 156, "ko": 196, "ja": 175, "fr": 133, "de": 148, "es": 176, "id": 179, "zh": 213}

# Its voice per language. Two traps: `cmn` reads hanzi letter by letter, `cmn-latn-pinyin` reads them as words; and a
# variant is ignored on `fr-fr`, so French is `fr`.
_VOICES = {
    "en": "en-us",
    "ko": "ko",
    "ja": "ja",
    "fr": "fr",
    "de": "de",
    "es": "es",
    "id": "id",
    "zh": "cmn-latn-pinyin",
}

_PITCHES = (0, 25, 50, 75, 99)
# Median F0 of each variant at `_PITCHES`, measured with YIN on eSpeak NG 1.51, the mean of one sentence each in en fr
# de es id ja, which lie within a semitone of it. Of more than a hundred variants these differ most in timbre.
_F0_HZ: dict[str, tuple[float, ...]] = {
    "": (69.5, 82.2, 102.0, 130.7, 169.8),
    "m7": (75.8, 89.2, 106.6, 133.3, 170.1),
    "m4": (68.3, 77.5, 95.0, 119.1, 152.2),
    "Denis": (67.7, 79.6, 99.2, 128.2, 167.4),
    "Mario": (78.0, 90.6, 107.8, 134.8, 171.5),
    "f2": (131.2, 157.3, 194.5, 249.4, 323.0),
    "f3": (150.5, 174.4, 210.6, 264.1, 336.7),
    "f1": (117.8, 142.8, 179.0, 232.9, 305.5),
    "f5": (131.4, 161.9, 204.7, 266.8, 349.7),
    "Annie": (194.2, 214.7, 244.7, 288.9, 348.9),
}
_LANGUAGE_SHIFT = {"zh": 1.11, "ko": 0.97}  # what to request so that the tone contours have the wanted median
_VARIANTS = {
    "male-1": "",
    "male-2": "m7",
    "male-3": "m4",
    "male-4": "Denis",
    "male-5": "Mario",
    "female-1": "f2",
    "female-2": "f3",
    "female-3": "f1",
    "female-4": "f5",
    "female-5": "Annie",
}
_TITLES = {
    "male-1": "Adam",
    "male-2": "Bruno",
    "male-3": "Carl",
    "male-4": "Denis",
    "male-5": "Mario",
    "female-1": "Clara",
    "female-2": "Diana",
    "female-3": "Emma",
    "female-4": "Flora",
    "female-5": "Annie",
}
_MALE_HZ, _FEMALE_HZ = 108.0, 182.0  # from their geometric mean, 140 Hz, on, a female voice is used
_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=1024**3)


def _stock_voices() -> Iterator[StockVoice]:
    for name, variant in _VARIANTS.items():
        best_hz = _MALE_HZ if name.startswith("male") else _FEMALE_HZ
        low_hz, high_hz = _F0_HZ[variant][0], _F0_HZ[variant][-1]
        reserve_st = 0.5 * (int(name[-1]) - 1)
        best_hz = max(best_hz, low_hz)
        yield StockVoice(f"espeak-{name}", best_hz, low_hz, high_hz, reserve_st, title=_TITLES[name])


class EspeakSynthesizer:
    """One short process per line (11 ms): text in by pipe, WAV out by pipe."""

    def __init__(self, version: str, languages: tuple[str, ...], kana: KanaReader | None) -> None:
        self._version, self._languages, self._kana = version, languages, kana

    @cached_property
    def info(self) -> EngineInfo:
        """What this engine is."""
        missing = [code for code in _VOICES if code not in self._languages]
        return EngineInfo(
            stage=Stage.CLONING,
            port="voice",
            name="espeak-ng",
            version=self._version,
            licence="GPL-3.0-or-later",
            commercial_use=True,
            languages=self._languages,
            voices=tuple(voice.name for voice in self.abilities.voices),
            stock=tuple(voice.told for voice in self.abilities.voices),
            hint=f"for {', '.join(missing)}: install pyopenjtalk-plus and eSpeak NG 1.51 or later" if missing else "",
        )

    @cached_property
    def abilities(self) -> Abilities:
        """What it can do."""
        return Abilities(
            languages=self._languages,
            sample_rate_hz=22_050,
            max_chars=3000,
            slowest=0.5,
            fastest=1.6,
            voices=tuple(_stock_voices()),
            keeps_open=True,
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Speak one text after the other."""
        for index, speech in enumerate(batch):
            yield index, self._speak(speech, cancel)

    def _speak(self, speech: Speech, cancel: CancelToken) -> Sound | Fault:
        text = f"{speech.text}," if speech.goes_on and speech.text[-1:].isalnum() else speech.text
        if speech.language == "ja" and self._kana:
            kana = self._kana.read(text)
            if isinstance(kana, Fault):
                return kana
            text = kana
        # `-z`: no pause at the end; `-b 1`: the text is UTF-8.
        command = ["espeak-ng", *tuning(speech), "-b", "1", "-z", "--stdin", "--stdout"]
        samples, rate_hz = soundfile.read(
            io.BytesIO(run_tool(command, cancel, _LIMITS, data=text.encode())), dtype="float32"
        )
        return Sound(samples, rate_hz)


def tuning(speech: Speech) -> list[str]:
    """eSpeak NG's options for voice, pitch and words per minute."""
    variant = _VARIANTS[(speech.voice.name or "espeak-male-1").removeprefix("espeak-")]
    base = _VOICES[speech.language]
    voice = f"{base}+{variant}" if variant else base
    pitch = _pitch(speech.voice, variant, speech.language)
    return [
        "-v",
        voice,
        "-p",
        str(pitch),
        "-s",
        str(round(NATURAL_WPM[speech.language] * speech.voice.pace * speech.rate)),
    ]


def _pitch(voice: Voice, variant: str, language: str) -> int:
    """The `-p` at which `variant` has the median F0 of `voice`."""
    if voice.f0_hz is None:
        return 50
    aim_hz = voice.f0_hz * _LANGUAGE_SHIFT.get(language, 1.0)
    return round(float(np.interp(np.log(aim_hz), np.log(_F0_HZ[variant]), _PITCHES)))


def find_espeak() -> EspeakSynthesizer | None:
    """The installed eSpeak NG, or None."""
    if shutil.which("espeak-ng") is None:
        return None
    cancel = CancelToken()
    # "eSpeak NG text-to-speech: 1.51  Data at: ..."
    version = run_tool(["espeak-ng", "--version"], cancel, _LIMITS).decode().partition(":")[2].split()[0]
    listed = run_tool(["espeak-ng", "--voices"], cancel, _LIMITS).decode("utf-8", "replace").splitlines()[1:]
    present = {row.split()[1] for row in listed if len(row.split()) > 1} | {"fr"}
    kana = find_kana_reader()
    spoken = (code for code, voice in _VOICES.items() if voice in present and (code != "ja" or kana))
    return EspeakSynthesizer(version, tuple(spoken), kana)
