"""Who says each caption: the person it names, else the one who is heard."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.diarizer.attribution import TurnIndex
from services.diarizer.engines import Span, Turn
from shared.transcript import Caption


@dataclass(frozen=True)
class Cast:
    """A speaker for each caption, the turns that go with them, and the names that were given."""

    speakers: tuple[int, ...]
    turns: tuple[Turn, ...]
    names: dict[int, str]


def cast(captions: Sequence[Caption], turns: Sequence[Turn]) -> Cast:
    """Assign each of `captions`, in time order, to a speaker of `turns` or to one known only from its label.

    A label means the speaker heard most during its captions, one label per speaker; what was attributed to others there
    becomes theirs. The second line of a dialogue is never said by the speaker of the first.
    """
    labels = _speakers_of_labels(captions, turns)
    turns = _with_labels(captions, turns, labels)
    index = TurnIndex(turns)
    following = max([-1, *labels.values(), *(turn.speaker for turn in turns)]) + 1
    found: list[int] = []
    for one in captions:
        speaker = index.speaker(Span(one.cue.start_s, one.cue.end_s))
        if one.speaker:
            speaker = labels[one.speaker]
        elif one.apart and found and speaker == found[-1]:
            others = (*reversed(found), *(turn.speaker for turn in turns), following)
            speaker = next(other for other in others if other != found[-1])
            following = max(following, speaker + 1)
        found.append(speaker)
    return Cast(tuple(found), turns, {number: name for name, number in labels.items()})


def _speakers_of_labels(captions: Sequence[Caption], turns: Sequence[Turn]) -> dict[str, int]:
    """A speaker for each label: the one heard longest, unless another label has a better claim."""
    heard: dict[tuple[str, int], float] = defaultdict(float)
    ends = [turn.end_s for turn in turns]
    names = list(dict.fromkeys(one.speaker for one in captions if one.speaker))
    for one in captions:
        for turn in _during(turns, ends, one) if one.speaker and one.is_spoken else ():
            overlap_s = min(turn.end_s, one.cue.end_s) - max(turn.start_s, one.cue.start_s)
            heard[one.speaker, turn.speaker] += overlap_s
    found: dict[str, int] = {}
    for name, speaker in sorted(heard, key=lambda pair: -heard[pair]):
        if name not in found and speaker not in found.values():
            found[name] = speaker
    following = max([-1, *(turn.speaker for turn in turns)]) + 1
    for name in names:
        if name not in found:
            found[name], following = following, following + 1
    return found


def _during(turns: Sequence[Turn], ends: Sequence[float], one: Caption) -> Iterator[Turn]:
    for turn in islice(turns, bisect_right(ends, one.cue.start_s), None):
        if turn.start_s >= one.cue.end_s:
            return
        yield turn


def _with_labels(captions: Sequence[Caption], turns: Sequence[Turn], labels: dict[str, int]) -> tuple[Turn, ...]:
    """The turns, with the time of each labelled caption assigned to the person it names."""
    named = [one for one in captions if one.speaker and one.is_spoken]
    found: list[Turn] = []
    first = 0
    for turn in turns:
        start_s = turn.start_s
        while first < len(named) and named[first].cue.end_s <= start_s:
            first += 1
        for one in islice(named, first, None):
            if one.cue.start_s >= turn.end_s:
                break
            if one.cue.end_s <= start_s:
                continue
            if one.cue.start_s > start_s:
                found.append(Turn(start_s, one.cue.start_s, turn.speaker))
            start_s = max(start_s, one.cue.start_s)
            end_s = min(one.cue.end_s, turn.end_s)
            found.append(Turn(start_s, end_s, labels[one.speaker]))
            start_s = end_s
        if start_s < turn.end_s:
            found.append(Turn(start_s, turn.end_s, turn.speaker))
    return tuple(found)
