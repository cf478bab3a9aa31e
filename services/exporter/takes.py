"""The takes of a timeline: looked at once, then read piece by piece while the mix goes by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from services.exporter.engines.base import RATE_HZ, Mixer
from services.exporter.lines import take_start_s
from services.exporter.loudness import LoudnessMeter
from shared.messaging import JobContext, TimelineLine
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound

_PIECE = 8 * RATE_HZ
_FADE = 3 * RATE_HZ // 100


@dataclass(frozen=True, order=True)
class Take:
    """A take in its place: sample numbers at `RATE_HZ`, and how loud it is (one channel).

    `cut`: it fades out at `end`, because the timeline lets less of it be heard than there is.
    """

    start: int
    end: int
    path: Path
    lufs: float | None = field(compare=False)
    cut: bool = False


def survey(
    lines: Sequence[TimelineLine], mixer: Mixer, context: JobContext, report: Callable[[float], None]
) -> list[Take]:
    """Fetch and measure the take of every line.

    Raises:
        PermanentError: `artifact_missing` for a take that is gone or damaged.
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
    return takes


def _take(line: TimelineLine, mixer: Mixer, context: JobContext) -> Take:
    path = context.store.local(line.take_key or "", context.workdir)
    if soundfile.info(path).samplerate != RATE_HZ:
        target = context.workdir / f"{path.stem}.{RATE_HZ}.wav"
        if not target.exists():
            mixer.resample(path, target, context.cancel)
        path = target
    meter, start = LoudnessMeter(RATE_HZ), round(take_start_s(line) * RATE_HZ)
    with soundfile.SoundFile(path) as file:
        for piece in file.blocks(_PIECE, dtype="float32", always_2d=True):
            meter.add(_mono(piece)[:, None])
        frames = file.frames
    heard = frames if line.take_duration_s is None else round(line.take_duration_s * RATE_HZ)
    cut = heard < frames - _FADE
    return Take(start, start + (heard if cut else frames), path, meter.lufs(), cut)


class Voices:
    """The takes laid over a mix that goes by from its start to its end; one file is open at a time."""

    def __init__(self, takes: Sequence[Take], gain_db: float) -> None:
        self._waiting = sorted(takes, reverse=True)
        self._sounding: list[Take] = []
        self._gain = np.float32(10 ** (gain_db / 20))

    def add_to(self, block: NDArray[np.float32], start: int) -> None:
        """Add what is heard in `block`, which begins at sample number `start`; blocks come in order."""
        end = start + len(block)
        while self._waiting and self._waiting[-1].start < end:
            self._sounding.append(self._waiting.pop())
        for take in self._sounding:
            first, last = max(start, take.start), min(end, take.end)
            with soundfile.SoundFile(take.path) as file:
                file.seek(first - take.start)
                voice = _mono(file.read(last - first, dtype="float32", always_2d=True)) * self._gain
            if take.cut:
                voice *= np.clip((take.end - np.arange(first, first + len(voice))) / _FADE, 0, 1).astype(np.float32)
            block[first - start : first - start + len(voice)] += voice[:, None]
        self._sounding = [take for take in self._sounding if take.end > end]


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
