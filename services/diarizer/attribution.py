"""Give words and subtitle cues to the speakers whose turns they fall into."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from services.diarizer.engines import Span, Turn
from services.diarizer.segmentation import PAUSE_S, SpokenWord, ends_sentence
from shared.transcript import Word

_CLEARER_S = 0.1  # how much longer a neighbouring pause must be to attract a change of speaker
_SHORT_WORD_S = 0.6
_SURE_WORDS, _SURE_S = 3, 1.0
_BREATH_S = 0.3


class TurnIndex:
    """Exclusive turns in time order, searched by time."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._ends = [turn.end_s for turn in turns]

    def speaker(self, span: Span) -> int:
        """The speaker heard longest within `span`, else the nearest one; 0 if nobody ever speaks."""
        first = bisect_right(self._ends, span.start_s)
        shares: dict[int, float] = {}
        for number in range(first, len(self._turns)):
            turn = self._turns[number]
            if turn.start_s >= span.end_s:
                break
            overlap_s = min(turn.end_s, span.end_s) - max(turn.start_s, span.start_s)
            shares[turn.speaker] = shares.get(turn.speaker, 0.0) + overlap_s
        if shares:
            return max(shares, key=lambda speaker: shares[speaker])
        around = self._turns[max(0, first - 1) : first + 1]
        nearest = min(around, key=lambda turn: max(turn.start_s - span.end_s, span.start_s - turn.end_s), default=None)
        return nearest.speaker if nearest else 0


def attribute(words: Sequence[Word], turns: Sequence[Turn], *, punctuated: bool) -> list[SpokenWord]:
    """Give each word its speaker; a continuous utterance is one speaker's unless a change inside it is certain.

    Changes are moved by one word if there is a clearer pause next to them. An utterance is a sentence without a long
    pause or, if the words are not `punctuated`, what is between two breaths.
    """
    index = TurnIndex(turns)
    speakers = [index.speaker(Span(word.start_s, word.end_s)) for word in words]
    speakers = _at_pauses(words, speakers)
    for start, end in _goes(words, PAUSE_S if punctuated else _BREATH_S):
        speakers[start:end] = _sure(words[start:end], speakers[start:end])
    return [SpokenWord(word, speaker) for word, speaker in zip(words, speakers, strict=True)]


def _goes(words: Sequence[Word], pause_s: float) -> Iterator[tuple[int, int]]:
    """(first word, first word after) of each stretch between sentence ends and pauses of `pause_s`."""
    start = 0
    for at, (before, after) in enumerate(pairwise(words), start=1):
        if ends_sentence(before) or after.start_s - before.end_s >= pause_s:
            yield start, at
            start = at
    if start < len(words):
        yield start, len(words)


def _sure(words: Sequence[Word], speakers: Sequence[int]) -> list[int]:
    """`speakers` without runs of less than three words or a second, whose words go to the longer neighbour."""
    runs = [(speaker, len(list(own))) for speaker, own in groupby(speakers)]
    while len(runs) > 1:
        edges = [0]
        for _, count in runs:
            edges.append(edges[-1] + count)
        lengths = [words[end - 1].end_s - words[start].start_s for start, end in pairwise(edges)]
        weak = [at for at, (_, count) in enumerate(runs) if count < _SURE_WORDS or lengths[at] < _SURE_S]
        if not weak:
            break
        at = min(weak, key=lambda number: lengths[number])
        around = [number for number in (at - 1, at + 1) if 0 <= number < len(runs)]
        runs[at] = (runs[max(around, key=lambda number: lengths[number])][0], runs[at][1])
        runs = [(speaker, sum(count for _, count in own)) for speaker, own in groupby(runs, key=lambda run: run[0])]
    return [speaker for speaker, count in runs for _ in range(count)]


def _at_pauses(words: Sequence[Word], speakers: Sequence[int]) -> list[int]:
    """Move changes to pauses: the edge of a turn is accurate to a quarter of a second, so a short word there may be on
    the wrong side."""
    moved = list(speakers)
    pauses = [after.start_s - before.end_s for before, after in pairwise(words)]
    for at in range(1, len(words)):
        if speakers[at] == speakers[at - 1]:
            continue
        here_s = pauses[at - 1] + _CLEARER_S
        later_s = pauses[at] if at < len(pauses) and speakers[at + 1] == speakers[at] else 0.0
        earlier_s = pauses[at - 2] if at >= 2 and speakers[at - 2] == speakers[at - 1] else 0.0
        if later_s >= max(here_s, earlier_s) and _is_short(words[at]):
            moved[at] = speakers[at - 1]
        elif earlier_s >= here_s and _is_short(words[at - 1]):
            moved[at - 1] = speakers[at]
    return moved


def _is_short(word: Word) -> bool:
    return word.end_s - word.start_s <= _SHORT_WORD_S
