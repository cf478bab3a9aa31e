"""Cut words into lines that a viewer can read and a voice can speak."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from shared.pipeline import LanguageInfo
from shared.transcript import Word, join_words, phrases, wrap_text

PAUSE_S = 0.8
"""A line never spans a longer pause: its dub would start too early or end too late."""
_SENTENCE_ENDS = tuple(".?!。？！…")
_CLOSING = "\"'”’»)」』"
_CLAUSE_ENDS = tuple(",;:、，；：—")
_FEWEST_WORDS = 3  # on each side of a cut made only because of length
_PAUSE_WEIGHT, _CLAUSE_WEIGHT = 2.0, 0.5  # a pause of 0.5 s outweighs any imbalance


@dataclass(frozen=True)
class SpokenWord:
    """A word and the number of its speaker."""

    word: Word
    speaker: int


def cut_lines(words: Sequence[SpokenWord], info: LanguageInfo) -> list[list[SpokenWord]]:
    """Cut `words` at changes of speaker, pauses and sentence ends, and where a line would be too long.

    Every word comes back once, in order. A line of more than one word fits the subtitle limits of `info`; if a sentence
    must be cut, it is cut at its best pause or comma near the middle. A line too short to be read joins a neighbour of
    the same speaker if both fit together.
    """
    lines = [part for utterance in _utterances(words) for part in _split(utterance, info)]
    return _join_short(lines, info)


def join_text(words: Sequence[Word], info: LanguageInfo) -> str:
    """The text of a line, joined as its language requires."""
    return join_words((word.text for word in words), spaces=info.spaces)


def _utterances(words: Sequence[SpokenWord]) -> list[list[SpokenWord]]:
    utterances: list[list[SpokenWord]] = []
    for spoken in words:
        if utterances and not _breaks(utterances[-1][-1], spoken):
            utterances[-1].append(spoken)
        else:
            utterances.append([spoken])
    return utterances


def _breaks(before: SpokenWord, after: SpokenWord) -> bool:
    return not _belong(before, after) or ends_sentence(before.word)


def ends_sentence(word: Word) -> bool:
    """Whether a sentence is over with `word`."""
    return word.text.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)


def _belong(before: SpokenWord, after: SpokenWord) -> bool:
    return before.speaker == after.speaker and after.word.start_s - before.word.end_s < PAUSE_S


def _split(line: list[SpokenWord], info: LanguageInfo) -> list[list[SpokenWord]]:
    if len(line) < 2 or _fits(line, info):
        return [line]
    places = _word_starts(line, info) or list(range(1, len(line)))
    roomy = [at for at in places if _FEWEST_WORDS <= at <= len(line) - _FEWEST_WORDS]
    cut = max(roomy or places, key=lambda at: _cut_value(line, at))
    return _split(line[:cut], info) + _split(line[cut:], info)


def _word_starts(line: Sequence[SpokenWord], info: LanguageInfo) -> list[int]:
    """Places where a line may be cut: in scripts without spaces, a recognizer's word may be part of one."""
    if info.spaces:
        return list(range(1, len(line)))
    texts = [spoken.word.text for spoken in line]
    starts = set(accumulate(len(phrase) for phrase in phrases("".join(texts), spaces=False)))
    return [at for at, start in enumerate(accumulate(map(len, texts)), start=1) if start in starts and at < len(line)]


def _fits(line: Sequence[SpokenWord], info: LanguageInfo) -> bool:
    limits = info.subtitles
    if line[-1].word.end_s - line[0].word.start_s > limits.max_duration_s:
        return False
    text = join_text([spoken.word for spoken in line], info)
    if len(text) > limits.max_chars:
        return False
    rows = wrap_text(text, limits, spaces=info.spaces)
    return len(rows) <= limits.rows and all(len(row) <= limits.row_chars for row in rows)


def _cut_value(line: Sequence[SpokenWord], at: int) -> float:
    """How good a cut before word `at` is: pauses and commas count, and parts of similar length."""
    before, after = line[at - 1].word, line[at].word
    pause_s = min(0.5, max(0.0, after.start_s - before.end_s))
    clause = _CLAUSE_WEIGHT if before.text.endswith(_CLAUSE_ENDS) else 0.0
    imbalance = abs(2 * at / len(line) - 1)
    return _PAUSE_WEIGHT * pause_s + clause - imbalance


def _join_short(lines: list[list[SpokenWord]], info: LanguageInfo) -> list[list[SpokenWord]]:
    joined: list[list[SpokenWord]] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and _belong(last[-1], line[0]) and _is_short(last, line, info) and _fits(last + line, info):
            joined[-1] = last + line
        else:
            joined.append(line)
    return joined


def _is_short(one: Sequence[SpokenWord], other: Sequence[SpokenWord], info: LanguageInfo) -> bool:
    shortest = min(line[-1].word.end_s - line[0].word.start_s for line in (one, other))
    return shortest < info.subtitles.min_duration_s
