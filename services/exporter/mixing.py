"""Audio streamed in blocks: the original measured, mixed with the voices, adjusted in level."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from services.exporter.ducking import DuckCurve
from services.exporter.engines.base import RATE_HZ, Mixer
from services.exporter.layouts import Layout
from services.exporter.limiter import CELL, MARGIN, limited
from services.exporter.listening import Limiting, Listener, Places, energy, ratio_db
from services.exporter.loudness import Levels, LoudnessMeter, Samples
from services.exporter.source import Source
from services.exporter.spans import Span
from services.exporter.takes import Voices
from shared.pipeline import CancelToken

BLOCK = 2 * RATE_HZ
"""Frames handled at once; a multiple of the limiter's cell."""

Report = Callable[[float], None]


@dataclass(frozen=True)
class Bed:
    """What is under the voices: the original, or during speech its `stem` without them, `length_s` long.

    Between the lines it is always the original itself, so that a separator's errors lose nothing there.
    """

    source: Source
    stem: Path | None = None
    engine: str | None = None

    @property
    def name(self) -> str:
        """As the report calls it."""
        if not self.source.has_audio:
            return "silence"
        return f"separated ({self.engine})" if self.stem else "ducked original"


@dataclass(frozen=True)
class Speech:
    """The original's speech: how loud it is, and how far below it the residue in a separated stem is, in dB."""

    lufs: float | None
    leak_db: float | None


class Strip:
    """Raw audio read block by block, silence after its end; `drain` lets the tool that writes it finish."""

    def __init__(self, pipe: IO[bytes], layout: Layout) -> None:
        self._pipe, self._layout = pipe, layout

    def read(self, count: int) -> Samples:
        """The next `count` frames."""
        data = self._pipe.read(count * self._layout.frame_bytes)
        whole = len(data) // self._layout.frame_bytes
        found = np.frombuffer(data, "<f4", whole * self._layout.channels).reshape(-1, self._layout.channels)
        if whole == count:
            return found
        block = np.zeros((count, self._layout.channels), np.float32)
        block[:whole] = found
        return block

    def drain(self) -> None:
        """Read what is left."""
        while self._pipe.read(BLOCK * self._layout.frame_bytes):
            continue


def opened(bed: Bed, layout: Layout, mixer: Mixer, cancel: CancelToken, stack: ExitStack) -> list[Strip]:
    """The original and, if there is one, the stem, open as long as `stack` is; empty without audio."""
    if not bed.source.has_audio:
        return []
    pipes = [stack.enter_context(mixer.decode(bed.source, cancel, layout))]
    if bed.stem:
        pipes.append(stack.enter_context(mixer.read(bed.stem, cancel, layout, bed.source.length_s)))
    return [Strip(pipe, layout) for pipe in pipes]


def listen_to_speech(
    bed: Bed, layout: Layout, spans: Sequence[Span], mixer: Mixer, cancel: CancelToken, report: Report
) -> Speech:
    """Measure the original audio within `spans` (a union)."""
    meter, places = LoudnessMeter(RATE_HZ, layout.weights), Places(spans, RATE_HZ)
    shared = voice = 0.0
    frames = round(bed.source.length_s * RATE_HZ)
    with ExitStack() as stack:
        strips = opened(bed, layout, mixer, cancel, stack)
        for start in range(0, frames if strips else 0, BLOCK):
            cancel.check()
            report(start / frames)
            blocks = [strip.read(min(BLOCK, frames - start)) for strip in strips]
            for part in places.within(start, len(blocks[0])):
                meter.add(blocks[0][part])
                if len(blocks) > 1:
                    voices = blocks[0][part] - blocks[1][part]
                    shared += float(np.vdot(voices, blocks[1][part]))
                    voice += energy(voices)
        for strip in strips:
            strip.drain()
    leak_db = ratio_db(shared**2 / voice if voice else 0.0, voice) if bed.stem else None
    return Speech(meter.lufs(), leak_db)


class Mix:
    """One mix: what is under the voices, how it is ducked, and the voices."""

    def __init__(self, layout: Layout, curve: DuckCurve, voices: Voices, stem_gain_db: float = 0.0) -> None:
        self._layout, self._curve, self._voices = layout, curve, voices
        self._stem_gain = np.float32(10 ** (stem_gain_db / 20))

    def bed(self, start: int, blocks: Sequence[Samples]) -> Samples:
        """The bed under the voices: unchanged where the curve is at full level."""
        if len(blocks) == 1:
            gains = self._curve.gains(start, len(blocks[0]))
            return blocks[0] if gains is None else blocks[0] * gains[:, None]
        depths = self._curve.depths(start, len(blocks[0]))
        if depths is None:
            return blocks[0]
        return blocks[0] * (1 - depths[:, None]) + blocks[1] * (depths * self._stem_gain)[:, None]

    def run(
        self, strips: Sequence[Strip], sink: IO[bytes], frames: int, listener: Listener | None, gain_db: float = 0.0
    ) -> Iterator[int]:
        """Write `frames` frames of the mix to `sink`, yielding how many are done."""
        gain = np.float32(10 ** (gain_db / 20))
        for start in range(0, frames, BLOCK):
            count = min(BLOCK, frames - start)
            blocks = [strip.read(count) for strip in strips]
            bed = self.bed(start, blocks) if blocks else None
            voice, heard = self._voices.render(start, count), 0.0
            if bed is None:
                mixed = np.zeros((count, self._layout.channels), np.float32)
            else:
                mixed = bed if voice is None else np.array(bed)
            if voice is not None:
                heard = self._layout.voice_gain**2 * len(self._layout.voice) * energy(voice)
                for channel in self._layout.voice:
                    mixed[:, channel] += voice * np.float32(self._layout.voice_gain)
            if listener:
                listener.hear(start, blocks[0] if blocks else None, bed, heard, mixed)
            sink.write(np.ascontiguousarray(mixed if gain == 1 else mixed * gain, "<f4").data)
            yield start + count
        for strip in strips:
            strip.drain()


def level(mixed: Path, sink: IO[bytes], levels: Levels, layout: Layout, limiting: Limiting) -> Iterator[int]:
    """Write the mix with `levels` applied to `sink`, yielding how many frames are done."""
    gain, ceiling = np.float32(10 ** (levels.gain_db / 20)), 10 ** (levels.ceiling_dbtp / 20)
    frames = mixed.stat().st_size // layout.frame_bytes
    with mixed.open("rb") as file:
        for start in range(0, frames, BLOCK):
            count = min(BLOCK, frames - start)
            window = _window(file, start, count + -count % CELL, layout)
            window *= gain
            untouched = window[MARGIN : MARGIN + count]
            leveled = limited(window, ceiling)[:count]
            if not np.shares_memory(untouched, leveled):
                limiting.hear(start, untouched, leveled)
            sink.write(leveled.astype("<f4", copy=False).data)
            yield start + count


def gain_of(levels: Levels) -> float:
    """The constant gain as a factor."""
    return math.pow(10, levels.gain_db / 20)


def _window(file: IO[bytes], start: int, count: int, layout: Layout) -> Samples:
    """Frames `start - MARGIN` to `start + count + MARGIN`, silence outside the file."""
    window = np.zeros((count + 2 * MARGIN, layout.channels), np.float32)
    first = max(0, start - MARGIN)
    file.seek(first * layout.frame_bytes)
    place = first - (start - MARGIN)
    data = file.read((len(window) - place) * layout.frame_bytes)
    found = np.frombuffer(data, "<f4").reshape(-1, layout.channels)
    window[place : place + len(found)] = found
    return window
