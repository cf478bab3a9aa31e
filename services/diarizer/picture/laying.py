"""When each word of a text is said, by what was heard meanwhile: what was heard tells when, the text tells what.

Letters are compared, not words: a recognizer cuts Chinese and Japanese as it likes, and spells otherwise.
"""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from services.diarizer.engines import Span
from shared.transcript import Word

_ALIKE = 0.5
"""Of the letters of both, which must be the same ones for the one to be taken for the other."""
_SHORTEST_S = 0.02
"""Of a letter: where less time is left for some, their neighbours give of theirs."""
_FASTEST_PER_S, _FASTEST_WIDE_PER_S = 25.0, 10.0
"""Letters, and East Asian ones: speech too short for its text was not found as a whole."""
_FIRST_WIDE = "\u2e80"
_ROUNDING_S = 1e-9
_LEAST_S = 0.1
"""By which a text must be shown longer than it is said for that to be told from what nobody measures."""


def spoken_times(pieces: Sequence[str], shown: Span, heard: Sequence[Word], speech: Sequence[Span]) -> list[Span]:
    """The time of each piece of a text that is `shown`: in order, none over another, all within `shown`.

    `heard` are words recognized meanwhile. Where they are others than those of the text, its letters are spread over
    the `speech` found meanwhile, and over all of the time without any.
    """
    numbers = [number for number, piece in enumerate(pieces) for _ in _letters(piece)]
    letters = "".join(map(_letters, pieces))
    voiced = _within(speech, shown)
    matched = _matched(letters, _timed_letters(heard, shown))
    if not matched and _seconds(voiced) < _least_s(letters):
        voiced = []
    times = _filled(len(letters), matched, shown, voiced)
    spans: list[Span] = []
    by_piece = {number: [at for at, _ in found] for number, found in groupby(enumerate(numbers), lambda one: one[1])}
    for number in range(len(pieces)):
        at = by_piece.get(number)
        before_s = spans[-1].end_s if spans else (times[0].start_s if times else shown.start_s)
        spans.append(Span(times[at[0]].start_s, times[at[-1]].end_s) if at else Span(before_s, before_s))
    return spans


def spoken_span(times: Sequence[Span], shown: Span) -> Span:
    """From the first to the last of `times`; an end of `shown` that is next to it stays as it is."""
    if not times:
        return shown
    start_s, end_s = times[0].start_s, times[-1].end_s
    start_s = start_s if start_s - shown.start_s >= _LEAST_S else shown.start_s
    end_s = end_s if shown.end_s - end_s >= _LEAST_S else shown.end_s
    return Span(start_s, end_s) if end_s > start_s else shown


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _timed_letters(heard: Sequence[Word], shown: Span) -> list[tuple[str, Span]]:
    """Each letter heard and its time: the words in order, none over the one before, cut at both ends of `shown`."""
    found: list[tuple[str, Span]] = []
    at_s = shown.start_s
    for word in sorted(heard, key=lambda one: one.start_s):
        start_s = min(max(word.start_s, at_s), shown.end_s)
        end_s = min(max(word.end_s, start_s), shown.end_s)
        letters = _letters(word.text)
        found += zip(letters, _spread(len(letters), [Span(start_s, end_s)]), strict=True)
        at_s = end_s
    return found


def _matched(letters: str, heard: Sequence[tuple[str, Span]]) -> dict[int, Span]:
    """The times of those of `letters` that were heard, by place; none where most are others."""
    matcher = SequenceMatcher(None, letters, "".join(letter for letter, _ in heard), autojunk=False)
    if not letters or matcher.ratio() < _ALIKE:
        return {}
    blocks = matcher.get_matching_blocks()
    return {block.a + at: heard[block.b + at][1] for block in blocks for at in range(block.size)}


def _filled(count: int, matched: dict[int, Span], shown: Span, voiced: Sequence[Span]) -> list[Span]:
    """Times for all letters: those between two that were heard share what lies between them."""
    times = dict(matched)
    for at in range(count):
        if at in times:
            continue
        first, after = at, _next(at, times, count)
        gap = _gap(first, after, times, shown)
        while gap.duration_s < _SHORTEST_S * (after - first) and (first > 0 or after < count):
            first, after = max(0, first - 1), min(count, _next(after, times, count) + 1)
            gap = _gap(first, after, times, shown)
        times |= zip(range(first, after), _spread(after - first, _within(voiced, gap) or [gap]), strict=True)
    return [times[at] for at in range(count)]


def _next(at: int, times: Mapping[int, Span], count: int) -> int:
    """The first letter from `at` on that has a time."""
    return next((one for one in range(at, count) if one in times), count)


def _gap(first: int, after: int, times: Mapping[int, Span], shown: Span) -> Span:
    """From `first` to before `after`: the time of these letters where they have one, else what the others leave."""
    start_s = times[first].start_s if first in times else times[first - 1].end_s if first else shown.start_s
    if after - 1 in times:
        return Span(start_s, times[after - 1].end_s)
    return Span(start_s, times[after].start_s if after in times else shown.end_s)


def _spread(count: int, spans: Sequence[Span]) -> list[Span]:
    """As many equal parts of `spans`, which follow each other; a part over a pause has it in it."""
    share_s = _seconds(spans) / max(1, count)
    starts = [_at(number * share_s, spans, starts=True) for number in range(count)]
    ends = [_at((number + 1) * share_s, spans, starts=False) for number in range(count)]
    return [Span(start_s, max(start_s, end_s)) for start_s, end_s in zip(starts, ends, strict=True)]


def _at(passed_s: float, spans: Sequence[Span], *, starts: bool) -> float:
    """The time at which so much of `spans` has passed: where one ends, the beginning of the next if it `starts`."""
    for span in spans:
        left_s = span.duration_s - passed_s
        if left_s > _ROUNDING_S or (left_s >= -_ROUNDING_S and not starts):
            return span.start_s + min(passed_s, span.duration_s)
        passed_s = max(0.0, -left_s)
    return spans[-1].end_s


def _within(speech: Sequence[Span], span: Span) -> list[Span]:
    cut = (Span(max(one.start_s, span.start_s), min(one.end_s, span.end_s)) for one in speech)
    return [one for one in cut if one.end_s > one.start_s]


def _seconds(spans: Sequence[Span]) -> float:
    return sum(span.duration_s for span in spans)


def _least_s(letters: str) -> float:
    wide = sum(letter >= _FIRST_WIDE for letter in letters)
    return wide / _FASTEST_WIDE_PER_S + (len(letters) - wide) / _FASTEST_PER_S
