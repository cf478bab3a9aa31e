"""What is measured for each speaker: pitch, pace, and a clip to clone the voice from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.diarizer.engines import Span, Turn
from services.diarizer.pitch import HOP_S, pitch
from services.diarizer.recording import SPEECH_RATE_HZ, Recording, Samples
from shared.pipeline import LanguageInfo
from shared.transcript import Segment

SHORTEST_CLIP_S, LONGEST_CLIP_S = 3.0, 10.0
_SHORTEST_PIECE_S = 0.7
_BRIDGE_S = 0.5
_EDGE_S = 0.03
_MEASURED_PIECES = 24
_MEASURED_S = 60.0
_FEWEST_VOICED = 30
_CONTRAST_DB = 40.0
_CLIPPED = 0.99
_PACED_S, _PACED_LINES = 0.8, 3
_SLOWEST, _FASTEST, _PACE_STEP = 0.8, 1.25, 0.05


@dataclass(frozen=True)
class Piece:
    """A stretch of one speaker alone, how clean it is (0 to 1), and the pitch of its voiced frames in Hz."""

    span: Span
    quality: float
    voiced_hz: NDArray[np.float32]


@dataclass(frozen=True)
class Profile:
    """A speaker's voice: median pitch if enough of it is voiced, the stretches that make the reference clip, and all
    that were measured, the cleanest first."""

    f0_hz: float | None
    clip: tuple[Span, ...]
    measured: tuple[Span, ...] = ()


def pace(segments: Iterable[Segment], spoken: LanguageInfo) -> float | None:
    """How fast somebody speaks: 1.0 is average, within 0.8 to 1.25; None if too few of `segments` are long enough.

    In steps of a twentieth, about the just noticeable difference (Quené 2007).
    """
    lengths = ((len(segment.text), segment.end_s - segment.start_s) for segment in segments)
    rates = [chars / seconds for chars, seconds in lengths if seconds >= _PACED_S]
    if len(rates) < _PACED_LINES:
        return None
    relative = float(np.median(rates)) / spoken.spoken_chars_per_s
    return round(round(min(_FASTEST, max(_SLOWEST, relative)) / _PACE_STEP) * _PACE_STEP, 2)


def measure(recording: Recording, turns: Sequence[Turn], speaker: int, check: Callable[[], None]) -> Profile:
    """Measure the longest stretches of `speaker`; `check` is called between them and may raise."""
    spans = sorted(stretches(turns, speaker), key=lambda span: span.duration_s, reverse=True)[:_MEASURED_PIECES]
    pieces: list[Piece] = []
    measured_s = 0.0
    for span in spans:
        if measured_s > _MEASURED_S:
            break
        check()
        pieces.append(_piece(recording, span))
        measured_s += span.duration_s
    voiced = np.concatenate([piece.voiced_hz for piece in pieces]) if pieces else np.zeros(0, np.float32)
    f0_hz = round(float(np.median(voiced)), 1) if len(voiced) >= _FEWEST_VOICED else None
    clip = choose_clip([piece for piece in pieces if piece.span.duration_s >= _SHORTEST_PIECE_S])
    cleanest = sorted(pieces, key=lambda piece: piece.quality, reverse=True)
    return Profile(f0_hz, clip, tuple(piece.span for piece in cleanest))


def stretches(turns: Sequence[Turn], speaker: int) -> list[Span]:
    """Where only `speaker` is heard, including short pauses, in stretches no longer than a clip."""
    joined: list[Span] = []
    previous: Turn | None = None
    for turn in turns:
        if turn.speaker == speaker:
            follows = joined and previous and previous.speaker == speaker
            if follows and turn.start_s - joined[-1].end_s <= _BRIDGE_S:
                joined[-1] = Span(joined[-1].start_s, turn.end_s)
            else:
                joined.append(Span(turn.start_s, turn.end_s))
        previous = turn
    return [part for span in joined for part in _parts(span)]


def _parts(span: Span) -> list[Span]:
    """Equal parts of `span` without its edges, where another voice may be heard."""
    start_s, end_s = span.start_s + _EDGE_S, span.end_s - _EDGE_S
    if end_s <= start_s:
        return []
    count = int(np.ceil((end_s - start_s) / LONGEST_CLIP_S))
    bounds = np.linspace(start_s, end_s, count + 1)
    return [Span(float(first), float(last)) for first, last in pairwise(bounds)]


def choose_clip(pieces: Sequence[Piece]) -> tuple[Span, ...]:
    """The cleanest piece that is long enough alone, else the cleanest pieces that are long enough together.

    In time order, never longer than `LONGEST_CLIP_S` together; empty if there is no piece.
    """
    ranked = sorted(pieces, key=lambda piece: piece.quality, reverse=True)
    alone = next((piece.span for piece in ranked if piece.span.duration_s >= SHORTEST_CLIP_S), None)
    if alone:
        return (alone,)
    chosen: list[Span] = []
    for piece in ranked:
        if sum(span.duration_s for span in chosen) >= SHORTEST_CLIP_S:
            break
        chosen.append(piece.span)
    return tuple(sorted(chosen, key=lambda span: span.start_s))


def _piece(recording: Recording, span: Span) -> Piece:
    samples = recording.read(span.start_s, span.end_s)
    hz = pitch(samples)
    voiced = hz[hz > 0]
    return Piece(span, _quality(samples, len(voiced) / max(1, len(hz))), voiced)


def _quality(samples: Samples, voiced_share: float) -> float:
    """How clean a piece is: clean speech is voiced, well above the noise in its gaps, not clipped, and not short."""
    hop = round(HOP_S * SPEECH_RATE_HZ)
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    if not len(frames):
        return 0.0
    level_db = 10 * np.log10((frames**2).mean(axis=1) + 1e-9)
    contrast = float(np.percentile(level_db, 90) - np.percentile(level_db, 10)) / _CONTRAST_DB
    clipped = float((np.abs(samples) >= _CLIPPED).mean())
    length = min(1.0, len(samples) / SPEECH_RATE_HZ / (2 * SHORTEST_CLIP_S))
    return min(1.0, contrast) * voiced_share * (1 - min(1.0, 100 * clipped)) * (0.5 + 0.5 * length)
