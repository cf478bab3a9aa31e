"""Conversations put together from spoken sentences, so that every speaker and time is known."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.quality.dialogues import phrases
from benchmarks.speech.archives import ArchiveError
from benchmarks.speech.recordings import packaged

RATE_HZ = 16_000
FLITE = ("slt", "rms", "awb")
_FLITE_SENTENCES = 24
_LEAD_S = 0.5
_REALISTIC = (0.3, 1.0)
_BREATH = (0.08, 0.12)
_QUESTIONS = 6
_ENDS = (".wav", ".rttm")
_PROGRAMME = Path(__file__).with_name("programme.rttm")

Samples = NDArray[np.float32]
Bank = Mapping[str, Sequence[Samples]]
"""Sentences of each voice."""


@dataclass(frozen=True)
class Case:
    """Who takes part, for how many sentences, and what is between and beneath them.

    With `shares` a voice speaks as much as its number says beside the others; else they take turns at random.
    With `answers` the first asks one of his shortest sentences, and the second answers with so many in one breath.
    """

    name: str
    voices: tuple[str, ...]
    sentences: int = 24
    pauses_s: tuple[float, float] = _REALISTIC
    music_db: float | None = None
    shares: tuple[float, ...] = ()
    answers: int = 0


@dataclass(frozen=True)
class Sentence:
    """Who says something when; a stretch of a real recording where it is one."""

    start_s: float
    end_s: float
    voice: str


@dataclass(frozen=True)
class Conversation:
    """A sound and what is said in it; `whole` tells whether its stretches are sentences."""

    name: str
    samples: Samples
    sentences: tuple[Sentence, ...]
    whole: bool = True

    @property
    def speakers(self) -> int:
        """How many there are."""
        return len({one.voice for one in self.sentences})


CASES: tuple[Case, ...] = (
    Case("flite, 2", ("slt", "rms")),
    Case("flite, 3", ("slt", "rms", "awb")),
    Case("Kokoro, 1", ("af_heart",)),
    Case("Kokoro, woman and man", ("af_heart", "am_michael")),
    Case("Kokoro, 2 women", ("af_heart", "af_bella")),
    Case("Kokoro, 2 men", ("am_adam", "am_michael")),
    Case("Kokoro, 3", ("af_heart", "am_adam", "bf_emma")),
    Case("Kokoro, 4", ("af_heart", "am_adam", "bf_emma", "bm_george")),
    Case("flite, 2, ten minutes", ("slt", "rms"), 160),
    Case("flite, 1, four minutes", ("awb",), 64),
    Case("5 speakers", ("slt", "rms", "af_heart", "am_adam", "bf_emma"), 60),
    Case("music beneath, 2", ("rms", "slt"), 32, music_db=-26),
    Case("music beneath, 3, Kokoro", ("af_bella", "am_michael", "bm_george"), 36, music_db=-26),
    Case("one speaks a tenth, 3", ("slt", "am_adam", "af_heart"), 60, shares=(0.6, 0.3, 0.1)),
    Case("quick exchange, 2", ("am_michael", "bf_emma"), 40, pauses_s=(0.08, 0.3)),
    Case("French, narrator", ("ff_siwis",), 32),
    Case("Spanish, 2", ("ef_dora", "em_alex"), 32),
    Case("Mandarin, 2", ("zf_xiaoxiao", "zm_yunxi"), 32),
    Case("Japanese, 2", ("jf_alpha", "jm_kumo"), 32),
    Case("short questions, long answers, 2", ("am_michael", "af_heart"), 50, answers=4),
    Case("short questions, long answers, 2 women", ("bf_emma", "af_bella"), 50, answers=4),
    Case("interpreted, 4", ("ef_dora", "em_alex", "af_heart", "rms"), 64),
)


def bank(folder: Path | None, work: Path) -> Bank:
    """The voices of flite, and those `folder` has as `<voice>-<number>.wav`."""
    found: dict[str, list[Samples]] = {voice: list(_flite(voice, work)) for voice in FLITE}
    for path in sorted(folder.glob("*-*.wav")) if folder else ():
        voice = path.stem.rsplit("-", 1)[0]
        if voice not in FLITE:
            found.setdefault(voice, []).append(read(path))
    return found


def _flite(voice: str, work: Path) -> Iterator[Samples]:
    for number, text in enumerate(list(phrases())[:_FLITE_SENTENCES]):
        path = work / f"{voice}-{number}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        yield _trimmed(read(path))


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[max(0, loud[0] - RATE_HZ // 33) : loud[-1] + RATE_HZ // 20]


def read(path: Path) -> Samples:
    """A file as the diarizer hears it."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    common = int(np.gcd(rate_hz, RATE_HZ))
    resampled: Samples = resample_poly(samples.mean(axis=1), RATE_HZ // common, rate_hz // common).astype(np.float32)
    return resampled


def compose(case: Case, voices: Bank) -> Conversation:
    """Put `case` together; the same every time."""
    random = np.random.default_rng(len(case.name) * 1000 + case.sentences)
    heard = dict.fromkeys(case.voices, 0)
    parts, sentences, at = [np.zeros(int(_LEAD_S * RATE_HZ), np.float32)], [], int(_LEAD_S * RATE_HZ)
    for number in range(case.sentences):
        order = random.choice(len(case.voices), p=case.shares or None)
        place = number % (case.answers + 1)
        if case.answers:
            order = min(place, 1)
        elif number < len(case.voices):
            order = number
        voice = case.voices[order]
        asked = case.answers and not order
        sayings = sorted(voices[voice], key=len)[:_QUESTIONS] if asked else voices[voice]
        said = sayings[heard[voice] % len(sayings)]
        heard[voice] += 1
        sentences.append(Sentence(at / RATE_HZ, (at + len(said)) / RATE_HZ, voice))
        within = 0 < place < case.answers
        pause = int(random.uniform(*(_BREATH if within else case.pauses_s)) * RATE_HZ)
        parts += [0.1 * said / np.sqrt(np.mean(said**2)), np.zeros(pause, np.float32)]
        at += len(said) + pause
    samples = np.concatenate(parts)
    if case.music_db is not None:
        samples = samples + music(len(samples), case.music_db)
    return Conversation(case.name, samples.astype(np.float32), tuple(sentences))


def music(length: int, level_db: float) -> Samples:
    """Chords of decaying tones, a new one each second and a half."""
    at_s = np.arange(length) / RATE_HZ
    within_s, chord = at_s % 1.5, (at_s // 1.5).astype(int) % 4
    roots = np.array([220.0, 174.6, 261.6, 196.0])[chord]
    tones = sum(np.sin(2 * np.pi * roots * ratio * at_s) / ratio for ratio in (0.5, 1, 1.25, 1.5, 2))
    music = tones * np.exp(-1.2 * within_s)
    scaled: Samples = (music / np.sqrt(np.mean(music**2)) * 10 ** (level_db / 20)).astype(np.float32)
    return scaled


def recorded(folder: Path | None, work: Path) -> list[Conversation]:
    """Real recordings with their speakers: those that packages carry, and those of `folder` (`<name>.rttm`)."""
    found = []
    for path in sorted((*_packaged(work), *(folder.glob("*.rttm") if folder else ()))):
        turns = [line.split() for line in path.read_text().splitlines() if line.startswith("SPEAKER")]
        sentences = [Sentence(float(turn[3]), float(turn[3]) + float(turn[4]), turn[7]) for turn in turns]
        found.append(Conversation(f"recorded: {path.stem}", read(path.with_suffix(".wav")), tuple(sentences), False))
    return found


def _packaged(work: Path) -> Iterator[Path]:
    """Their speakers, the sound beside them: a telephone call, and a programme of the VoxConverse corpus, whose turns
    its authors published (Chung et al. 2020, CC BY 4.0); without what cannot be had.
    """
    call, programme = work / "telephone call.rttm", work / "programme.rttm"
    sources = {
        call: ("pyannote.audio", *(f"pyannote/audio/sample/sample{end}" for end in _ENDS)),
        programme: ("silero-vad", "silero_vad-6.2.3/examples/c++/aepyx.wav"),
    }
    for path, (archive, *members) in sources.items():
        try:
            for name, content in packaged(archive, *members):
                path.with_suffix(Path(name).suffix).write_bytes(content)
        except ArchiveError as reason:
            print(f"left out: {reason}", file=sys.stderr, flush=True)
            continue
        if path == programme:
            path.write_bytes(_PROGRAMME.read_bytes())
        yield path
