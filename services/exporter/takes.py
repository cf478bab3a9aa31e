"""The takes of a timeline: examined once, then read piece by piece during mixing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from services.exporter.engines.base import RATE_HZ, Mixer
from services.exporter.lines import take_start_s
from services.exporter.loudness import LoudnessMeter, evening_db
from shared.messaging import JobContext, TimelineLine
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound

_PIECE = 8 * RATE_HZ
_FADE = 3 * RATE_HZ // 100
_SHORT = 3 * RATE_HZ
"""Takes up to this length are measured with overlapping blocks: with few blocks, each would weigh too much."""


@dataclass(frozen=True, order=True)
class Take:
    """A placed take: sample numbers at `RATE_HZ`, and how loud it is (one channel).

    `even_db` makes it as loud as the others of its language. `cut`: it fades out at `end`, because the timeline has
    room for only part of it.
    """

    start: int
    end: int
    path: Path
    speaker_id: str
    lufs: float | None = field(compare=False)
    cut: bool = False
    even_db: float = field(default=0.0, compare=False)


def survey(
    lines: Sequence[TimelineLine], mixer: Mixer, context: JobContext, report: Callable[[float], None]
) -> list[Take]:
    """Fetch and measure the take of every line.

    Raises:
        PermanentError: `artifact_missing` for a missing or damaged take.
    """
    takes = []
    for number, line in enumerate(lines):
        context.cancel.check()
        report(number / len(lines))
        try:
            takes.append(_take(line, mixer, context))
        except (ObjectNotFound, soundfile.LibsndfileError) as error:
            raise PermanentError(
                ErrorCode.ARTIFACT_MISSING,
                f"the take of line {line.segment_id} is missing or damaged; dub this line again ({error})",
            ) from error
    evening = evening_db([take.lufs for take in takes])
    return [replace(take, even_db=own_db) for take, own_db in zip(takes, evening, strict=True)]


def _take(line: TimelineLine, mixer: Mixer, context: JobContext) -> Take:
    path = context.store.local(line.take_key or "", context.workdir)
    if soundfile.info(path).samplerate != RATE_HZ:
        target = context.workdir / f"{path.stem}.{RATE_HZ}.wav"
        if not target.exists():
            mixer.resample(path, target, context.cancel)
        path = target
    start = round(take_start_s(line) * RATE_HZ)
    with soundfile.SoundFile(path) as file:
        meter = LoudnessMeter(RATE_HZ, overlap=4 if file.frames < _SHORT else 1)
        for piece in file.blocks(_PIECE, dtype="float32", always_2d=True):
            meter.add(_mono(piece)[:, None])
        frames = file.frames
    heard = frames if line.take_duration_s is None else round(line.take_duration_s * RATE_HZ)
    cut = heard < frames - _FADE
    return Take(start, start + (heard if cut else frames), path, line.speaker_id, meter.lufs(), cut)


class Voices:
    """The takes as they are heard, in one channel, from the start of the mix to its end; one file is open at a time.

    Every take gets its own gain in addition to the common one, so that all lines are equally loud.
    """

    def __init__(self, takes: Sequence[Take], gain_db: float) -> None:
        self._gain_db = gain_db
        self._waiting = sorted(takes, reverse=True)
        self._sounding: list[Take] = []

    def render(self, start: int, count: int) -> NDArray[np.float32] | None:
        """What is heard in the `count` samples from number `start` on, None if nobody speaks; called in order."""
        end = start + count
        while self._waiting and self._waiting[-1].start < end:
            self._sounding.append(self._waiting.pop())
        if not self._sounding:
            return None
        heard = np.zeros(count, np.float32)
        for take in self._sounding:
            first, last = max(start, take.start), min(end, take.end)
            with soundfile.SoundFile(take.path) as file:
                file.seek(first - take.start)
                voice = _mono(file.read(last - first, dtype="float32", always_2d=True)) * self._gain(take)
            if take.cut:
                voice *= np.clip((take.end - np.arange(first, first + len(voice))) / _FADE, 0, 1).astype(np.float32)
            heard[first - start : first - start + len(voice)] += voice
        self._sounding = [take for take in self._sounding if take.end > end]
        return heard

    def _gain(self, take: Take) -> np.float32:
        return np.float32(10 ** ((self._gain_db + take.even_db) / 20))


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
