"""Measure the voice embedding that comes with the code on generated voices: `python -m benchmarks.voices`.

The table is in docs/cast.md.
"""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from services.diarizer.engines.ge2e import EncoderEmbedder
from shared.voices import VoiceEncoder

RATE_HZ = 16_000
TEXTS = (
    "Good morning everyone. The train to the coast leaves at nine, and I bought my ticket the day before. My "
    "grandfather worked as a carpenter for forty years, and he built the table in our kitchen.",
    "He taught me how to use his tools when I was a child. We sell vegetables from our own garden there, and my wife "
    "makes the best cheese in town. Then she should call the owner today.",
    "What did the doctor say about your knee? I would rather walk than wait for another bus in this weather. The "
    "museum closes early on Fridays, so let us meet in front of the library at three o'clock.",
)
FLITE = [(voice, factor) for voice in ("slt", "rms", "awb", "kal16") for factor in (0.88, 1.0, 1.13)]
ESPEAK = ("m1", "m3", "m7", "f1", "f2", "f4", "Andrea", "Denis", "michel", "Hugo", "benjamin", "Alicia")
Array = NDArray[np.float64]
Key = tuple[str, int, str]
"""Voice, text, way of recording."""


def noisy(samples: Array, snr_db: float, *, pink: bool) -> Array:
    """With steady noise."""
    noise = np.random.default_rng(7).standard_normal(len(samples))
    if pink:
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), len(samples))
    mixed: Array = samples + noise / noise.std() * samples.std() * 10 ** (-snr_db / 20)
    return mixed


def with_music(samples: Array, snr_db: float) -> Array:
    """Over chords that change every 1.5 s."""
    at_s, music = np.arange(len(samples)) / RATE_HZ, np.zeros(len(samples))
    chords = itertools.cycle([(220, 277, 330), (196, 247, 294), (175, 220, 262), (196, 247, 330)])
    for first in range(0, len(samples), RATE_HZ * 3 // 2):
        part = slice(first, first + RATE_HZ * 3 // 2)
        for hz, harmonic in itertools.product(next(chords), (1, 2, 3, 4)):
            music[part] += np.sin(2 * np.pi * hz * harmonic * at_s[part]) / harmonic
    mixed: Array = samples + music / music.std() * samples.std() * 10 ** (-snr_db / 20)
    return mixed


def in_a_room(samples: Array) -> Array:
    """With a quarter of a second of echo."""
    length = RATE_HZ // 4
    echo = np.random.default_rng(8).standard_normal(length) * np.exp(-np.arange(length) / (0.06 * RATE_HZ))
    echo[0] = 4
    heard: Array = fftconvolve(samples, echo)[: len(samples)]
    return heard


def by_telephone(samples: Array) -> Array:
    """300 to 3400 Hz."""
    heard: Array = sosfilt(butter(4, [300, 3400], "band", fs=RATE_HZ, output="sos"), samples)
    return heard


WAYS: dict[str, Callable[[Array], Array]] = {
    "clean": lambda samples: samples,
    "white noise 20 dB": lambda samples: noisy(samples, 20, pink=False),
    "pink noise 15 dB": lambda samples: noisy(samples, 15, pink=True),
    "music 15 dB": lambda samples: with_music(samples, 15),
    "room": in_a_room,
    "telephone": by_telephone,
}


LENGTHS: dict[str, Callable[[Array], Array]] = {
    "the first 5 s": lambda samples: samples[: 5 * RATE_HZ],
    "the first 8 s": lambda samples: samples[: 8 * RATE_HZ],
}
"""How little of a voice is enough."""


def speak(folder: Path) -> Iterator[tuple[str, int, Array]]:
    """Every voice with every text."""
    for number, text in enumerate(TEXTS):
        for voice, factor in FLITE:
            command = ["flite", "-voice", voice, "-t", text, "-o"]
            yield f"{voice} x{factor}", number, _spoken(folder, command, factor)
        for variant in ESPEAK:
            yield f"espeak {variant}", number, _spoken(folder, ["espeak-ng", "-v", f"en+{variant}", text, "-w"], 1.0)


def _spoken(folder: Path, command: list[str], factor: float) -> Array:
    raw, wav = folder / "raw.wav", folder / "spoken.wav"
    subprocess.run([*command, str(raw)], check=True, capture_output=True)
    rate = soundfile.info(raw).samplerate
    chain = f"asetrate={round(rate * factor)},atempo={1 / factor:.5f},aresample={RATE_HZ}"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", raw, "-af", chain, "-ac", "1", wav], check=True)
    samples, _ = soundfile.read(wav)
    found: Array = samples
    return found


def described() -> dict[Key, Array]:
    """The vector of every recording."""
    encoder = VoiceEncoder()
    found: dict[Key, Array] = {}
    with tempfile.TemporaryDirectory() as folder:
        for voice, number, samples in speak(Path(folder)):
            heard = [change(samples) for change in (WAYS | LENGTHS).values()]
            vectors = encoder.embed([(0.7 * one / np.abs(one).max()).astype(np.float32) for one in heard])
            found |= {(voice, number, way): vector for way, vector in zip(WAYS | LENGTHS, vectors, strict=True)}
    return found


def similarities(rows: Mapping[Key, Array], ways: Collection[str]) -> tuple[Array, Array]:
    """Cosines of recordings of different texts: of the same voice, of different voices."""
    keys = [key for key in rows if key[2] in ways]
    units = np.array([rows[key] for key in keys])
    cosines = units @ units.T
    same: list[float] = []
    different: list[float] = []
    for one, other in itertools.combinations(range(len(keys)), 2):
        if keys[one][1] != keys[other][1]:
            (same if keys[one][0] == keys[other][0] else different).append(cosines[one, other])
    return np.array(same), np.array(different)


def show(title: str, same: Array, different: Array, threshold: float) -> None:
    """One row of the table."""
    low, middle = np.percentile(same, [5, 50])
    high, highest = np.percentile(different, [95, 99])
    missed, confused = float((same < threshold).mean()), float((different >= threshold).mean())
    sys.stdout.write(
        f"| {title} | {low:.2f} | {middle:.2f} | {high:.2f} | {highest:.2f} | {missed:.1%} | {confused:.2%} |\n"
    )


def main() -> None:
    """Measure and print."""
    rows = described()
    sys.stdout.write(
        "| recordings | same voice 5 % | 50 % | others 95 % | 99 % | missed | confused |\n" + "|---" * 7 + "|\n"
    )
    for way in WAYS | LENGTHS:
        show(f"both {way}", *similarities(rows, {way}), EncoderEmbedder.same_voice)
    show("any with any", *similarities(rows, set(WAYS)), EncoderEmbedder.same_voice)


if __name__ == "__main__":
    main()
