"""Flite: recorded English voices, clearer than eSpeak NG's."""

import io
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import soundfile

from services.cloner.engines.base import Abilities, Fault, Sound, Speech, StockVoice, Voice
from shared.media import ToolLimits, run_tool
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, Stage

_SAMPLE_RATE_HZ = 16_000
_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=1024**3)


@dataclass(frozen=True)
class _Body:
    """A Flite voice, played `size` times as fast and spoken slower by as much: a shorter or longer vocal tract.

    `f0_hz` is Flite's own median, measured with YIN on Flite 2.2. `tunable`: its pitch follows `f0_shift`; that of rms
    does not, so its size is changed instead.
    """

    flite: str
    f0_hz: float
    title: str
    size: float = 1.0
    reserve_st: float = 0.0
    tunable: bool = True

    def stock_voice(self, name: str) -> StockVoice:
        """What the use case knows about it; the pitch is shifted no further than sounds human."""
        own_hz = self.f0_hz * self.size
        low, high = (0.8, 1.35) if self.tunable else (0.87, 1.16)
        return StockVoice(name, own_hz, own_hz * low, own_hz * high, self.reserve_st, title=self.title)


_BODIES = {
    "flite-slt": _Body("slt", 171.0, "Susan"),
    "flite-rms": _Body("rms", 103.0, "Robert", tunable=False),
    "flite-awb": _Body("awb", 129.0, "Alan"),
    "flite-slt-large": _Body("slt", 171.0, "Sylvia", 0.9, reserve_st=2.0),
    "flite-awb-small": _Body("awb", 129.0, "Andy", 1.12, reserve_st=2.0),
    "flite-awb-large": _Body("awb", 129.0, "Angus", 0.93, reserve_st=3.0),
    "flite-slt-small": _Body("slt", 171.0, "Sophie", 1.06, reserve_st=5.0),  # smaller ones are hard to understand
    "flite-kal": _Body("kal16", 88.0, "Kal", reserve_st=5.0),  # diphones: clearly a machine
}

# Anything but ASCII is spelled out byte by byte, so the common signs are written in ASCII.
_ASCII = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "–": ", ", "—": ", ", "…": "...", "€": " euros ", "£": " pounds "}
)


class FliteSynthesizer:
    """One process per line (50 ms): text as an argument, WAV out by pipe. English only."""

    def __init__(self, version: str, installed: frozenset[str]) -> None:
        self._version = version
        self._bodies = {name: body for name, body in _BODIES.items() if body.flite in installed}

    @cached_property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.CLONING,
            port="voice",
            name="flite",
            version=self._version,
            licence="MIT-Festival",
            commercial_use=True,
            languages=self.abilities.languages,
            voices=tuple(self._bodies),
            stock=tuple(voice.told for voice in self.abilities.voices),
            hint="other languages: install espeak-ng",
        )

    @cached_property
    def abilities(self) -> Abilities:
        """What it can do."""
        return Abilities(
            languages=("en",),
            sample_rate_hz=_SAMPLE_RATE_HZ,
            max_chars=3000,
            slowest=0.6,
            fastest=1.6,
            voices=tuple(body.stock_voice(name) for name, body in self._bodies.items()),
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Speak one text after the other."""
        for index, speech in enumerate(batch):
            yield index, self._speak(speech, cancel)

    def _speak(self, speech: Speech, cancel: CancelToken) -> Sound | Fault:
        text = ascii_text(speech.text)
        if not text:
            return Fault("the English voice reads Latin letters only: translate the line or write it in Latin script")
        body = self._bodies[speech.voice.name or next(iter(self._bodies))]
        size, shift = tuning(body, speech.voice)
        features = {"duration_stretch": size / (speech.rate * speech.voice.pace), "f0_shift": shift}
        options = [part for name, value in features.items() for part in ("--setf", f"{name}={value:.4f}")]
        command = ["flite", "-voice", body.flite, *options, "-t", text, "-o", "/dev/stdout"]
        samples, rate_hz = soundfile.read(io.BytesIO(run_tool(command, cancel, _LIMITS)), dtype="float32")
        return Sound(samples, round(rate_hz * size / 100) * 100)  # a round rate keeps the resampler's filter short


def tuning(body: _Body, voice: Voice) -> tuple[float, float]:
    """The size and the `f0_shift` at which `body` has the median F0 of `voice`."""
    if voice.f0_hz is None:
        return body.size, 1.0
    if not body.tunable:
        return voice.f0_hz / body.f0_hz, 1.0
    return body.size, voice.f0_hz / (body.f0_hz * body.size)


def ascii_text(text: str) -> str:
    """`text` in ASCII, accents dropped; empty when no letter or figure is left."""
    plain = unicodedata.normalize("NFKD", text.translate(_ASCII)).encode("ascii", "ignore").decode()
    return " ".join(plain.split()) if re.search(r"[A-Za-z0-9]", plain) else ""


def find_flite() -> FliteSynthesizer | None:
    """The installed Flite, or None; it replaces an unknown voice silently, so its list of voices is read."""
    if shutil.which("flite") is None:
        return None
    cancel = CancelToken()
    listed = run_tool(["flite", "-lv"], cancel, _LIMITS).decode("utf-8", "replace")
    # It prints its version with exit code 1, which is not a failure.
    told = run_tool(["sh", "-c", "flite --version || true"], cancel, _LIMITS).decode("utf-8", "replace")
    version = re.search(r"flite-(\S+)", told)
    installed = frozenset(listed.partition(":")[2].split())
    if not installed & {body.flite for body in _BODIES.values()}:
        return None
    return FliteSynthesizer(version.group(1) if version else "unknown", installed)
