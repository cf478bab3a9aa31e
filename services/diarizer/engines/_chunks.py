"""Speech in chunks that a recognizer hears at a time, and the mapping back to the time of the recording."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.diarizer.engines._quiet import cut_at_quiet
from services.diarizer.engines.base import Span
from services.diarizer.recording import Recording, Samples

LONGEST_S = 30.0
_LONGEST_SPEECH_S = 28.0  # without a pause, before it is widened
_SHORTEST_S = 0.02
_EDGE_S = 0.4  # of the context around speech
_FULL = 2 / 3  # from here on a chunk may end at a long pause


@dataclass(frozen=True)
class Chunk:
    """Stretches of a recording, heard as if adjacent; at most `LONGEST_S` in all."""

    parts: tuple[Span, ...]

    @property
    def duration_s(self) -> float:
        """Length of what is heard."""
        return sum(part.duration_s for part in self.parts)

    @property
    def whole(self) -> Span:
        """From the start of the first stretch to the end of the last."""
        return Span(self.parts[0].start_s, self.parts[-1].end_s)

    def samples(self, recording: Recording) -> Samples:
        """What is heard."""
        return np.concatenate([recording.read(part.start_s, part.end_s) for part in self.parts])

    def placed(self, heard: Span) -> Span | None:
        """The place in the recording of something `heard` in this chunk; None for what is beyond its end.

        It is kept within the stretch that its middle is in: a recognizer may continue slightly after the end of the
        sound.
        """
        middle_s, passed_s = (heard.start_s + heard.end_s) / 2, 0.0
        for part in self.parts:
            if middle_s < passed_s + part.duration_s:
                shift_s = part.start_s - passed_s
                start_s = min(max(part.start_s, heard.start_s + shift_s), part.end_s)
                return Span(start_s, min(max(start_s, heard.end_s + shift_s), part.end_s))
            passed_s += part.duration_s
        return None


def chunks_of(recording: Recording, speech: Sequence[Span]) -> list[Chunk]:
    """Cut `speech` into as few chunks as possible, preferably at long pauses.

    Pauses longer than twice `_EDGE_S` are shortened to that. Anything shorter than a speech sound is not speech.
    """
    spoken = [span for span in speech if span.duration_s >= _SHORTEST_S]
    pieces = [piece for span in spoken for piece in cut_at_quiet(recording, span, _LONGEST_SPEECH_S)]
    chunks: list[Chunk] = []
    waiting: list[Span] = []
    for piece in _widened(pieces, recording.duration_s):
        while waiting and sum(part.duration_s for part in waiting) + piece.duration_s > LONGEST_S:
            cut = _best_cut(waiting, piece)
            chunks.append(Chunk(_joined(waiting[:cut])))
            waiting = waiting[cut:]
        waiting.append(piece)
    return [*chunks, Chunk(_joined(waiting))] if waiting else chunks


def _widened(pieces: Sequence[Span], duration_s: float) -> list[Span]:
    """Each with its surroundings, up to half the way to its neighbour."""
    ends = [-pieces[0].start_s if pieces else 0.0, *(piece.end_s for piece in pieces)]
    starts = [*(piece.start_s for piece in pieces), 2 * duration_s - ends[-1]]
    halves = [max(0.0, (start_s - end_s) / 2) for end_s, start_s in zip(ends, starts, strict=True)]
    return [
        Span(piece.start_s - min(_EDGE_S, before_s), piece.end_s + min(_EDGE_S, after_s))
        for piece, (before_s, after_s) in zip(pieces, pairwise(halves), strict=True)
    ]


def _best_cut(waiting: Sequence[Span], following: Span) -> int:
    """How many of `waiting` make a chunk: up to the longest pause after which it is full enough, else all."""
    best, longest_s, filled_s = len(waiting), following.start_s - waiting[-1].end_s, 0.0
    for number, (before, after) in enumerate(pairwise(waiting), start=1):
        filled_s += before.duration_s
        pause_s = after.start_s - before.end_s
        if filled_s >= _FULL * LONGEST_S and pause_s > longest_s:
            best, longest_s = number, pause_s
    return best


def _joined(parts: Iterable[Span]) -> tuple[Span, ...]:
    """Parts that touch as one."""
    joined: list[Span] = []
    for part in parts:
        if joined and part.start_s - joined[-1].end_s < 1e-6:
            joined[-1] = Span(joined[-1].start_s, part.end_s)
        else:
            joined.append(part)
    return tuple(joined)
