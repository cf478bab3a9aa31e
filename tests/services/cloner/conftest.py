"""What the cloner's tests share: the installed engines, an engine of tones that can be told to fail, measuring."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from services.cloner.engines import (
    Abilities,
    Audio,
    Fault,
    Sound,
    Speech,
    StockVoice,
    Synthesizer,
    Voice,
    create_synthesizers,
)
from services.cloner.settings import ClonerSettings
from shared.messaging import CloneLines, EngineInfo, JobContext, LineToSpeak, SpeakerVoice
from shared.pipeline import CancelToken, Stage
from shared.storage import DirectoryStore, read_bytes

SENTENCES = {
    "en": "The quick brown fox jumps over the lazy dog near the river.",
    "ko": "오늘은 친구와 함께 서울에 가서 점심을 먹을 거예요.",
    "ja": "今日は友達と東京へ行って、昼ご飯を食べます。",
    "fr": "Le conseil municipal a voté hier soir le budget de la bibliothèque.",
    "de": "Der Zug nach Hamburg fährt heute leider zwanzig Minuten später ab.",
    "es": "La niña compró tres manzanas rojas en el mercado de su pueblo.",
    "id": "Anak itu membeli tiga buah apel merah di pasar dekat rumahnya.",
    "zh": "今天我和朋友一起去北京吃午饭，天气很好。",
}


@dataclass
class ToneEngine:
    """An engine whose speech is a tone of 0.1 s per character; keeps what it was asked for.

    Sentences of a text are set apart by `pause_s` of silence. A text with `boom` brings down its whole batch, one with
    `mute` is answered with silence, one with `refuse` with a fault.
    """

    abilities: Abilities = field(
        default_factory=lambda: Abilities(
            languages=("en", "es"),
            sample_rate_hz=24_000,
            max_chars=200,
            max_batch=4,
            voices=(StockVoice("tone-a", 110.0, 80.0, 180.0), StockVoice("tone-b", 200.0, 120.0, 350.0)),
        )
    )
    asked: list[Speech] = field(default_factory=list)
    on_speech: Callable[[Speech], None] = lambda speech: None
    pause_s: float = 0.0

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            stage=Stage.CLONING, port="voice", name="tone", version="1", licence="Apache-2.0", commercial_use=True
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        assert 0 < len(batch) <= self.abilities.max_batch
        for index, speech in reversed(list(enumerate(batch))):
            cancel.check()
            self.asked.append(speech)
            self.on_speech(speech)
            if "boom" in speech.text:
                raise AssertionError("more than 402 tokens")
            if "refuse" in speech.text:
                yield index, Fault("I do not say that")
                continue
            sentences = re.split(r"(?<=[.!?]) ", speech.text) if self.pause_s else [speech.text]
            pieces: list[Audio] = []
            for sentence in sentences:
                pieces += [self._tone(sentence, speech), np.zeros(round(24_000 * self.pause_s), np.float32)]
            yield index, Sound(np.concatenate(pieces) * ("mute" not in speech.text), 24_000)

    def _tone(self, text: str, speech: Speech) -> Audio:
        size = round(24_000 * 0.1 * len(text) / speech.rate)
        tone = np.sin(np.arange(size) * 2 * np.pi * (speech.voice.f0_hz or 150.0) / 24_000) * 0.3
        return tone.astype(np.float32)


class CountingEngine:
    """A real engine that keeps what it was asked for."""

    def __init__(self, engine: Synthesizer) -> None:
        self._engine = engine
        self.info, self.abilities = engine.info, engine.abilities
        self.asked: list[Speech] = []

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        self.asked += batch
        return self._engine.synthesize(batch, cancel)


@pytest.fixture(scope="session")
def installed() -> dict[str, Synthesizer]:
    """The engines of this machine by name."""
    return {engine.info.name: engine for engine in create_synthesizers(ClonerSettings())}


@pytest.fixture
def tones() -> ToneEngine:
    return ToneEngine()


@pytest.fixture
def counted(installed: dict[str, Synthesizer]) -> dict[str, CountingEngine]:
    return {name: CountingEngine(engine) for name, engine in installed.items()}


@pytest.fixture(scope="session")
def sentences() -> dict[str, str]:
    return SENTENCES


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects")


@pytest.fixture
def context(store: DirectoryStore, tmp_path: Path) -> JobContext:
    work = tmp_path / "work"
    work.mkdir()
    return JobContext(store, work)


@pytest.fixture(scope="session")
def line() -> Callable[..., LineToSpeak]:
    """Build a line of `slot_s` seconds."""
    numbers = count(1)

    def build(
        text: str, slot_s: float = 10.0, speaker_id: str = "S1", start_s: float = 1.0, **more: float
    ) -> LineToSpeak:
        return LineToSpeak(
            segment_id=f"s{next(numbers):04}",
            text=text,
            speaker_id=speaker_id,
            start_s=start_s,
            end_s=start_s + slot_s,
            **more,
        )

    return build


@pytest.fixture(scope="session")
def job() -> Callable[..., CloneLines]:
    def build(language: str, *lines: LineToSpeak, speakers: Sequence[SpeakerVoice] = ()) -> CloneLines:
        return CloneLines(
            task_id="task_20260101_000000_00000000",
            language=language,
            attempt=1,
            lines=lines,
            speakers=tuple(speakers),
        )

    return build


@pytest.fixture
def heard(store: DirectoryStore) -> Callable[[str | None], Audio]:
    """Decode a stored take, which is 48 kHz mono."""

    def read(key: str | None) -> Audio:
        assert key is not None
        samples, rate_hz = soundfile.read(io.BytesIO(read_bytes(store, key)), dtype="float32")
        assert (rate_hz, samples.ndim) == (48_000, 1)
        return np.asarray(samples, np.float32)

    return read


@pytest.fixture(scope="session")
def said() -> Callable[[Synthesizer, Speech], Audio]:
    """What an engine makes of one speech, at 48 kHz."""

    def say(engine: Synthesizer, speech: Speech) -> Audio:
        ((index, sound),) = engine.synthesize((speech,), CancelToken())
        assert index == 0
        assert isinstance(sound, Sound), sound
        return np.asarray(resample_poly(sound.samples, 480, sound.sample_rate_hz // 100), np.float32)

    return say


@pytest.fixture(scope="session")
def voice_of() -> Callable[[Synthesizer, str], Voice]:
    """A stock voice of an engine at its own pitch."""

    def find(engine: Synthesizer, name: str) -> Voice:
        stock = next(stock for stock in engine.abilities.voices if stock.name == name)
        return Voice(key=name, name=name, f0_hz=stock.f0_hz)

    return find


@pytest.fixture(scope="session")
def median_f0() -> Callable[[Audio], float]:
    """The median fundamental of 48 kHz speech, by the autocorrelation of its louder frames."""

    def measure(audio: Audio) -> float:
        speech = resample_poly(audio, 1, 6).astype(np.float64)  # 8 kHz
        size, low, high = 480, 8000 // 400, 8000 // 60
        frames = np.lib.stride_tricks.sliding_window_view(speech, size)[::80]
        frames = frames[np.square(frames).mean(axis=1) > np.square(speech).mean() / 2]
        spectrum = np.fft.rfft(frames * np.hanning(size), 1024)
        lags = np.fft.irfft(np.abs(spectrum) ** 2)
        window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 1024)) ** 2)
        normal = lags[:, low:high] / lags[:, :1] / (window[low:high] / window[0])
        # the shortest lag that is nearly as good as the best: multiples of the period are as good as the period
        peaks = (normal > 0.85 * normal.max(axis=1, keepdims=True)) & (normal >= np.roll(normal, 1, 1))
        peaks &= normal >= np.roll(normal, -1, 1)
        voiced = (normal.max(axis=1) > 0.5) & peaks.any(axis=1)
        return float(np.median(8000 / (low + peaks[voiced].argmax(axis=1))))

    return measure
