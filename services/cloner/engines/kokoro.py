"""Kokoro-82M: English, French, Spanish, Japanese and Chinese in many voices, on a CPU (weights Apache-2.0)."""

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.cloner.engines._gluing import glue
from services.cloner.engines._kokoro_model import MOST_SOUNDS, NETWORK, RATE_HZ, KokoroModel, cores
from services.cloner.engines._phonemes import available, phonemes
from services.cloner.engines._torch import fingerprint
from services.cloner.engines._wording import pieces
from services.cloner.engines.base import Abilities, Fault, Sound, Speech, StockVoice
from services.cloner.settings import ClonerSettings
from shared.messaging import EngineInfo
from shared.models import ModelSettings, digest_here, find_model
from shared.observability import logger
from shared.pipeline import CancelToken, Stage

NAME = "kokoro"
_LANGUAGES = ("en", "fr", "es", "ja", "zh")
_BY_ESPEAK = {"en", "fr", "es"}
# The speed at which it speaks as fast as people do: characters a second in a few sentences, without silence around
# them.
_PACE = {"en": 0.95, "fr": 0.87, "es": 1.05, "ja": 1.2, "zh": 0.94}
# Before the first sound, which the network otherwise swallows ("desaparecido" as "es aparecido"). Of 88 short takes of
# three voices (383 words), Whisper base mishears 2.9 % with it and 5.7 % without, 0.8 to 5.2 points more (95 %). French
# gets worse with it.
_BREATH = {"es": ", "}
_MOST_CHARS = {"ja": 90, "zh": 110}  # characters of a part; other languages: as many as fit
_SMALLEST, _LARGEST = 0.9, 1.08  # a voice played that much slower or faster is another person, but still a person
log = logger(__name__)


@dataclass(frozen=True)
class _Person:
    """A voice: its file, its median pitch (by autocorrelation), the languages it speaks.

    `mixed`: it is a mixture of several, for a language that has too few voices. `misheard`: the share that Whisper base
    got wrong in ten sentences (`benchmarks/speech/speaking.py`), which varies randomly by a tenth; None: not measured.
    """

    file: str
    f0_hz: float
    languages: tuple[str, ...]
    reserve_st: float = 0.0
    mixed: str = ""
    misheard: float | None = None

    @property
    def name(self) -> str:
        return f"kokoro-{self.file}"

    @property
    def title(self) -> str:
        """Its given name; a mixed voice is distinguished from the original of that name."""
        name = self.file.partition("_")[2].capitalize()
        return f"{name} (FR)" if self.mixed else name

    @property
    def style(self) -> str:
        return self.mixed or self.file

    @property
    def stock_voice(self) -> StockVoice:
        """What the use case knows of it."""
        low, high = self.f0_hz * _SMALLEST, self.f0_hz * _LARGEST
        return StockVoice(self.name, self.f0_hz, low, high, self.reserve_st, self.languages, self.misheard, self.title)


_PEOPLE = (
    _Person("af_heart", 193.0, ("en",)),
    _Person("af_bella", 186.0, ("en",), 0.5),
    _Person("af_sarah", 186.0, ("en",), 1),
    _Person("af_aoede", 176.0, ("en",), 1),
    _Person("bf_emma", 178.0, ("en",), 1),
    _Person("af_kore", 145.0, ("en",), 3),
    _Person("bf_isabella", 195.0, ("en",), 2, misheard=0),
    _Person("bf_alice", 212.0, ("en",), 2),
    _Person("am_michael", 116.0, ("en",)),
    _Person("am_fenrir", 132.0, ("en",), 0.5),
    _Person("am_puck", 110.0, ("en",), 1, misheard=0),
    _Person("bm_george", 144.0, ("en",), 1),
    _Person("bm_fable", 116.0, ("en",), 1.5),
    _Person("am_echo", 105.0, ("en",), 2),
    _Person("bm_lewis", 89.0, ("en",), 2),
    _Person("am_onyx", 83.0, ("en",), 2.5),
    _Person("af_nova", 155.0, ("en",), 3.5),
    _Person("ef_dora", 174.0, ("es",), misheard=0.06),
    _Person("em_alex", 132.0, ("es",)),
    _Person("em_santa", 120.0, ("es",), 1.5),
    _Person("ff_siwis", 205.0, ("fr",), misheard=0.11),
    # There is one French voice. Men are halfway between her and men of other languages, whose own French nobody
    # understands (half of the words misheard, of these 0 to 6 %).
    _Person("fm_lewis", 142.0, ("fr",), mixed="bm_lewis:0.6+ff_siwis:0.4", misheard=0.08),
    _Person("fm_michael", 151.0, ("fr",), 0.5, mixed="am_michael:0.6+ff_siwis:0.4"),
    _Person("fm_alex", 161.0, ("fr",), 1.5, mixed="em_alex:0.6+ff_siwis:0.4"),
    _Person("jf_alpha", 258.0, ("ja",)),
    _Person("jf_gongitsune", 229.0, ("ja",), 0.5),
    _Person("jf_nezumi", 235.0, ("ja",), 1.5),
    _Person("jf_tebukuro", 314.0, ("ja",), 1),
    _Person("jm_kumo", 94.0, ("ja",)),
    _Person("zf_xiaoxiao", 246.0, ("zh",), misheard=0.05),
    _Person("zf_xiaobei", 246.0, ("zh",), 1, misheard=0.07),
    _Person("zf_xiaoni", 230.0, ("zh",), 0.5, misheard=0.4),
    _Person("zf_xiaoyi", 308.0, ("zh",), 1, misheard=0.06),
    _Person("zm_yunjian", 142.0, ("zh",), misheard=0.07),
    _Person("zm_yunyang", 113.0, ("zh",), 0.5, misheard=0.08),
    _Person("zm_yunxi", 168.0, ("zh",), 1, misheard=0.04),
)
_BY_NAME = {person.name: person for person in _PEOPLE}


class KokoroSynthesizer:
    """One text after the other, on all cores; long ones in parts."""

    def __init__(self, settings: ClonerSettings, models: ModelSettings) -> None:
        folder = find_model(settings.kokoro_model, models)
        self._model = KokoroModel(folder)
        self._digest = digest_here(settings.kokoro_model, models)
        self._version = f"1.0 int8 {fingerprint(folder / NETWORK)}"
        has_espeak = shutil.which("espeak-ng") is not None
        self._languages = tuple(code for code in _LANGUAGES if (has_espeak if code in _BY_ESPEAK else available(code)))

    @cached_property
    def info(self) -> EngineInfo:
        """What this engine is."""
        missing = [code for code in _LANGUAGES if code not in self._languages]
        return EngineInfo(
            stage=Stage.CLONING,
            port="voice",
            name=NAME,
            version=self._version,
            licence="Apache-2.0",
            commercial_use=True,
            languages=self._languages,
            voices=tuple(voice.name for voice in self.abilities.voices),
            stock=tuple(voice.told for voice in self.abilities.voices),
            model=NAME,
            digest=self._digest,
            hint=f"for {', '.join(missing)}: install espeak-ng and `pip install 'localclip[cloner]'`"
            if missing
            else "",
        )

    @cached_property
    def abilities(self) -> Abilities:
        """What it can do."""
        spoken = set(self._languages)
        return Abilities(
            languages=self._languages,
            sample_rate_hz=RATE_HZ,
            max_chars=1500,
            slowest=0.7,
            fastest=1.4,
            voices=tuple(person.stock_voice for person in _PEOPLE if spoken & set(person.languages)),
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Speak one text after the other."""
        for index, speech in enumerate(batch):
            yield index, self._speak(speech, cancel)

    def seconds_per_second(self) -> float:
        """How long a second of sound takes on this machine when nothing else runs, by CPU time."""
        cancel = CancelToken()
        voice = self._model.speak(phonemes("The first words take longer.", "en", cancel), _PEOPLE[0].style, 1.0)
        began = time.process_time()
        voice = self._model.speak(phonemes("How long does it take to say this?", "en", cancel), _PEOPLE[0].style, 1.0)
        return (time.process_time() - began) / cores() / (len(voice) / RATE_HZ)

    def _speak(self, speech: Speech, cancel: CancelToken) -> Sound | Fault:
        person = _BY_NAME.get(speech.voice.name or "") or _first(speech.language)
        size = (speech.voice.f0_hz or person.f0_hz) / person.f0_hz
        speed = _PACE[speech.language] * speech.rate * speech.voice.pace / size
        parts = pieces(speech.text, _MOST_CHARS.get(speech.language, MOST_SOUNDS * 3 // 4))
        sounds = []
        for part in parts:
            cancel.check()
            said = phonemes(part, speech.language, cancel)
            if not said.strip(" .,;:!?—…"):
                return Fault(f"nothing in '{part[:40]}' can be read aloud: write it in the script of the language")
            sounds.append(self._model.speak(_BREATH.get(speech.language, "") + said, person.style, speed))
        rate_hz = round(RATE_HZ * size / 100) * 100  # a round rate keeps the resampler's filter short
        return Sound(glue(sounds, parts, RATE_HZ, speech.rate), rate_hz)


def _first(code: str) -> _Person:
    return next(person for person in _PEOPLE if code in person.languages)
