"""Very short lines, joined for synthesis and cut again.

Speech models are unreliable with a word or two: they lack the context that determines their length, and add sounds
after the end. Consecutive short lines of one speaker are spoken as one text, which is cut at the silences between its
sentences. If a cut is not obvious, it is not made, and the lines are spoken one by one.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from services.cloner.audio import TAKE_RATE_HZ
from services.cloner.engines import Audio
from shared.messaging import LineToSpeak

FEW_WORDS = 3
SHORT_S = 1.0
CLOSE_S = 1.0
"""Silence between two lines up to which they are heard as one turn."""
MOST_LINES = 4

_FRAME = TAKE_RATE_HZ // 100
_QUIET_DB = -35.0  # below the loudest 10 ms
_SHORTEST_SILENCE = 8  # frames; closures within words last 60 ms at most
_PLAINLY_LONGER = 1.3  # than any silence that is not a cut
_LEAST_SHARE, _MOST_SHARE = 0.35, 2.5  # of the length expected from a part's characters
_ENDS = ".!?…。！？"


def runs(lines: Sequence[LineToSpeak], *, spaces: bool) -> list[list[int]]:
    """Indices of lines to be spoken as one text: two to `MOST_LINES` short consecutive ones of a speaker."""
    found: list[list[int]] = []
    open_: list[int] = []
    for index in sorted(range(len(lines)), key=lambda index: (lines[index].speaker_id, lines[index].start_s)):
        line = lines[index]
        if not is_short(line, spaces=spaces):
            continue
        last = lines[open_[-1]] if open_ else None
        follows = (
            last is not None
            and last.speaker_id == line.speaker_id
            and -0.01 <= line.start_s - last.end_s <= CLOSE_S
            and len(open_) < MOST_LINES
        )
        if not follows:
            open_ = []
            found.append(open_)
        open_.append(index)
    return [run for run in found if len(run) > 1]


def is_short(line: LineToSpeak, *, spaces: bool) -> bool:
    """Whether a line has fewer than three words (in languages without spaces: few characters) or lasts less than a
    second."""
    few = len(line.text.split()) < FEW_WORDS if spaces else len(line.text) <= 2 * FEW_WORDS
    return few or line.end_s - line.start_s < SHORT_S


def join(texts: Sequence[str], *, spaces: bool) -> str:
    """One text of several sentences, which a voice separates by pauses."""
    end = "." if spaces else "。"
    closed = [text if text.rstrip()[-1:] in _ENDS else f"{text.rstrip(' ,;:、，')}{end}" for text in texts]
    return (" " if spaces else "").join(closed)


def cut(audio: Audio, weights: Sequence[int]) -> list[Audio] | None:
    """The parts of `audio`, with lengths roughly in proportion to `weights`; None if their ends cannot be determined.

    The cuts are in the middle of the longest silences. They are trusted if each is clearly longer than every other
    silence, and no part is much shorter or longer than expected from its weight.
    """
    silences = sorted(_silences(audio), key=lambda run: run[1] - run[0], reverse=True)
    wanted = len(weights) - 1
    if len(silences) < wanted:
        return None
    lengths = [end - start for start, end in silences]
    if len(silences) > wanted and lengths[wanted - 1] < _PLAINLY_LONGER * lengths[wanted]:
        return None
    chosen = sorted(silences[:wanted])
    edges = [0, *((start + end) // 2 * _FRAME for start, end in chosen), len(audio)]
    parts = [audio[start:end] for start, end in pairwise(edges)]
    speech = _speech_frames(len(audio) // _FRAME, chosen)
    expected = [weight / sum(weights) * sum(speech) for weight in weights]
    plausible = all(
        _LEAST_SHARE * usual <= frames <= _MOST_SHARE * usual for frames, usual in zip(speech, expected, strict=True)
    )
    return parts if plausible else None


def _silences(audio: Audio) -> list[tuple[int, int]]:
    """Runs of quiet frames inside the speech, first and one past last."""
    frames = len(audio) // _FRAME
    if not frames:
        return []
    power = np.square(audio[: frames * _FRAME].reshape(frames, _FRAME), dtype=np.float64).mean(axis=1)
    level_db = 10 * np.log10(power + 1e-12)
    quiet = level_db < level_db.max() + _QUIET_DB
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(np.int8)))
    found = [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    return [(start, end) for start, end in found if start > 0 and end < frames and end - start >= _SHORTEST_SILENCE]


def _speech_frames(frames: int, silences: Sequence[tuple[int, int]]) -> list[int]:
    """Frames between the silences."""
    edges = [0, *(frame for silence in silences for frame in silence), frames]
    return [end - start for start, end in zip(edges[::2], edges[1::2], strict=True)]
